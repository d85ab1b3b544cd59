"""checks/staleness_of_wholes: not older than what it is made of, and as long as the calendar of days that are due."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from pricing_lake.checks.staleness import Age, Due, Freshness
from pricing_lake.checks.staleness_of_wholes import RUN_HOURS, WholeTable
from pricing_lake.lake.rollback import Rollback
from pricing_lake_tests.checks.tiny_lake import QUIET, TODAY, TOTALS, TinyLake, at, back

START = back(60)


@pytest.fixture
def tiny_lake(tmp_path: Path) -> TinyLake:
    """A lake whose whole is made of its one day."""
    lake = TinyLake(tmp_path)
    lake.publish(back(1))
    assert lake.make()
    return lake


def later(hours: float) -> datetime:
    return datetime.now(UTC) + timedelta(hours=hours)


def judged(lake: TinyLake, now: datetime, made: datetime | None = None) -> Freshness:
    return WholeTable(lake.lake, TOTALS, (QUIET,), Due(START, None, now), made).judge()


def reached(lake: TinyLake, now: datetime, last: date | None = None) -> Freshness:
    return WholeTable(lake.lake, TOTALS, (), Due(START, last, now), reaches_days=True).judge()


def test_it_is_fresh_for_as_long_as_nothing_that_it_is_made_of_changes(tiny_lake: TinyLake) -> None:
    found = judged(tiny_lake, later(1_000))
    assert found.age is Age.FRESH
    assert found.text.endswith("nothing that it is made of changed since")


@pytest.mark.parametrize(("hours", "age"), [(0, Age.FRESH), (RUN_HOURS + 0.1, Age.LATE), (30.1, Age.STALE)])
def test_it_may_lag_by_a_run_then_it_is_late_then_stale(tiny_lake: TinyLake, hours: float, age: Age) -> None:
    tiny_lake.publish(back(2))
    found = judged(tiny_lake, later(hours))
    assert found.age is age
    assert "gold/tiny changed" in found.text
    tiny_lake.make()
    assert judged(tiny_lake, later(hours)).age is Age.FRESH


def test_lateness_counts_from_the_first_change_that_it_lacks(tiny_lake: TinyLake) -> None:
    tiny_lake.publish(back(2))
    first = tiny_lake.lake.table(QUIET).metadata.snapshot_log[-1].timestamp_ms / 1_000
    tiny_lake.publish(back(3))
    found = judged(tiny_lake, datetime.fromtimestamp(first, UTC) + timedelta(hours=5))
    assert "changed 5 hours ago; materialize gold/totals" in found.text


def test_made_anew_of_equal_content_it_is_fresh_though_its_proof_is_old(tiny_lake: TinyLake) -> None:
    tiny_lake.publish(back(1), amounts=(3,))
    assert not tiny_lake.make()
    assert judged(tiny_lake, later(3)).age is Age.LATE
    assert judged(tiny_lake, later(3), made=later(0)).age is Age.FRESH


def test_an_unchanged_day_that_is_published_again_changes_nothing(tiny_lake: TinyLake) -> None:
    tiny_lake.publish(back(1))
    assert judged(tiny_lake, later(100)).age is Age.FRESH


def test_a_rollback_of_what_it_is_made_of_counts(tiny_lake: TinyLake) -> None:
    tiny_lake.publish(back(2))
    tiny_lake.make()
    first = tiny_lake.lake.table(QUIET).metadata.snapshot_log[0].snapshot_id
    Rollback(tiny_lake.lake, QUIET, first).run("run")
    assert judged(tiny_lake, later(3)).age is Age.LATE
    tiny_lake.make()
    assert judged(tiny_lake, later(3)).age is Age.FRESH


def test_housekeeping_does_not_count(tiny_lake: TinyLake) -> None:
    table = tiny_lake.lake.table(QUIET)
    rows: pa.Table = table.scan().to_arrow()
    table.overwrite(rows, snapshot_properties={"pricing.compacted": back(1).isoformat()})
    assert judged(tiny_lake, later(100)).age is Age.FRESH


def test_a_source_that_does_not_exist_yet_and_a_whole_that_was_never_made_are_no_reason(tmp_path: Path) -> None:
    lake = TinyLake(tmp_path)
    assert judged(lake, later(0)) == Freshness(Age.FRESH, "nothing was ever published")
    lake.publish(back(1))
    assert judged(lake, later(100)) == Freshness(Age.FRESH, "nothing was ever published")


class TestReach:
    def test_its_last_day_is_the_due_one(self, tiny_lake: TinyLake) -> None:
        assert reached(tiny_lake, at(1)).age is Age.FRESH
        late, stale = reached(tiny_lake, at(2)), reached(tiny_lake, at(3))
        assert (late.age, late.days_late, stale.age, stale.days_late) == (Age.LATE, 1, Age.STALE, 2)
        assert late.text == f"it ends on {back(1)} and should reach {TODAY}; materialize gold/totals"

    def test_a_lake_that_has_ended_owes_no_day(self, tiny_lake: TinyLake) -> None:
        assert reached(tiny_lake, at(9), last=TODAY).age is Age.FRESH

    def test_without_rows_no_day_is_owed(self, tmp_path: Path) -> None:
        lake = TinyLake(tmp_path)
        lake.publish(back(1), amounts=())
        lake.make()
        assert reached(lake, at(9)).age is Age.FRESH
