"""MariaDB sessions: read-only, in UTC and timed; every refusal one line that shows no password."""

import dataclasses
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

import pyarrow as pa
import pytest
from pymysql.cursors import SSCursor

from pricing_lake.errors import ConfigurationError, PricingLakeError, SourceUnavailableError
from pricing_lake.sources.adbc import ReadOptions
from pricing_lake.sources.mysql import mysql_database
from pricing_lake.sources.mysql_rows import as_batches, streamed
from pricing_lake.sources.smartgo_mapping import COLUMNS
from pricing_lake_tests.services.mariadb import MariaDbMissingError, installed, running_mariadb, server_programs
from pricing_lake_tests.services.mariadb_shop import MariaDbShop, connected, execute, mariadb_shop
from pricing_lake_tests.sources.sales import DAY

pytestmark = pytest.mark.services

PASSWORD = "Zq9-not/to:be@seen€"  # noqa: S105 - what no message may show


@pytest.fixture
def shop(mariadb_url: str) -> Iterator[MariaDbShop]:
    with mariadb_shop(mariadb_url) as shop:
        shop.add()
        yield shop


def with_password(url: str, password: str) -> str:
    return re.sub(r":[^:@/]+@", f":{quote(password, safe='')}@", url)


def refusal(url: str, error: type[PricingLakeError], options: ReadOptions | None = None) -> str:
    """Return what opening the URL is refused with: one line, without the password."""
    with pytest.raises(error) as refused, mysql_database(url, options or ReadOptions()).snapshot({}):
        pass
    text = str(refused.value)
    assert "\n" not in text
    assert PASSWORD[:4] not in f"{text} {refused.value.__cause__!r} {refused.value.__context__!r}"
    return text


class TestSession:
    def test_it_is_in_utc_timed_and_one_state(self, mariadb_url: str) -> None:
        with mysql_database(mariadb_url, ReadOptions(statement_timeout_seconds=7)).snapshot({}) as snapshot:
            (row,) = snapshot.rows(
                "SELECT @@time_zone, @@sql_mode, @@max_statement_time, @@tx_isolation, @@character_set_client"
            )
        assert row[:2] == ("+00:00", "ANSI_QUOTES,STRICT_ALL_TABLES")
        assert row[2:] == (7.0, "REPEATABLE-READ", "utf8mb4")

    @pytest.mark.parametrize("statement", ["DELETE FROM sales", "INSERT INTO sales SELECT * FROM sales"])
    def test_nothing_can_be_written(self, shop: MariaDbShop, statement: str) -> None:
        with (
            mysql_database(shop.url, ReadOptions()).snapshot({}) as snapshot,
            pytest.raises(PricingLakeError, match="READ ONLY transaction"),
        ):
            snapshot.rows(statement)
        with shop.source().read(DAY) as read:
            assert read.control.rows == 1

    def test_a_value_is_never_sql(self, mariadb_url: str) -> None:
        evil = "x', false); DROP TABLE sales; --\\ %s %(lo)s {lo} €"
        with mysql_database(mariadb_url, ReadOptions()).snapshot({"evil": evil, "none": ""}) as snapshot:
            assert snapshot.rows("SELECT {evil} AS a, {none} AS b, {evil} AS c") == [(evil, "", evil)]
            with snapshot.batches("SELECT {evil} AS a", pa.schema([("a", pa.string())])) as batches:
                assert [batch.to_pydict() for batch in batches] == [{"a": [evil]}]

    def test_a_small_answer_is_typed(self, mariadb_url: str) -> None:
        with mysql_database(mariadb_url, ReadOptions()).snapshot({}) as snapshot:
            (row,) = snapshot.rows("SELECT 1, 2.50, 1e0, DATE'2026-11-01', 'a', NULL")
        assert [type(value).__name__ for value in row] == ["int", "Decimal", "float", "date", "str", "NoneType"]

    def test_the_driver_gives_whole_packets_which_say_what_its_values_say(self, shop: MariaDbShop) -> None:
        shop.add(brand=None, description="long " * 100)
        schema = pa.schema([(name, pa.string()) for name in COLUMNS])
        with mysql_database(shop.url, ReadOptions()).snapshot({}) as snapshot:
            with snapshot.connection.cursor(SSCursor) as plain:
                plain.execute("SELECT * FROM sales")
                (theirs,) = as_batches(plain, schema, 10, 10_000)
            with streamed(snapshot.connection, "SELECT * FROM sales", None) as cursor:
                packet, _ = cursor.fetchall()
            with streamed(snapshot.connection, "SELECT * FROM sales", None) as cursor:
                (ours,) = as_batches(cursor, schema, 10, 10_000)
        assert isinstance(packet, bytes)
        assert ours == theirs
        assert ours.num_rows == 2

    def test_a_stream_left_early_ends_the_session(self, shop: MariaDbShop) -> None:
        shop.execute("INSERT INTO sales SELECT s.* FROM sales s, seq_2_to_50000")
        with mysql_database(shop.url, ReadOptions(batch_rows=10)).snapshot({}) as snapshot:
            with snapshot.batches("SELECT sale_id FROM sales", pa.schema([("a", pa.string())])) as batches:
                assert next(batches).num_rows == 10
            with pytest.raises(SourceUnavailableError, match="broke off"):
                snapshot.rows("SELECT 1")


