"""Compaction of a feed's closed days: fewer files, the same rows, and not one verdict that no longer holds."""

from datetime import timedelta
from pathlib import Path

import pytest

from pricing_lake.contracts.bronze_customers import RAW_SNOWFLAKE_CUSTOMERS
from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake.errors import CommitConflictError
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.chores.small_files import compact, small_files
from pricing_lake.lake.increment import collect, last_days
from pricing_lake.lake.live_files import published_hash, window_tasks
from pricing_lake.lake.reader import PublishedPartitions
from pricing_lake.lake.settle import settle
from pricing_lake.lake.verdicts import Verdict
from pricing_lake.lake.watermark import stamp_of
from pricing_lake.lake.window import PartitionWindow
from pricing_lake_tests.lake.change_feed import CALENDAR, CustomerChanges, at
from pricing_lake_tests.lake.chores.ageing import in_days
from pricing_lake_tests.lake.conftest import open_lake

FEED = RAW_SNOWFLAKE_CUSTOMERS
WINDOW = PartitionWindow.of_day(at(2).date())


@pytest.fixture
def changes(tmp_path: Path) -> CustomerChanges:
    return CustomerChanges(tmp_path / "changes.db")


def batches(lake: Lake, changes: CustomerChanges, hours: range) -> None:
    """An increment an hour, each with rows of two tenants."""
    for hour in hours:
        for tenant in ("acme", "bolt"):
            changes.change(f"{tenant}-{hour}", at(2, hour), tenant_id=tenant)
        changes.now = at(2, hour, 30)
        collect(lake, FEED, changes.feed(), CALENDAR, "run", 100)


def state(lake: Lake) -> tuple[int, str | None]:
    tasks = window_tasks(lake.table(FEED), FEED, [WINDOW])[WINDOW.key]
    return len(tasks), published_hash(tasks)


def rows(lake: Lake) -> list[dict[str, object]]:
    """All stored columns, the run's own included."""
    found = lake.table(FEED).scan().to_arrow()
    return found.sort_by([("customer_id", "ascending")]).to_pylist()


def run(lake: Lake, days: float = 3) -> int:
    table = lake.table(FEED)
    found = small_files(lake, table, FEED, in_days(days))
    compact(lake, FEED, table, found, "housekeeping")
    return sum(day.files for day in found)


def settled(lake: Lake) -> Verdict:
    return settle(lake, FEED, [WINDOW], "close")[0]


def test_a_closed_day_has_one_file_per_partition_and_its_verdict_stands(lake: Lake, changes: CustomerChanges) -> None:
    batches(lake, changes, range(1, 7))
    verdict, before, (files, digest) = settled(lake), rows(lake), state(lake)
    stamp = stamp_of(lake.table(FEED))
    assert run(lake) == files > 2
    tenants = len({task.file.partition for task in lake.table(FEED).scan().plan_files()})
    assert state(lake) == (tenants, digest)
    assert rows(lake) == before
    assert stamp_of(lake.table(FEED)) == stamp
    assert settled(lake) == verdict, "no new proof, so no reader runs again"
    assert PublishedPartitions(lake, FEED, [WINDOW]).read(WINDOW).num_rows == 12
    assert run(lake) == 0


def test_a_day_that_grows_after_its_compaction_is_told_as_changed(lake: Lake, changes: CustomerChanges) -> None:
    batches(lake, changes, range(1, 4))
    first = settled(lake)
    run(lake)
    batches(lake, changes, range(4, 6))
    second = settled(lake)
    assert second.content_hash not in ("", first.content_hash)
    assert second.good_rows == 10
    before = state(lake)
    assert run(lake)
    assert state(lake)[1] == before[1]
    assert settled(lake) == second


def test_a_day_with_corrected_rows_is_merged_and_its_verdict_stands(lake: Lake, changes: CustomerChanges) -> None:
    """Files of survivors say nothing of their content: such a day is known by its number of rows."""
    batches(lake, changes, range(1, 4))
    changes.correct("acme-3", at(2, 3), country="BE")
    changes.now = at(2, 3, 50)
    collect(lake, FEED, changes.feed(), CALENDAR, "run", 100)
    batches(lake, changes, range(4, 7))
    changes.correct("acme-6", at(2, 6), country="BE")
    changes.change("acme-6b", at(2, 6), country="BE")
    changes.now = at(2, 6, 50)
    collect(lake, FEED, changes.feed(), CALENDAR, "run", 100)
    verdict, before = settled(lake), rows(lake)
    assert run(lake)
    assert rows(lake) == before
    assert settled(lake) == verdict
    assert PublishedPartitions(lake, FEED, [WINDOW]).read(WINDOW).num_rows == 13


def test_an_open_day_and_a_table_that_is_no_feed_are_left_alone(lake: Lake, changes: CustomerChanges) -> None:
    batches(lake, changes, range(1, 4))
    settled(lake)
    soon = WINDOW.end + timedelta(days=1)
    assert small_files(lake, lake.table(FEED), FEED, soon) == []
    assert small_files(lake, lake.table(SALES_HISTORY), SALES_HISTORY, in_days(30)) == []


def test_a_busy_table_keeps_its_files_and_nothing_is_left_behind(
    lake: Lake, changes: CustomerChanges, tmp_path: Path
) -> None:
    batches(lake, changes, range(1, 4))
    settled(lake)
    table = lake.table(FEED)
    found = small_files(lake, table, FEED, in_days(3))
    batches(open_lake(tmp_path), changes, range(4, 5))
    files = set(tmp_path.rglob("*.parquet"))
    with pytest.raises(CommitConflictError, match="is busy"):
        compact(lake, FEED, table, found, "housekeeping")
    assert set(tmp_path.rglob("*.parquet")) == files
    assert len(rows(lake)) == 8


def test_what_a_run_left_unsaid_is_still_known_after_a_compaction(lake: Lake, changes: CustomerChanges) -> None:
    batches(lake, changes, range(1, 4))
    settled(lake)
    days = last_days(lake.table(FEED))
    run(lake)
    assert last_days(lake.table(FEED)) == days == [WINDOW]
