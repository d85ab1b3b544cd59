"""Certificates are verified against the host name of the URL although a checked address is dialled."""

import shutil
import socket
import ssl
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from pricing_lake.errors import ImageError
from pricing_lake.images.fetch import FetchPolicy, fetch_image, fetch_images
from pricing_lake.images.reasons import ImageReason

from .image_server import ImageServer, status

HOST = "shop.test"

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="the openssl command, which makes the certificates")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ca.pem, and server.pem/server.key that it signed for HOST."""
    folder = tmp_path_factory.mktemp("certificates")

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-days", "2")
    openssl("req", "-x509", *new_key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Test authority")
    openssl(
        *("req", "-x509", *new_key, "-keyout", "server.key", "-out", "server.pem", "-subj", f"/CN={HOST}"),
        *("-CA", "ca.pem", "-CAkey", "ca.key", "-addext", f"subjectAltName=DNS:{HOST}"),
        *("-addext", "basicConstraints=critical,CA:FALSE"),
    )
    return folder


@pytest.fixture
def port(server: ImageServer, authority: Path, jpeg: bytes, monkeypatch: pytest.MonkeyPatch) -> int:
    """The server now speaks TLS; every name resolves to it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "server.pem", authority / "server.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.answers["/a.jpg"] = status(200, jpeg)

    def resolve(_host: str, port: int, **_: object):
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return server.server_port


@pytest.fixture
def trusting(policy: FetchPolicy) -> FetchPolicy:
    return replace(policy, trusted_hosts=frozenset({HOST, "other.test"}))


def test_a_certificate_for_the_host_name_is_accepted(
    port: int, server: ImageServer, trusting: FetchPolicy, authority: Path, jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority / "ca.pem"))
    urls = [f"https://{HOST}:{port}/a.jpg?{number}" for number in range(6)]
    assert list(fetch_images(urls, replace(trusting, concurrency=1))) == [(url, jpeg) for url in urls]
    assert server.connections == 1


def test_a_certificate_for_another_name_is_refused_at_once(
    port: int, server: ImageServer, trusting: FetchPolicy, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority / "ca.pem"))
    with pytest.raises(ImageError, match="certificate") as caught:
        fetch_image(f"https://other.test:{port}/a.jpg", trusting)
    assert caught.value.reason == ImageReason.UNREACHABLE
    assert not server.hits


def test_an_unknown_authority_is_refused(port: int, server: ImageServer, trusting: FetchPolicy) -> None:
    with pytest.raises(ImageError, match="certificate"):
        fetch_image(f"https://{HOST}:{port}/a.jpg", trusting)
    assert not server.hits


def test_an_internal_address_is_refused_under_tls_too(port: int, server: ImageServer, policy: FetchPolicy) -> None:
    guarded = replace(policy, trusted_hosts=frozenset(), allowed_ports=frozenset({port}))
    with pytest.raises(ImageError) as caught:
        fetch_image(f"https://{HOST}:{port}/a.jpg", guarded)
    assert caught.value.reason == ImageReason.ADDRESS_REFUSED
    assert server.connections == 0


def test_a_slow_drip_under_tls_ends_at_the_deadline(
    port: int, server: ImageServer, trusting: FetchPolicy, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(request) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for _ in range(90):
            request.wfile.write(b"X: y\r\n")
            time.sleep(0.02)

    monkeypatch.setenv("SSL_CERT_FILE", str(authority / "ca.pem"))
    server.answers["/a.jpg"] = answer
    start = time.monotonic()
    with pytest.raises(ImageError) as caught:
        fetch_image(f"https://{HOST}:{port}/a.jpg", replace(trusting, deadline_seconds=0.4, attempts=1))
    assert caught.value.reason == ImageReason.TIMEOUT
    assert time.monotonic() - start < 1.2


def test_a_slow_handshake_gets_the_time_kept_for_further_addresses(
    port: int, server: ImageServer, trusting: FetchPolicy, authority: Path, jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept = server.get_request

    def accept_late():
        time.sleep(0.6)
        return accept()

    def resolve(_host: str, port: int, **_: object):
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", port))] * 4

    monkeypatch.setenv("SSL_CERT_FILE", str(authority / "ca.pem"))
    monkeypatch.setattr(server, "get_request", accept_late)
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert fetch_image(f"https://{HOST}:{port}/a.jpg", replace(trusting, deadline_seconds=2.0, attempts=1)) == jpeg


def test_a_handshake_that_never_comes_times_out(policy: FetchPolicy) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        start = time.monotonic()
        with pytest.raises(ImageError) as caught:
            fetch_image(
                f"https://127.0.0.1:{silent.getsockname()[1]}/", replace(policy, deadline_seconds=0.3, attempts=1)
            )
    assert caught.value.reason == ImageReason.TIMEOUT
    assert time.monotonic() - start < 1
