"""Housekeeping of a table as a whole: what it plans is what it does, it does it once, and every reader reads on."""

from dataclasses import replace
from pathlib import Path

import pytest
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import Table as IcebergTable
from pyiceberg.table.snapshots import Snapshot

from pricing_lake.contracts.bronze_customers import RAW_SNOWFLAKE_CUSTOMERS
from pricing_lake.contracts.model import Retention
from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake.lake import housekeeping
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.housekeeping import Housekeeping
from pricing_lake.lake.increment import collect
from pricing_lake.lake.publish import publish
from pricing_lake.lake.reader import PublishedPartitions
from pricing_lake.lake.settle import settle
from pricing_lake.lake.window import PartitionWindow
from pricing_lake_tests.lake.change_feed import CALENDAR, CustomerChanges, at
from pricing_lake_tests.lake.chores.ageing import age, everything_in, in_days, live_files
from pricing_lake_tests.lake.conftest import day, sales

CONTRACT = replace(SALES_HISTORY, retention=Retention(snapshots=2))


@pytest.fixture
def busy_week(lake: Lake, tmp_path: Path) -> Path:
    """A day published ten times, and files of a run that died; all of it long ago."""
    for number in range(10):
        rows = sales(day(1), 4, price=f"{number + 1}.00")
        publish(lake, SALES_HISTORY, [day(1)], lambda _, rows=rows: Candidate(rows), "run")
    warehouse = tmp_path / "warehouse"
    location = Path(lake.table(SALES_HISTORY).location().removeprefix("file://"))
    (location / "data" / "died.parquet").write_bytes(b"died")
    age(everything_in(warehouse), 100)
    return location


def keep(lake: Lake) -> Housekeeping:
    return Housekeeping(lake, CONTRACT, in_days(100))


def test_what_is_planned_is_done_and_a_second_time_finds_nothing(lake: Lake, busy_week: Path) -> None:
    planned = keep(lake).plan()
    assert planned.snapshots == 8
    assert planned.verdicts == 9
    done = keep(lake).run("housekeeping")
    assert (done.snapshots, done.verdicts, done.lane_files) == (planned.snapshots, planned.verdicts, planned.lane_files)
    assert done.orphans >= planned.orphans > 8
    assert not (busy_week / "data" / "died.parquet").exists()
    table = lake.table(SALES_HISTORY)
    assert len(table.snapshots()) == 2
    assert live_files(table) < set(everything_in(busy_week))
    assert PublishedPartitions(lake, SALES_HISTORY, [day(1)]).read(day(1)).num_rows == 4
    age(everything_in(busy_week), 100)
    again = keep(lake).run("housekeeping")
    assert (again.snapshots, again.orphans, again.verdicts, again.lane_files, again.busy) == (0, 0, 0, 0, "")


def test_planning_deletes_nothing(lake: Lake, busy_week: Path, tmp_path: Path) -> None:
    before = set(everything_in(tmp_path / "warehouse"))
    assert keep(lake).plan().any
    assert set(everything_in(tmp_path / "warehouse")) == before


def test_a_lake_of_today_has_nothing_to_tidy(lake: Lake) -> None:
    publish(lake, SALES_HISTORY, [day(1)], lambda window: Candidate(sales(window, 4)), "run")
    kept = Housekeeping.at_once(lake, SALES_HISTORY).run("housekeeping")
    assert not kept.any


def test_a_table_that_does_not_exist_is_not_created(lake: Lake) -> None:
    assert not Housekeeping.at_once(lake, RAW_SNOWFLAKE_CUSTOMERS).run("housekeeping").any
    assert not lake.exists(RAW_SNOWFLAKE_CUSTOMERS)


def test_a_feed_is_merged_expired_and_read_on(lake: Lake, tmp_path: Path) -> None:
    feed = replace(RAW_SNOWFLAKE_CUSTOMERS, retention=Retention(snapshots=1))
    changes = CustomerChanges(tmp_path / "changes.db")
    for hour in range(1, 8):
        changes.change(f"c{hour}", at(2, hour))
        changes.now = at(2, hour, 30)
        collect(lake, feed, changes.feed(), CALENDAR, "run", 100)
    window = PartitionWindow.of_day(at(2).date())
    [verdict] = settle(lake, feed, [window], "close")
    done = Housekeeping(lake, feed, in_days(100)).run("housekeeping")
    assert done.merged_files == 7
    assert len(live_files(lake.table(feed))) == 1
    assert len(lake.table(feed).snapshots()) == 1
    assert settle(lake, feed, [window], "again") == [verdict]
    changes.change("c8", at(2, 7, 50))
    changes.now = at(2, 8)
    collect(lake, feed, changes.feed(), CALENDAR, "run", 100)
    assert PublishedPartitions(lake, feed, [window]).read(window).num_rows == 8


def test_a_busy_table_is_told_and_the_other_chores_go_on(
    lake: Lake, busy_week: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another writer commits between the look and the commit of every expiry."""
    real = housekeeping.expire

    def meanwhile(table: IcebergTable, snapshots: list[Snapshot]) -> None:
        publish(lake, SALES_HISTORY, [day(2)], lambda window: Candidate(sales(window, 4)), "meanwhile")
        real(table, snapshots)
        raise CommitFailedException("branch main has changed")

    monkeypatch.setattr(housekeeping, "expire", meanwhile)
    done = keep(lake).run("housekeeping")
    assert (done.busy, done.snapshots) == ("branch main has changed", 0)
    assert done.verdicts == 9
    assert PublishedPartitions(lake, SALES_HISTORY, [day(2)]).read(day(2)).num_rows == 4
