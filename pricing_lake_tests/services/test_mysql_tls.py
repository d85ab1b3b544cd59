"""TLS as the URL asks for it: a server's certificate is checked against its authority and the host's name."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pricing_lake.errors import ConfigurationError
from pricing_lake.sources.adbc import ReadOptions
from pricing_lake.sources.mysql import mysql_database
from pricing_lake_tests.services.mariadb import running_mariadb

pytestmark = pytest.mark.services

IN_USE = "SHOW SESSION STATUS LIKE 'Ssl_version'"


@dataclass(frozen=True)
class TlsServer:
    """A server with a certificate for 127.0.0.1 by `authority.crt`; `certificates` has a stranger's authority too."""

    url: str
    certificates: Path


def openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def make_authority(folder: Path, name: str) -> None:
    key = ["-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-subj", f"/CN={name}"]
    openssl(folder, "req", "-x509", *key, "-days", "2", "-out", f"{name}.crt", "-addext", "keyUsage=keyCertSign")


def make_server_certificate(folder: Path) -> None:
    key = ["-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-subj", "/CN=server"]
    openssl(folder, "req", *key, "-out", "server.csr")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1")
    signer = ["-CA", "authority.crt", "-CAkey", "authority.key", "-CAcreateserial", "-extfile", "names"]
    openssl(folder, "x509", "-req", "-in", "server.csr", *signer, "-days", "2", "-out", "server.crt")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsServer]:
    folder = tmp_path_factory.mktemp("certificates")
    make_authority(folder, "authority")
    make_authority(folder, "stranger")
    make_server_certificate(folder)
    files = {
        name: (folder / file).read_text() for name, file in (("ssl-cert", "server.crt"), ("ssl-key", "server.key"))
    }
    with running_mariadb(files) as url:
        yield TlsServer(url, folder)


def tls_version(url: str) -> str:
    with mysql_database(url, ReadOptions()).snapshot({}) as snapshot:
        ((_, version),) = snapshot.rows(IN_USE)
    return str(version)


@pytest.mark.parametrize(
    "options", ["?ssl_ca={}/authority.crt&ssl_verify=true", "?ssl_ca={}/authority.crt", "?ssl=true", ""]
)
def test_the_session_is_encrypted(server: TlsServer, options: str) -> None:
    assert tls_version(server.url + options.format(server.certificates)).startswith("TLSv1.")


def test_unless_the_url_says_no(server: TlsServer) -> None:
    assert tls_version(f"{server.url}?ssl=false") == ""


@pytest.mark.parametrize(
    "options", ["?ssl_ca={}/stranger.crt", "?ssl_ca={}/stranger.crt&ssl_verify=ca", "?ssl_verify=true"]
)
def test_a_certificate_by_somebody_else_is_refused(server: TlsServer, options: str) -> None:
    with pytest.raises(ConfigurationError, match="correct ssl_ca or ssl_verify") as refused:
        tls_version(server.url + options.format(server.certificates))
    assert "\n" not in str(refused.value)


def test_so_is_one_for_another_host_unless_only_the_authority_counts(server: TlsServer) -> None:
    elsewhere = f"{server.url.replace('127.0.0.1', 'localhost')}?ssl_ca={server.certificates}/authority.crt"
    with pytest.raises(ConfigurationError, match="Hostname mismatch"):
        tls_version(elsewhere)
    assert tls_version(f"{elsewhere}&ssl_verify=ca").startswith("TLSv1.")


def test_a_file_that_is_no_certificate_is_told(server: TlsServer) -> None:
    with pytest.raises(ConfigurationError, match="correct ssl_ca, ssl_cert or ssl_key"):
        tls_version(f"{server.url}?ssl_ca={server.certificates}/names")
