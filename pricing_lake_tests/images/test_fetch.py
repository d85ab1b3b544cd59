"""One image over HTTP: answers, attempts, limits and hostile servers, each against a real server."""

import gzip
import socket
import time
import tracemalloc
from dataclasses import replace
from http.server import BaseHTTPRequestHandler

import pytest

from pricing_lake.errors import ImageError
from pricing_lake.images.fetch import FetchPolicy, fetch_image
from pricing_lake.images.inspect import inspect_image
from pricing_lake.images.reasons import ImageReason

from .image_server import ImageServer, status


def _failure(url: str, policy: FetchPolicy) -> ImageError:
    with pytest.raises(ImageError) as caught:
        fetch_image(url, policy)
    assert caught.value.reason in set(ImageReason)
    assert "\n" not in str(caught.value)
    return caught.value


def test_a_picture_arrives_unchanged(server: ImageServer, policy: FetchPolicy, jpeg: bytes) -> None:
    server.answers["/a.jpg"] = status(200, jpeg)
    assert fetch_image(server.url("/a.jpg"), policy) == jpeg


def test_a_picture_sent_in_chunks_and_gzip_arrives_unchanged(
    server: ImageServer, policy: FetchPolicy, jpeg: bytes
) -> None:
    packed = gzip.compress(jpeg)

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Transfer-Encoding", "chunked")
        request.send_header("Content-Encoding", "gzip")
        request.end_headers()
        for start in range(0, len(packed), 100):
            piece = packed[start : start + 100]
            request.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        request.wfile.write(b"0\r\n\r\n")

    server.answers["/a.jpg"] = answer
    assert fetch_image(server.url("/a.jpg"), policy) == jpeg


@pytest.mark.parametrize(
    ("code", "reason", "hits"),
    [
        (404, ImageReason.NOT_FOUND, 1),
        (410, ImageReason.NOT_FOUND, 1),
        (401, ImageReason.HTTP_STATUS, 1),
        (403, ImageReason.HTTP_STATUS, 1),
        (204, ImageReason.HTTP_STATUS, 1),
        (304, ImageReason.HTTP_STATUS, 1),
        (302, ImageReason.HTTP_STATUS, 1),  # without a Location
        (429, ImageReason.HTTP_STATUS, 3),
        (500, ImageReason.UNREACHABLE, 3),
        (503, ImageReason.UNREACHABLE, 3),
    ],
)
def test_a_status_has_a_reason_and_only_some_are_tried_again(
    server: ImageServer, policy: FetchPolicy, code: int, reason: ImageReason, hits: int
) -> None:
    server.answers["/a.jpg"] = status(code)
    assert _failure(server.url("/a.jpg"), policy).reason == reason
    assert server.hits["/a.jpg"] == hits


@pytest.mark.parametrize("first", [500, 503, 429])
def test_a_passing_fault_is_survived_after_a_pause(
    server: ImageServer, policy: FetchPolicy, jpeg: bytes, first: int
) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        status(200 if server.hits["/a.jpg"] == 3 else first, jpeg)(request)

    server.answers["/a.jpg"] = answer
    start = time.monotonic()
    assert fetch_image(server.url("/a.jpg"), replace(policy, backoff_seconds=(0.05, 0.1))) == jpeg
    assert 0.15 <= time.monotonic() - start < 2


def test_nobody_listening_is_unreachable(policy: FetchPolicy) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        assert _failure(f"http://127.0.0.1:{bound.getsockname()[1]}/", policy).reason == ImageReason.UNREACHABLE


def test_a_connection_dropped_without_an_answer_is_tried_again(
    server: ImageServer, policy: FetchPolicy, jpeg: bytes
) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        if server.hits["/a.jpg"] < 3:
            request.close_connection = True
        else:
            status(200, jpeg)(request)

    server.answers["/a.jpg"] = answer
    assert fetch_image(server.url("/a.jpg"), policy) == jpeg
    assert server.hits["/a.jpg"] == 3


