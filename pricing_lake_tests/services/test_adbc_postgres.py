"""PostgreSQL sessions: read-only and timed whatever the URL says; every refusal one line that shows no password."""

import dataclasses
import re
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pyarrow as pa
import pytest

from pricing_lake.errors import ConfigurationError, PricingLakeError, SourceUnavailableError
from pricing_lake.sources.adbc import ReadOptions, Snapshot
from pricing_lake.sources.adbc_postgresql import postgres_database
from pricing_lake_tests.services.postgres_shop import PostgresShop, execute, postgres_shop
from pricing_lake_tests.sources.sales import DAY

pytestmark = pytest.mark.services

PASSWORD = "Zq9-not-to-be-seen"  # noqa: S105 - what no message may show


@pytest.fixture
def shop(postgres_url: str) -> Iterator[PostgresShop]:
    with postgres_shop(postgres_url) as shop:
        shop.add()
        yield shop


def settings(snapshot: Snapshot, *names: str) -> tuple[str, ...]:
    (row,) = snapshot.rows("SELECT " + ", ".join(f"current_setting('{name}') AS \"{name}\"" for name in names))
    return row


def refusal(url: str, error: type[PricingLakeError], options: ReadOptions | None = None) -> str:
    """Return what opening the URL is refused with: one line, without the password."""
    with pytest.raises(error) as refused, postgres_database(url, options or ReadOptions()).snapshot({}):
        pass
    text = str(refused.value)
    assert "\n" not in text
    assert PASSWORD not in f"{text} {refused.value.__cause__!r} {refused.value.__context__!r}"
    return text


class TestSession:
    def test_it_is_named_timed_and_one_state(self, postgres_url: str) -> None:
        names = ("application_name", "statement_timeout", "transaction_isolation", "transaction_read_only")
        with postgres_database(postgres_url, ReadOptions(statement_timeout_seconds=7)).snapshot({}) as snapshot:
            assert settings(snapshot, *names) == ("pricing_lake", "7s", "repeatable read", "on")

    def test_the_urls_own_options_stay_but_cannot_make_it_writable(self, postgres_url: str) -> None:
        url = (
            f"{postgres_url}?application_name=night%20job&options=-c%20work_mem%3D5MB"
            "%20-c%20default_transaction_read_only%3Doff%20-c%20statement_timeout%3D0"
        )
        names = ("application_name", "work_mem", "transaction_read_only", "statement_timeout")
        with postgres_database(url, ReadOptions()).snapshot({}) as snapshot:
            assert settings(snapshot, *names) == ("night job", "5MB", "on", "5min")

    @pytest.mark.parametrize(
        "statement", ["DELETE FROM {}.sales RETURNING 1", "CREATE TABLE {}.more (x int)", "DROP TABLE {}.sales"]
    )
    def test_nothing_can_be_written(self, shop: PostgresShop, statement: str) -> None:
        with (
            postgres_database(shop.url, ReadOptions()).snapshot({}) as snapshot,
            pytest.raises(PricingLakeError, match="read-only transaction"),
        ):
            snapshot.rows(statement.format(shop.schema))
        with shop.source().read(DAY) as read:
            assert read.control.rows == 1

    def test_a_value_is_never_sql(self, postgres_url: str) -> None:
        evil = "x', false); DROP TABLE sales; --\\ $1 {lo}"
        with postgres_database(postgres_url, ReadOptions()).snapshot({"evil": evil, "none": ""}) as snapshot:
            assert snapshot.rows("SELECT {evil} AS a, {none} AS b, {evil} AS c") == [(evil, "", evil)]
            with snapshot.batches("SELECT {evil} AS a", pa.schema([("a", pa.string())])) as batches:
                assert [batch.to_pydict() for batch in batches] == [{"a": [evil]}]

    def test_a_database_of_another_encoding_is_read_as_utf8(self, postgres_url: str) -> None:
        execute(postgres_url, "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0")
        url = f"{postgres_url.rpartition('/')[0]}/latin"
        try:
            with postgres_shop(f"{url}?client_encoding=UTF8") as shop:
                shop.add(description="Ærø")
                with dataclasses.replace(shop, url=url).source().read(DAY) as read:
                    assert next(read.batches)["description"].to_pylist() == ["Ærø"]
        finally:
            execute(postgres_url, "DROP DATABASE latin")


