"""Downloading over a real socket: what is tried again, what is not, and what each failure is called."""

import gzip
import socket
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from pricing_lake.errors import ConfigurationError, PricingLakeError, SourceDataError, SourceUnavailableError
from pricing_lake.sources.fx_download import DownloadOptions, download, require_plain_address
from pricing_lake_tests.images.image_server import Answer, ImageServer, status
from pricing_lake_tests.sources.ecb import running_server

QUICK = DownloadOptions(connect_timeout_seconds=1, read_timeout_seconds=1, backoff_seconds=0.01, attempts=3)


@pytest.fixture
def server() -> Iterator[ImageServer]:
    with running_server() as server:
        yield server


def in_turn(*answers: Answer) -> Answer:
    """The first answer first, the last one ever after."""
    left = list(answers)

    def answer(request: BaseHTTPRequestHandler) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(request)

    return answer


def cut_short(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Length", "100")
    request.end_headers()
    request.wfile.write(b"half")
    request.close_connection = True


def silent(request: BaseHTTPRequestHandler) -> None:
    time.sleep(2.5)


def dripping(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Length", "1000")
    request.end_headers()
    for _ in range(1_000):
        try:
            request.wfile.write(b".")
            time.sleep(0.02)
        except OSError:
            return


def test_a_passing_failure_is_tried_again(server: ImageServer) -> None:
    server.answers["/a"] = in_turn(status(503), status(429, Retry_After="0"), status(200, b"rates"))
    assert download(server.url("/a"), QUICK).body == b"rates"
    assert server.hits["/a"] == 3


def test_a_packed_body_arrives_unpacked(server: ImageServer) -> None:
    server.answers["/a"] = status(200, gzip.compress(b"rates" * 100), Content_Encoding="gzip")
    assert download(server.url("/a"), QUICK).body == b"rates" * 100


def test_a_server_cannot_make_us_wait_for_long(server: ImageServer) -> None:
    server.answers["/a"] = in_turn(status(503, Retry_After="3600"), status(200, b"rates"))
    patient = DownloadOptions(backoff_seconds=0.01, longest_pause_seconds=1)
    started = time.monotonic()
    assert download(server.url("/a"), patient).body == b"rates"
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    ("answer", "error", "why", "hits"),
    [
        (status(503), SourceUnavailableError, "answered 503; try again later", 3),
        (status(404), ConfigurationError, "answered 404; check FX_URL", 1),
        (status(403), ConfigurationError, "answered 403; check FX_URL", 1),
        (status(302, Location="/a"), ConfigurationError, "redirects without end", 3),
        (cut_short, SourceUnavailableError, "cannot be read", 1),
        (status(200, b"no gzip", Content_Encoding="gzip"), SourceUnavailableError, "cannot be read", 1),
    ],
)
def test_a_failure_says_what_to_do(
    server: ImageServer, answer: Answer, error: type[PricingLakeError], why: str, hits: int
) -> None:
    server.answers["/a"] = answer
    with pytest.raises(error, match=why) as caught:
        download(server.url("/a"), QUICK)
    assert server.url("/a") in str(caught.value)
    assert "\n" not in str(caught.value)
    assert server.hits["/a"] == hits


def test_a_server_that_says_nothing_is_left(server: ImageServer) -> None:
    server.answers["/a"] = silent
    started = time.monotonic()
    with pytest.raises(SourceUnavailableError, match="cannot be read"):
        download(server.url("/a"), DownloadOptions(read_timeout_seconds=0.2, attempts=2, backoff_seconds=0.01))
    assert time.monotonic() - started < 15


def test_a_body_that_drips_is_left(server: ImageServer) -> None:
    server.answers["/a"] = dripping
    with pytest.raises(SourceUnavailableError, match=r"took longer than 0\.3 s"):
        download(server.url("/a"), DownloadOptions(total_seconds=0.3))


def test_a_body_without_end_is_left(server: ImageServer) -> None:
    server.answers["/a"] = status(200, gzip.compress(b"\0" * 3_000_000), Content_Encoding="gzip")
    with pytest.raises(SourceDataError, match="more than 1,000,000 bytes"):
        download(server.url("/a"), DownloadOptions(max_bytes=1_000_000))


def test_a_host_that_is_not_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/a"
        with pytest.raises(SourceUnavailableError, match="NewConnectionError"):
            download(url, QUICK)


@pytest.mark.parametrize("url", ["", "rates", "ftp://host/rates", "file:///etc/passwd", "https://", "http://[half"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="FX_URL is not a web address"):
        require_plain_address(url)


@pytest.mark.parametrize(
    "url", ["https://me:secret@host/rates", "https://host/rates?key=secret", "https://host/#secret"]
)
def test_a_secret_in_the_address_is_refused_and_not_told(url: str) -> None:
    with pytest.raises(ConfigurationError, match="FX_URL carries") as caught:
        require_plain_address(url)
    assert "secret" not in str(caught.value)