def test_an_unknown_name_is_unreachable(policy: FetchPolicy, monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert _failure("https://gone.test/a.jpg", policy).reason == ImageReason.UNREACHABLE


def test_a_silent_server_times_out(server: ImageServer, policy: FetchPolicy) -> None:
    server.answers["/a.jpg"] = lambda _request: time.sleep(2)
    error, seconds = _timed(server.url("/a.jpg"), policy)
    assert error.reason == ImageReason.TIMEOUT
    assert seconds < 1


@pytest.mark.parametrize("drip", ["headers", "body", "chunks", "empty gzip blocks"])
def test_a_slow_drip_ends_at_the_deadline(server: ImageServer, policy: FetchPolicy, drip: str) -> None:
    """Every piece comes well within a time-out per read; only the total can stop this."""
    openings = {
        "headers": b"HTTP/1.1 200 OK\r\n",
        "body": b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
        "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "empty gzip blocks": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"")[:10],
    }
    pieces = {"headers": b"X: y\r\n", "body": b"x", "chunks": b"1\r\nx\r\n", "empty gzip blocks": b"\0\0\0\xff\xff"}

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(openings[drip])
        for _ in range(90):  # fewer than the header lines that the client accepts
            request.wfile.write(pieces[drip])
            time.sleep(0.02)

    server.answers["/a.jpg"] = answer
    error, seconds = _timed(server.url("/a.jpg"), policy)
    assert error.reason == ImageReason.TIMEOUT
    assert 0.25 < seconds < 1


def test_redirects_share_one_deadline(server: ImageServer, policy: FetchPolicy) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        time.sleep(0.2)
        status(302, Location="/a.jpg")(request)

    server.answers["/a.jpg"] = answer
    assert _timed(server.url("/a.jpg"), policy)[0].reason == ImageReason.TIMEOUT


def test_a_server_that_falls_silent_late_does_not_get_the_whole_time_again(
    server: ImageServer, policy: FetchPolicy
) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(12):
            request.wfile.write(b"x")
            time.sleep(0.02)
        time.sleep(2)

    server.answers["/a.jpg"] = answer
    error, seconds = _timed(server.url("/a.jpg"), policy)
    assert error.reason == ImageReason.TIMEOUT
    assert seconds < 0.5


def test_a_flood_that_unpacks_to_nothing_ends_at_the_deadline(server: ImageServer, policy: FetchPolicy) -> None:
    """No read ever waits and no byte ever counts, so neither a time-out nor the byte limit would stop it."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"")[:10])
        while True:
            request.wfile.write(b"\0\0\0\xff\xff" * 10_000)

    server.answers["/a.jpg"] = answer
    error, seconds = _timed(server.url("/a.jpg"), policy)
    assert error.reason == ImageReason.TIMEOUT
    assert seconds < 1


def _timed(url: str, policy: FetchPolicy) -> tuple[ImageError, float]:
    start = time.monotonic()
    error = _failure(url, replace(policy, deadline_seconds=0.3, attempts=1))
    return error, time.monotonic() - start


def test_a_body_over_the_limit_is_too_large(server: ImageServer, policy: FetchPolicy) -> None:
    server.answers["/big.jpg"] = status(200, bytes(11_000_000))
    server.answers["/fits.jpg"] = status(200, bytes(10_000_000))
    assert _failure(server.url("/big.jpg"), policy).reason == ImageReason.TOO_LARGE
    assert server.hits["/big.jpg"] == 1
    assert len(fetch_image(server.url("/fits.jpg"), policy)) == 10_000_000


def test_an_endless_body_is_too_large(server: ImageServer, policy: FetchPolicy) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        while True:
            request.wfile.write(bytes(100_000))

    server.answers["/a.jpg"] = answer
    assert _failure(server.url("/a.jpg"), policy).reason == ImageReason.TOO_LARGE


def test_a_gzip_bomb_is_counted_unpacked_and_never_held_whole(server: ImageServer, policy: FetchPolicy) -> None:
    bomb = gzip.compress(bytes(60_000_000), 6)
    server.answers["/a.jpg"] = status(200, bomb, Content_Encoding="gzip")
    tracemalloc.start()
    try:
        error = _failure(server.url("/a.jpg"), replace(policy, max_bytes=1_000_000))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(bomb) < 100_000
    assert error.reason == ImageReason.TOO_LARGE
    assert peak < 6_000_000


def test_a_body_that_contradicts_its_encoding_is_no_image(server: ImageServer, policy: FetchPolicy) -> None:
    server.answers["/a.jpg"] = status(200, b"not gzip at all", Content_Encoding="gzip")
    assert _failure(server.url("/a.jpg"), policy).reason == ImageReason.NOT_AN_IMAGE


@pytest.mark.parametrize("framing", [b"Content-Length: 5000", b"Transfer-Encoding: chunked"])
def test_a_body_cut_short_is_tried_again_and_then_truncated(
    server: ImageServer, policy: FetchPolicy, framing: bytes
) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n\r\n1f4\r\n" + bytes(500))
        request.close_connection = True

    server.answers["/a.jpg"] = answer
    assert _failure(server.url("/a.jpg"), policy).reason == ImageReason.TRUNCATED
    assert server.hits["/a.jpg"] == 3


def test_html_named_jpg_is_fetched_but_is_no_image(server: ImageServer, policy: FetchPolicy) -> None:
    server.answers["/a.jpg"] = status(200, b"<html>Please log in</html>", Content_Type="image/jpeg")
    data = fetch_image(server.url("/a.jpg"), policy)
    with pytest.raises(ImageError, match="image_not_an_image"):
        inspect_image(data)


def test_neither_cookies_nor_proxies_are_used(
    server: ImageServer, policy: FetchPolicy, jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    cookies = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        cookies.append(request.headers.get("Cookie"))
        status(200, jpeg)(request)

    server.answers["/a.jpg"] = status(302, Location="/b.jpg", Set_Cookie="session=1")
    server.answers["/b.jpg"] = answer
    assert fetch_image(server.url("/a.jpg"), policy) == jpeg
    assert cookies == [None]


def test_error_texts_show_neither_passwords_nor_query_strings(server: ImageServer, policy: FetchPolicy) -> None:
    server.answers["/500"] = status(500)
    server.answers["/403"] = status(403)
    server.answers["/cut"] = status(200, b"not gzip", Content_Encoding="gzip")
    server.answers["/loop"] = status(302, Location="/loop?token=hush-hush")
    host = server.url("").removeprefix("http://")
    urls = [
        *(server.url(f"{path}?token=hush-hush#hush-hush") for path in ("/404", "/500", "/403", "/cut", "/loop")),
        f"http://me:hush-hush@{host}/a.jpg",
        "http://127.0.0.1:9/a.jpg?token=hush-hush",
        "http://10.0.0.1/a.jpg?token=hush-hush",
        "http://[::bad/?token=hush-hush",
        "ftp://me:hush-hush@shop.test/a.jpg?token=hush-hush",
        "file:///a.jpg?token=hush-hush",
    ]
    for url in urls:
        assert "hush-hush" not in str(_failure(url, policy))