class TestTimeout:
    def test_a_slow_answer_is_transient_and_names_the_timeout(self, shop: PostgresShop) -> None:
        shop.execute("CREATE VIEW {shop}.slow AS SELECT * FROM {shop}.sales WHERE pg_sleep(30) IS NOT NULL")
        with (
            pytest.raises(SourceUnavailableError, match="statement timeout of 1 s: raise statement_timeout_seconds"),
            shop.source("slow", statement_timeout_seconds=1).read(DAY),
        ):
            pass

    def test_so_is_a_slow_stream(self, shop: PostgresShop) -> None:
        shop.execute(
            "INSERT INTO {shop}.sales SELECT s.* FROM {shop}.sales s, generate_series(2, 4000)",
            "CREATE FUNCTION {shop}.slow(text) RETURNS text STABLE LANGUAGE sql AS 'SELECT $1 FROM pg_sleep(0.001)'",
            "CREATE VIEW {shop}.shown AS SELECT *, {shop}.slow(brand) AS label FROM {shop}.sales",
        )
        source = shop.source("shown", {"brand": "label"}, statement_timeout_seconds=1, batch_bytes=1000)
        with source.read(DAY) as read:
            assert read.control.rows == 4000
            assert next(read.batches).num_rows > 0
            with pytest.raises(SourceUnavailableError, match="statement timeout of 1 s"):
                list(read.batches)


class TestRefusals:
    def test_a_wrong_password(self, postgres_url: str) -> None:
        url = re.sub(r":[^:@]+@", f":{PASSWORD}@", postgres_url)
        assert "correct user or password" in refusal(url, ConfigurationError)

    def test_no_password(self, postgres_url: str) -> None:
        assert "put user and password" in refusal(re.sub(r":[^:@]+@", "@", postgres_url), ConfigurationError)

    def test_an_unknown_database(self, postgres_url: str) -> None:
        text = refusal(
            postgres_url.replace("/postgres", "/nowhere").replace("//nowhere", "//postgres"), ConfigurationError
        )
        assert "correct the database or the user" in text
        assert urlsplit(postgres_url).netloc.rpartition("@")[2] in text

    def test_tls_wanted_from_a_server_without(self, postgres_url: str) -> None:
        assert "the server offers no TLS" in refusal(f"{postgres_url}?sslmode=require", ConfigurationError)

    def test_a_certificate_that_is_not_there(self, postgres_url: str) -> None:
        url = f"{postgres_url}?sslmode=verify-full&sslrootcert=/nowhere/ca.pem"
        assert "TLS" in refusal(url, ConfigurationError)

    @pytest.mark.parametrize(
        "option", ["sslmode=perhaps", "colour=blue", "options=-c%20colour%3Dblue", "connect_timeout=x"]
    )
    def test_an_option_that_is_none(self, postgres_url: str, option: str) -> None:
        assert "correct the options of the URL" in refusal(f"{postgres_url}?{option}", ConfigurationError)

    def test_a_refused_connection(self) -> None:
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            port = closed.getsockname()[1]
            text = refusal(f"postgresql://u:{PASSWORD}@127.0.0.1:{port}/shop", SourceUnavailableError)
        assert f"127.0.0.1:{port}" in text
        assert "Connection refused" in text

    def test_an_unknown_host(self) -> None:
        text = refusal(f"postgresql://u:{PASSWORD}@no-such-host.invalid:5432/shop", SourceUnavailableError)
        assert "no-such-host.invalid:5432" in text

    def test_a_silent_server(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"postgresql://u:{PASSWORD}@127.0.0.1:{silent.getsockname()[1]}/shop"
            text = refusal(url, SourceUnavailableError, ReadOptions(connect_timeout_seconds=2))
        assert "timeout" in text

    def test_a_user_without_rights(self, shop: PostgresShop) -> None:
        shop.execute(
            f"CREATE ROLE {shop.schema}_reader LOGIN PASSWORD '{PASSWORD}'",
            f"GRANT USAGE ON SCHEMA {shop.schema} TO {shop.schema}_reader",
        )
        host = urlsplit(shop.url).netloc.rpartition("@")[2]
        reader = dataclasses.replace(shop, url=f"postgresql://{shop.schema}_reader:{PASSWORD}@{host}/postgres")
        try:
            with pytest.raises(ConfigurationError, match="grant SELECT"), reader.source().read(DAY):
                pass
            shop.execute(f"GRANT SELECT ON {{shop}}.sales TO {shop.schema}_reader")
            with reader.source().read(DAY) as read:
                assert read.control.rows == 1
        finally:
            shop.execute(f"DROP OWNED BY {shop.schema}_reader", f"DROP ROLE {shop.schema}_reader")

    def test_a_server_that_goes_away_in_the_middle(self, shop: PostgresShop) -> None:
        shop.execute("INSERT INTO {shop}.sales SELECT s.* FROM {shop}.sales s, generate_series(2, 100000)")
        with shop.source(batch_bytes=10_000).read(DAY) as read:
            next(read.batches)
            execute(
                shop.url,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pricing_lake'",
            )
            with pytest.raises(SourceUnavailableError, match="broke off: try again later") as broken:
                list(read.batches)
        assert "\n" not in str(broken.value)
