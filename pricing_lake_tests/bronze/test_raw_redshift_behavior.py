"""bronze/raw_redshift_behavior: each event of the warehouse once, whatever is killed, unloaded twice or dirty."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pricing_lake.contracts.bronze_customers import RAW_REDSHIFT_BEHAVIOR
from pricing_lake.resources.redshift import RedshiftResource
from pricing_lake.sources.redshift import RedshiftBehavior
from pricing_lake.sources.redshift_unload_place import TOKEN_HOURS
from pricing_lake_tests.bronze.fx_lake import failure_of
from pricing_lake_tests.bronze.redshift_lake import PAUSED, RedshiftLake
from pricing_lake_tests.sources.redshift_warehouse import (
    EVENT,
    REGION,
    URI,
    RedshiftWarehouse,
    Refused,
    running_warehouse,
)

DAY, NEXT = "2026-03-01", "2026-03-02"


@pytest.fixture
def warehouse(monkeypatch: pytest.MonkeyPatch) -> Iterator[RedshiftWarehouse]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("REDSHIFT_URL", raising=False)
    with running_warehouse() as warehouse:
        yield warehouse


@pytest.fixture
def lake(tmp_path: Path, warehouse: RedshiftWarehouse) -> RedshiftLake:
    settings = {"unload_uri": URI, "database": "analytics", "workgroup": "shop-wg", "region": REGION}
    return RedshiftLake(tmp_path, {**settings, "endpoint": warehouse.url})


def ids(lake: RedshiftLake) -> list[str]:
    return [row["event_id"] for row in lake.rows()]


def test_a_day_arrives_exactly(lake: RedshiftLake, warehouse: RedshiftWarehouse) -> None:
    warehouse.add(
        {"event_id": "a"},
        {"event_id": "b", "event_ts": "2026-03-01T23:59:59.999999Z", "customer_id": None, "channel": None},
        {"event_id": "other", "event_ts": "2026-03-02T00:00:00Z"},
    )
    assert lake.run(DAY).success
    expected = {name: EVENT[name] for name in RAW_REDSHIFT_BEHAVIOR.names}
    first = {**expected, "event_id": "a", "event_ts": datetime(2026, 3, 1, 12, tzinfo=UTC)}
    last = datetime(2026, 3, 2, tzinfo=UTC) - timedelta.resolution
    assert lake.rows() == [first, {**first, "event_id": "b", "event_ts": last, "customer_id": None, "channel": None}]


def test_a_range_of_days_is_the_same_as_its_days(
    lake: RedshiftLake, tmp_path: Path, warehouse: RedshiftWarehouse
) -> None:
    warehouse.add(*({"event_id": f"e-{n}", "event_ts": f"2026-03-0{1 + n % 3}T0{n}:00:00Z"} for n in range(9)))
    days = (DAY, NEXT, "2026-03-03")
    assert lake.run(days[0], days[-1]).success
    daily = RedshiftLake(tmp_path / "daily", lake.settings)
    assert all(daily.run(day).success for day in days)
    assert [daily.verdict(day).content_hash for day in days] == [lake.verdict(day).content_hash for day in days]
    assert ids(lake) == ids(daily) == [f"e-{n}" for n in range(9)]


def test_an_unchanged_day_commits_nothing_and_a_late_event_shows(
    lake: RedshiftLake, warehouse: RedshiftWarehouse
) -> None:
    warehouse.add({"event_id": "a"})
    assert lake.run(DAY).success
    assert lake.run(DAY).success
    assert len(lake.lake.table(RAW_REDSHIFT_BEHAVIOR).snapshots()) == 1
    warehouse.add({"event_id": "late"})
    assert lake.run(DAY).success
    assert ids(lake) == ["a", "late"]
    assert len(lake.lake.table(RAW_REDSHIFT_BEHAVIOR).snapshots()) == 2


DIRT: dict[str, dict[str, str | None]] = {
    "event_id_missing": {"event_id": None},
    "event_id_blank": {"event_id": " "},
    "event_ts_missing": {"event_ts": None},
    "tenant_id_malformed": {"tenant_id": "../etc"},
    "tenant_id_missing": {"tenant_id": None},
    "event_type_unknown": {"event_type": "stare"},
    "event_type_missing": {"event_type": None},
    "channel_too_long": {"channel": "x" * 201},
}


def test_dirt_is_set_aside_by_reason_and_the_day_goes_on(lake: RedshiftLake, warehouse: RedshiftWarehouse) -> None:
    repeated = [
        {"event_id": "twice"},
        {"event_id": "twice"},
        {"event_id": "other"},
        {"event_id": "other", "channel": "app"},
    ]
    warehouse.add({"event_id": "good"}, *({"event_id": reason} | change for reason, change in DIRT.items()), *repeated)
    assert lake.run(DAY, mapping={"arrived_at": "loaded_at"}).success
    verdict = lake.verdict(DAY)
    assert verdict.reasons == {**dict.fromkeys(DIRT, 1), "event_id_repeated": 1}
    counts = (verdict.source_rows, verdict.good_rows, verdict.quarantined_rows, verdict.duplicate_rows)
    assert counts == (13, 3, 9, 1)
    assert ids(lake) == ["good", "other", "twice"]


def test_a_failure_of_the_source_publishes_nothing(lake: RedshiftLake, warehouse: RedshiftWarehouse) -> None:
    warehouse.add({})
    warehouse.refusals.append(Refused("AccessDeniedException"))
    result = lake.run(DAY)
    assert "may not be asked (AccessDeniedException): allow redshift-data:" in failure_of(result)
    assert not result.filter_events(lambda event: event.is_step_up_for_retry)
    assert not lake.lake.exists(RAW_REDSHIFT_BEHAVIOR) or lake.rows() == []
    assert lake.run(DAY).success
    assert ids(lake) == ["e-1"]


def test_a_run_killed_while_the_warehouse_works_is_taken_up(lake: RedshiftLake, warehouse: RedshiftWarehouse) -> None:
    _wait_until_tokens_last_a_minute()
    warehouse.add(*({"event_id": f"e-{n}"} for n in range(5)))
    warehouse.held = True
    killed = lake.process(DAY, "nowhere")
    assert warehouse.batch_asked.wait(60)
    killed.kill()
    killed.communicate()
    warehouse.held = False
    assert lake.run(DAY).success
    assert [found.status for found in warehouse.batches] == ["FINISHED"]
    assert ids(lake) == [f"e-{n}" for n in range(5)]


@pytest.mark.parametrize(("step", "snapshots"), [("before_commit", 0), ("after_commit", 1)])
def test_a_run_killed_at_its_commit_leaves_each_event_once(
    lake: RedshiftLake, warehouse: RedshiftWarehouse, step: str, snapshots: int
) -> None:
    warehouse.add(*({"event_id": f"e-{n}"} for n in range(5)))
    killed = lake.process(DAY, step)
    assert killed.stdout
    assert killed.stdout.readline().strip() == PAUSED
    killed.kill()
    killed.communicate()
    assert len(lake.lake.table(RAW_REDSHIFT_BEHAVIOR).snapshots()) == snapshots
    assert lake.run(DAY).success
    assert ids(lake) == [f"e-{n}" for n in range(5)]
    assert len(lake.lake.table(RAW_REDSHIFT_BEHAVIOR).snapshots()) == 1


def test_without_settings_every_day_is_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REDSHIFT_URL", raising=False)
    bare = RedshiftLake(tmp_path)
    assert bare.run(DAY, NEXT).success
    assert (bare.verdict(DAY).passed, bare.verdict(DAY).source_rows, bare.rows()) == (True, 0, [])


def test_the_url_is_read_when_a_run_opens_the_source_and_is_no_field(monkeypatch: pytest.MonkeyPatch) -> None:
    resource = RedshiftResource()
    monkeypatch.setenv("REDSHIFT_URL", "redshift://u:hidden@warehouse.example/analytics")
    assert isinstance(resource.source(), RedshiftBehavior)
    assert resource.source() is resource.source()
    assert "hidden" not in f"{resource!r} {resource.model_dump()}"


def test_wrong_settings_are_one_clear_line_and_are_not_retried(lake: RedshiftLake) -> None:
    changes: dict[str, dict[str, Any]] = {
        "REDSHIFT_UNLOAD_URI must be s3://bucket/prefix": {"unload_uri": "s3://x"},
        "set one of REDSHIFT_WORKGROUP": {"workgroup": ""},
        "fix [redshift_mapping]: 'tabel' is no field": {"mapping": {"tabel": "x"}},
    }
    for told, change in changes.items():
        result = lake.run(DAY, **change)
        assert told in failure_of(result)
        assert not result.filter_events(lambda event: event.is_step_up_for_retry)


def _wait_until_tokens_last_a_minute() -> None:
    """A token is for some hours of the clock; a test must not sit on their border."""
    hours = timedelta(hours=TOKEN_HOURS)
    left = hours - (datetime.now(UTC) - datetime.min.replace(tzinfo=UTC)) % hours
    if left < timedelta(minutes=1):
        time.sleep(left.total_seconds() + 1)
