"""The test server itself: it runs, it goes away, and when it cannot be had the reason is plain."""

import re
import socket
from pathlib import Path
from urllib.parse import urlsplit

import adbc_driver_postgresql.dbapi
import pytest

from pricing_lake_tests.services.postgres import PostgresMissingError, running_postgres, server_programs

pytestmark = pytest.mark.services


def test_it_answers_on_loopback_and_is_gone_afterwards() -> None:
    with running_postgres() as url:
        with adbc_driver_postgresql.dbapi.connect(url) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('data_directory'), current_setting('listen_addresses')")
            ((data, addresses),) = cursor.fetchall()
        assert addresses == "127.0.0.1"
        assert Path(data).exists()
    assert not Path(data).parent.exists()
    with socket.socket() as again:
        assert again.connect_ex(("127.0.0.1", urlsplit(url).port)) != 0


def test_missing_programs_name_the_package(tmp_path: Path) -> None:
    (tmp_path / "initdb").touch()
    with pytest.raises(PostgresMissingError, match=re.escape("(apt-get install postgresql)")) as missing:
        server_programs([tmp_path, tmp_path / "nowhere"])
    assert "\n" not in str(missing.value)
