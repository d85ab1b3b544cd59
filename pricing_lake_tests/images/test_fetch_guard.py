"""Downloads obey the address guard on the first hop and on every later one."""

import socket
from dataclasses import replace

import pytest

from pricing_lake.errors import ImageError
from pricing_lake.images.fetch import FetchPolicy, fetch_image
from pricing_lake.images.reasons import ImageReason

from .image_server import ImageServer, status


def _reason(url: str, policy: FetchPolicy) -> str:
    with pytest.raises(ImageError) as caught:
        fetch_image(url, policy)
    return caught.value.reason


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "%31%32%37.0.0.1", "0x7f000001", "2130706433"]
)
def test_an_internal_host_is_refused_however_it_is_spelled(
    server: ImageServer, policy: FetchPolicy, jpeg: bytes, host: str
) -> None:
    server.answers["/a.jpg"] = status(200, jpeg)
    guarded = replace(policy, trusted_hosts=frozenset(), allowed_ports=frozenset({server.server_port}))
    assert _reason(f"http://{host}:{server.server_port}/a.jpg", guarded) == ImageReason.ADDRESS_REFUSED
    assert server.connections == 0


@pytest.mark.parametrize("url", ["http://8.8.8.8:22/", "https://8.8.8.8:8443/", "http://8.8.8.8:0/"])
def test_an_unlisted_port_is_refused(policy: FetchPolicy, url: str) -> None:
    assert _reason(url, policy) == ImageReason.ADDRESS_REFUSED


@pytest.mark.parametrize(
    "url",
    [
        "s3://bucket/a.jpg",
        "ftp://shop.test/a.jpg",
        "data:image/png;base64,AAAA",
        "javascript:alert(1)",
        "//shop.test/a.jpg",
        "shop.test/a.jpg",
        "",
        "http://",
        "http:///a.jpg",
        "https://shop.test:99999/",
        "https://[::1/a.jpg",
        "https://me@shop.test/a.jpg",
        "https://me:secret@shop.test/a.jpg",
        "https://shop..test/a.jpg",
        " https://shop.test/a.jpg",
    ],
)
def test_what_is_no_plain_web_address_is_refused(policy: FetchPolicy, url: str) -> None:
    assert _reason(url, policy) == ImageReason.SCHEME_REFUSED


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("http://169.254.169.254/latest/meta-data/", ImageReason.ADDRESS_REFUSED),
        ("http://[64:ff9b::a9fe:a9fe]/", ImageReason.ADDRESS_REFUSED),
        ("http://127.0.0.2/", ImageReason.ADDRESS_REFUSED),
        ("//0x7f000001/", ImageReason.ADDRESS_REFUSED),
        ("http://8.8.8.8:6379/", ImageReason.ADDRESS_REFUSED),
        ("file:///etc/passwd", ImageReason.SCHEME_REFUSED),
        ("ftp://shop.test/", ImageReason.SCHEME_REFUSED),
        ("http://me:secret@127.0.0.1/", ImageReason.SCHEME_REFUSED),
        ("http://[bad/", ImageReason.SCHEME_REFUSED),
    ],
)
def test_a_redirect_is_checked_like_a_first_address(
    server: ImageServer, policy: FetchPolicy, target: str, reason: ImageReason
) -> None:
    server.answers["/a.jpg"] = status(302, Location=target)
    assert _reason(server.url("/a.jpg"), policy) == reason


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed_relative_to_its_page(
    server: ImageServer, policy: FetchPolicy, jpeg: bytes, code: int
) -> None:
    server.answers["/old/a.jpg"] = status(code, Location="../new/a.jpg?size=big#top")
    server.answers["/new/a.jpg"] = status(200, jpeg)
    assert fetch_image(server.url("/old/a.jpg"), policy) == jpeg


def test_redirects_are_counted(server: ImageServer, policy: FetchPolicy, jpeg: bytes) -> None:
    for hop in range(1, 5):
        server.answers[f"/{hop}"] = status(302, Location=f"/{hop - 1}")
    server.answers["/0"] = status(200, jpeg)
    assert fetch_image(server.url("/3"), policy) == jpeg
    assert _reason(server.url("/4"), policy) == ImageReason.TOO_MANY_REDIRECTS


def test_a_redirect_loop_ends(server: ImageServer, policy: FetchPolicy) -> None:
    server.answers["/a.jpg"] = status(302, Location="/a.jpg")
    assert _reason(server.url("/a.jpg"), policy) == ImageReason.TOO_MANY_REDIRECTS
    assert server.hits["/a.jpg"] == 1 + policy.max_redirects


def test_a_name_is_resolved_once_and_the_checked_address_is_dialled(
    server: ImageServer, policy: FetchPolicy, jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name server that changes its answer between check and connection gains nothing."""
    answers = iter(["127.0.0.1", "127.0.0.9"])
    hosts = []

    def resolve(_host: str, port: int, **_: object):
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (next(answers), port))]

    def answer(request) -> None:
        hosts.append(request.headers["Host"])
        status(200, jpeg)(request)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    server.answers["/a.jpg"] = answer
    trusting = replace(policy, trusted_hosts=frozenset({"shop.test"}))
    assert fetch_image(f"http://shop.test:{server.server_port}/a.jpg", trusting) == jpeg
    assert hosts == [f"shop.test:{server.server_port}"]
    assert next(answers) == "127.0.0.9"


def test_a_dead_first_address_leaves_time_for_the_next(
    server: ImageServer, policy: FetchPolicy, jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def resolve(_host: str, port: int, **_: object):
        kind = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
        return [(*kind, (address, port)) for address in (full_address, "127.0.0.1")]

    with socket.socket() as full, socket.socket() as holder:
        full_address = "127.0.0.5"
        full.bind((full_address, server.server_port))
        full.listen(0)
        holder.connect(full.getsockname())  # the queue is full now, a further connection hangs
        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        server.answers["/a.jpg"] = status(200, jpeg)
        trusting = replace(policy, trusted_hosts=frozenset({"shop.test"}), deadline_seconds=0.6, attempts=1)
        assert fetch_image(f"http://shop.test:{server.server_port}/a.jpg", trusting) == jpeg