class TestTimeout:
    def test_a_slow_answer_is_transient_and_names_the_timeout(self, shop: MariaDbShop) -> None:
        shop.execute("CREATE VIEW slow AS SELECT * FROM sales WHERE SLEEP(30) = 0")
        with (
            pytest.raises(SourceUnavailableError, match="statement timeout of 1 s: raise statement_timeout_seconds"),
            shop.source("slow", statement_timeout_seconds=1).read(DAY),
        ):
            pass

    def test_so_is_a_slow_stream(self, shop: MariaDbShop) -> None:
        shop.execute(
            "INSERT INTO sales SELECT s.* FROM sales s, seq_2_to_4000",
            "CREATE VIEW shown AS SELECT *, IF(SLEEP(0.001), brand, brand) AS label FROM sales",
        )
        source = shop.source("shown", {"brand": "label"}, statement_timeout_seconds=1, batch_rows=10)
        with source.read(DAY) as read:
            assert read.control.rows == 4000
            assert next(read.batches).num_rows == 10
            with pytest.raises(SourceUnavailableError, match="statement timeout of 1 s"):
                list(read.batches)


class TestRefusals:
    def test_a_wrong_password(self, mariadb_url: str) -> None:
        assert "correct user or password" in refusal(with_password(mariadb_url, PASSWORD), ConfigurationError)

    def test_a_password_of_any_characters_lets_in(self, shop: MariaDbShop) -> None:
        reader = shop.as_reader(PASSWORD).replace(PASSWORD, quote(PASSWORD, safe=""))
        with dataclasses.replace(shop, url=reader).source().read(DAY) as read:
            assert read.control.rows == 1

    def test_an_unknown_database(self, mariadb_url: str) -> None:
        text = refusal(mariadb_url.replace("/shop", "/nowhere"), ConfigurationError)
        assert "correct the database in the URL" in text
        assert f"MariaDB at {urlsplit(mariadb_url).netloc.rpartition('@')[2]}/nowhere" in text

    def test_a_database_that_is_not_for_this_user(self, mariadb_url: str, shop: MariaDbShop) -> None:
        url = shop.as_reader("other").replace(shop.database, "shop")
        assert "let its user into the database" in refusal(url, ConfigurationError)

    def test_a_user_who_may_not_read_the_table(self, shop: MariaDbShop) -> None:
        shop.execute("CREATE VIEW other AS SELECT * FROM sales")
        reader = dataclasses.replace(shop, url=shop.as_reader("other"))
        shop.execute(
            f"REVOKE SELECT ON {shop.database}.* FROM reader@'127.0.0.1'",
            f"GRANT INSERT ON {shop.database}.sales TO reader@'127.0.0.1'",
        )
        with pytest.raises(ConfigurationError, match="grant SELECT to its user"), reader.source().read(DAY):
            pass

    def test_tls_wanted_from_a_server_without(self, mariadb_url: str) -> None:
        assert "the server offers no TLS" in refusal(f"{mariadb_url}?ssl=true", ConfigurationError)

    def test_a_certificate_that_is_not_there(self, mariadb_url: str) -> None:
        text = refusal(f"{mariadb_url}?ssl_ca=/nowhere/ca.pem", ConfigurationError)
        assert "correct ssl_ca, ssl_cert or ssl_key (No such file" in text

    def test_a_refused_connection(self) -> None:
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            port = closed.getsockname()[1]
            text = refusal(f"mysql://u:Zq9-secret@127.0.0.1:{port}/shop", SourceUnavailableError)
        assert text.startswith(f"MySQL at 127.0.0.1:{port}/shop cannot be reached")
        assert "Connection refused" in text

    def test_an_unknown_host(self) -> None:
        text = refusal("mysql://u:Zq9-secret@no-such-host.invalid/shop", SourceUnavailableError)
        assert "no-such-host.invalid:3306" in text

    def test_a_silent_server(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"mysql://u:Zq9-secret@127.0.0.1:{silent.getsockname()[1]}/shop"
            started = time.monotonic()
            text = refusal(url, SourceUnavailableError, ReadOptions(connect_timeout_seconds=1))
        assert "timed out" in text
        assert time.monotonic() - started < 8

    @pytest.mark.parametrize("greeting", [b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", b"", b"HTTP/1.1 400 Bad Request\r\n"])
    def test_a_server_of_another_kind(self, greeting: bytes) -> None:
        with speaking(greeting) as port:
            refusal(f"mysql://u:Zq9-secret@127.0.0.1:{port}/shop", SourceUnavailableError)

    def test_a_session_that_is_ended_in_the_middle(self, shop: MariaDbShop) -> None:
        shop.execute("INSERT INTO sales SELECT s.* FROM sales s, seq_2_to_100000")
        with shop.source(batch_rows=10).read(DAY) as read:
            next(read.batches)
            ((session,),) = execute(
                shop.url,
                "SELECT id FROM information_schema.processlist"
                f" WHERE db = '{shop.database}' AND id <> CONNECTION_ID() AND command = 'Query'",
            )
            shop.execute(f"KILL {session}")
            with pytest.raises(SourceUnavailableError, match="broke off: try again later") as broken:
                list(read.batches)
        assert "\n" not in str(broken.value)


@contextmanager
def speaking(greeting: bytes) -> Iterator[int]:
    """A server that says this to whoever comes, then closes."""

    def serve(server: socket.socket) -> None:
        client, _ = server.accept()
        with client:
            client.sendall(greeting)

    with socket.create_server(("127.0.0.1", 0)) as server:
        speaker = threading.Thread(target=serve, args=(server,))
        speaker.start()
        yield server.getsockname()[1]
        speaker.join()


class TestServer:
    def test_it_answers_on_loopback_and_is_gone_afterwards(self) -> None:
        with running_mariadb() as url:
            with connected(url) as connection, connection.cursor() as cursor:
                cursor.execute("SELECT @@datadir, @@bind_address")
                ((data, address),) = cursor.fetchall()
            assert address == "127.0.0.1"
            assert Path(data).exists()
        assert not Path(data).parent.exists()
        with socket.socket() as again:
            assert again.connect_ex(("127.0.0.1", urlsplit(url).port)) != 0

    def test_missing_programs_name_the_package(self) -> None:
        with pytest.raises(MariaDbMissingError, match=re.escape("(apt-get install mariadb-server)")) as missing:
            server_programs(lambda program: None if program == "mariadbd" else installed(program))
        assert "\n" not in str(missing.value)
