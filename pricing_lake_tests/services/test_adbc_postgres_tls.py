"""TLS as the URL asks for it: a server certificate is checked, and a wrong one refused."""

import time
from collections.abc import Iterator
from pathlib import Path

import adbc_driver_postgresql.dbapi
import pytest

from pricing_lake.errors import ConfigurationError
from pricing_lake.sources.adbc import ReadOptions
from pricing_lake.sources.adbc_postgresql import postgres_database
from pricing_lake_tests.services.postgres_shop import execute

pytestmark = pytest.mark.services

MAKE_CERTIFICATE = (
    "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -addext subjectAltName=IP:127.0.0.1"
    " -keyout {name}.key -out {name}.crt 2> /dev/null && chmod 600 {name}.key"
)
IN_USE = "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"


@pytest.fixture
def certificates(postgres_url: str, tmp_path: Path) -> Iterator[Path]:
    """Switch TLS on; give a directory with the server's certificate and a stranger's."""
    for name in ("server", "stranger"):
        # Runs as the server's user in its data directory, where the key has to lie.
        execute(postgres_url, f"COPY (SELECT 1) TO PROGRAM '{MAKE_CERTIFICATE.format(name=name)}'")
        (tmp_path / f"{name}.crt").write_text(ask(postgres_url, f"SELECT pg_read_file('{name}.crt')"))
    switch(postgres_url, "on")
    yield tmp_path
    switch(postgres_url, "off")


def ask(url: str, question: str) -> str:
    with adbc_driver_postgresql.dbapi.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(question)
        ((answer,),) = cursor.fetchall()
        return str(answer)


def switch(url: str, state: str) -> None:
    execute(url, f"ALTER SYSTEM SET ssl = {state}", "SELECT pg_reload_conf()::text")
    deadline = time.monotonic() + 10
    while ask(url, "SELECT current_setting('ssl')") != state:
        assert time.monotonic() < deadline, f"the server did not switch TLS {state}"
        time.sleep(0.05)


def test_a_checked_certificate_makes_an_encrypted_session(postgres_url: str, certificates: Path) -> None:
    url = f"{postgres_url}?sslmode=verify-full&sslrootcert={certificates / 'server.crt'}"
    with postgres_database(url, ReadOptions()).snapshot({}) as snapshot:
        ((encrypted, version),) = snapshot.rows(IN_USE)
    assert encrypted
    assert version.startswith("TLSv1.")


@pytest.mark.parametrize("authority", ["stranger.crt", "absent.crt"])
def test_any_other_certificate_is_refused_in_one_line(postgres_url: str, certificates: Path, authority: str) -> None:
    url = f"{postgres_url}?sslmode=verify-full&sslrootcert={certificates / authority}"
    with (
        pytest.raises(ConfigurationError, match="correct sslmode or sslrootcert") as refused,
        postgres_database(url, ReadOptions()).snapshot({}),
    ):
        pass
    assert "\n" not in str(refused.value)
