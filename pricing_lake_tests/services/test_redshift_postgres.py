"""Redshift over the wire, met in a PostgreSQL that is dressed as one: what is asked, what is read, what is refused."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from typing import Any

import pytest

from pricing_lake.errors import ConfigurationError, PricingLakeError, SourceSchemaError, SourceUnavailableError
from pricing_lake.sources import redshift_wire
from pricing_lake.sources.redshift import RedshiftBehavior, RedshiftSettings
from pricing_lake.sources.window import Window
from pricing_lake_tests.services.redshift_wire import DressedPostgres, dressed_postgres, watched

pytestmark = pytest.mark.services

DAY = Window.of_day(date(2026, 3, 1))
DRIVER = tuple(map(int, version("adbc-driver-postgresql").split(".")[:2]))
PASSWORD = "Zq9-not-to-be-seen"  # noqa: S105 - what no message may show


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[DressedPostgres]:
    with dressed_postgres(postgres_url) as database:
        yield database


def behavior(url: str, **mapping: Any) -> RedshiftBehavior:
    return RedshiftBehavior(RedshiftSettings(url=url, mapping=mapping))


def events(source: RedshiftBehavior, window: Window = DAY) -> dict[str, dict[str, str | None]]:
    with source.read(window) as read:
        rows = [row for batch in read.batches for row in batch.to_pylist()]
        assert read.control.rows == len(rows)
    return {row["event_id"]: row for row in rows}


def test_a_window_takes_its_first_microsecond_and_leaves_its_last(postgres: DressedPostgres) -> None:
    postgres.add(
        {"event_id": "before", "event_ts": "2026-02-28T23:59:59.999999Z"},
        {"event_id": "first", "event_ts": "2026-03-01T00:00:00Z"},
        {"event_id": "zoned", "event_ts": "2026-03-02T01:59:59.999999+02:00", "channel": None, "customer_id": "ö'\"\\"},
        {"event_id": "after", "event_ts": "2026-03-02T00:00:00Z"},
    )
    found = events(behavior(postgres.url))
    assert {name: row["event_ts"] for name, row in found.items()} == {
        "first": "2026-03-01 00:00:00.000000Z",
        "zoned": "2026-03-01 23:59:59.999999Z",
    }
    assert (found["zoned"]["channel"], found["zoned"]["customer_id"]) == (None, "ö'\"\\")


@pytest.mark.parametrize("kind", ["timestamp", "date"])
def test_times_without_a_zone_are_utc_whatever_the_session(postgres_url: str, kind: str) -> None:
    with dressed_postgres(postgres_url, kind) as postgres:
        name = postgres.url.rpartition("/")[2]
        postgres.execute(
            "INSERT INTO behavior_events (event_id, event_ts) VALUES ('a', '2026-03-01'), ('b', '2026-03-02')",
            f"ALTER DATABASE {name} SET timezone TO 'America/New_York'",
        )
        found = events(behavior(postgres.url))
    assert {name: row["event_ts"] for name, row in found.items()} == {"a": "2026-03-01 00:00:00.000000Z"}


def test_an_event_without_a_time_comes_on_the_day_it_arrived(postgres: DressedPostgres) -> None:
    postgres.add({"event_id": "timeless", "event_ts": None}, {"event_id": "late", "loaded_at": "2026-03-09T00:00:00Z"})
    assert events(behavior(postgres.url)).keys() == {"late"}
    found = events(behavior(postgres.url, arrived_at="loaded_at"))
    assert found.keys() == {"timeless", "late"}
    assert found["timeless"]["event_ts"] is None


def test_names_of_another_warehouse_and_columns_it_lacks(postgres: DressedPostgres) -> None:
    postgres.add({})
    postgres.execute(
        "CREATE SCHEMA web",
        "CREATE VIEW web.hits AS SELECT event_id AS id, event_ts, tenant_id, 7 AS event_type FROM behavior_events",
    )
    absent = dict.fromkeys(("customer_id", "session_id", "product_id", "channel"), "")
    [row] = events(behavior(postgres.url, table="web.hits", columns={"event_id": "id", **absent})).values()
    assert (row["event_id"], row["event_type"], row["customer_id"]) == ("e-1", "7", None)


def test_count_and_rows_are_of_one_state(postgres: DressedPostgres) -> None:
    postgres.add({"event_id": "a"})
    with behavior(postgres.url).read(DAY) as read:
        postgres.add({"event_id": "b"})
        assert (read.control.rows, sum(batch.num_rows for batch in read.batches)) == (1, 1)


def test_what_redshift_lacks_is_not_asked_for(postgres: DressedPostgres) -> None:
    with watched(postgres.url, is_old=False) as proxy:
        source = behavior(proxy.url)
        assert events(source) == {}
        source.probe()
    assert all("options" not in session for session in proxy.sessions)
    assert {session["application_name"] for session in proxy.sessions} == {"pricing_lake"}
    ours = [text for text in proxy.statements if "pg_catalog" not in text]
    assert not [text for text in ours if re.search(r"\bCOPY\b|to_regclass|clock_timestamp|set_config|LIMIT", text)]
    begun = [text for text in ours if "READ ONLY" in text]
    assert begun == ["BEGIN TRANSACTION ISOLATION LEVEL SERIALIZABLE READ ONLY"] * 3
    assert ours.count("SET statement_timeout TO 1800000") == 3
    assert not [text for text in ours if "2026" in text]


def test_what_this_driver_says_to_a_redshift(postgres: DressedPostgres) -> None:
    """adbc-driver-postgresql gave Redshift up after 1.11: its newer versions ask for a column that is not there."""
    postgres.add({})
    with watched(postgres.url, is_old=True) as proxy:
        source = behavior(proxy.url)
        if DRIVER <= (1, 11):
            assert events(source).keys() == {"e-1"}
            assert source.probe().server_version == "Redshift 1.0.77467"
        else:
            with pytest.raises(ConfigurationError, match=r"no longer speaks to: set REDSHIFT_UNLOAD_URI .* or install"):
                source.now()


def test_a_session_cannot_write(postgres: DressedPostgres) -> None:
    postgres.execute(
        "CREATE FUNCTION eager() RETURNS bigint LANGUAGE sql AS"
        " 'INSERT INTO behavior_events (event_id) VALUES (''x'') RETURNING 1::bigint'",
        "CREATE VIEW trap AS SELECT * FROM behavior_events WHERE eager() = 1",
    )
    postgres.add({})
    with pytest.raises(PricingLakeError, match="read-only transaction"):
        events(behavior(postgres.url, table="trap"))


def test_a_window_too_large_for_the_wire_is_refused_before_it_is_read(
    postgres: DressedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres.add({"event_id": "a"}, {"event_id": "b"})
    monkeypatch.setattr(redshift_wire, "MOST_ROWS", 1)
    with pytest.raises(ConfigurationError, match=r"has 2 events in the window, .* set REDSHIFT_UNLOAD_URI"):
        events(behavior(postgres.url))


def test_a_slow_statement_is_stopped(postgres: DressedPostgres) -> None:
    postgres.add({})
    postgres.execute("CREATE VIEW slow AS SELECT * FROM behavior_events WHERE pg_sleep(30) IS NOT NULL")
    settings = RedshiftSettings(url=postgres.url, mapping={"table": "slow"}, timeout_seconds=1)
    with pytest.raises(SourceUnavailableError, match="statement timeout of 1 s"):
        events(RedshiftBehavior(settings))


def test_a_missing_table_or_column_is_reported_and_refused(postgres: DressedPostgres) -> None:
    facts = behavior(postgres.url, table="nowhere").probe()
    assert (facts.has_table, len(facts.missing_columns)) == (False, 8)
    facts = behavior(postgres.url, columns={"channel": "medium"}, arrived_at="came_at").probe()
    assert (facts.has_table, facts.missing_columns) == (True, ("medium", "came_at"))
    with pytest.raises(SourceSchemaError, match=r"shows no table public.nowhere: create it, grant SELECT"):
        events(behavior(postgres.url, table="nowhere"))
    with pytest.raises(SourceSchemaError, match="has no column medium; it has event_id, event_ts"):
        events(behavior(postgres.url, columns={"channel": "medium"}))
    with pytest.raises(SourceSchemaError, match=r"column channel of .* is character varying, but must be timestamptz"):
        events(behavior(postgres.url, columns={"event_ts": "channel"}))


def test_the_clock_and_the_version(postgres: DressedPostgres) -> None:
    source = behavior(postgres.url)
    assert abs(source.now() - datetime.now(UTC)) < timedelta(seconds=5)
    facts = source.probe()
    assert (facts.way, facts.has_table, facts.missing_columns) == ("wire", True, ())
    assert facts.server_version.startswith("PostgreSQL 1")
    assert 0 < facts.latency_seconds < 5
    assert abs(facts.clock_skew_seconds) < 5


def test_a_wrong_password_is_one_line_that_does_not_show_it(postgres: DressedPostgres) -> None:
    url = re.sub(r":[^:@]+@", f":{PASSWORD}@", postgres.url)
    with pytest.raises(ConfigurationError, match="correct user or password") as refused:
        behavior(url).now()
    assert "\n" not in str(refused.value)
    assert PASSWORD not in f"{refused.value} {refused.value.__cause__!r}"


def test_a_url_that_is_none_shows_nothing_of_itself() -> None:
    for url in (
        f"redshift://u:{PASSWORD}@host@other/db",
        f"https://u:{PASSWORD}@host/db",
        f"redshift://u:{PASSWORD}#@host/db",
        f"redshift://u:{PASSWORD}@/db",
        f"redshift://u:{PASSWORD}@[::1/db",
        f"redshift://u:{PASSWORD}@host:99x/db",
    ):
        with pytest.raises(ConfigurationError, match="REDSHIFT_URL is redshift://") as refused:
            behavior(url)
        assert PASSWORD not in f"{refused.value} {refused.value.__cause__!r} {refused.value.__context__!r}"
