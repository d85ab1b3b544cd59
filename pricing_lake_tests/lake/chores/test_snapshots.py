"""Which snapshots housekeeping forgets: never a young, a tagged or one of the newest; and a feed's stamp survives."""

from dataclasses import replace
from pathlib import Path

import pytest

from pricing_lake.contracts.bronze_customers import RAW_SNOWFLAKE_CUSTOMERS
from pricing_lake.contracts.model import Retention
from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.chores.snapshots import expire, expired_snapshots
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.history import history
from pricing_lake.lake.increment import collect
from pricing_lake.lake.publish import publish
from pricing_lake.lake.watermark import stamp_of
from pricing_lake_tests.lake.change_feed import CALENDAR, CustomerChanges, at
from pricing_lake_tests.lake.chores.ageing import in_days
from pricing_lake_tests.lake.conftest import day, sales

TWO_KEPT = replace(SALES_HISTORY, retention=Retention(snapshots=2))


@pytest.fixture
def five(lake: Lake) -> list[int]:
    """Ids of five snapshots, the oldest first."""
    for number in range(1, 6):
        publish(lake, SALES_HISTORY, [day(number)], lambda window: Candidate(sales(window, 4)), "run")
    return [snapshot.snapshot_id for snapshot in lake.table(SALES_HISTORY).snapshots()]


def expired(lake: Lake, days: float) -> list[int]:
    return [s.snapshot_id for s in expired_snapshots(lake.table(SALES_HISTORY), TWO_KEPT, in_days(days))]


def test_the_newest_stay_and_the_others_go_when_they_are_old(lake: Lake, five: list[int]) -> None:
    assert expired(lake, 6.9) == []
    assert expired(lake, 7.1) == five[:3]
    table = lake.table(SALES_HISTORY)
    expire(table, expired_snapshots(table, TWO_KEPT, in_days(8)))
    assert [snapshot.snapshot_id for snapshot in lake.table(SALES_HISTORY).snapshots()] == five[3:]
    assert lake.table(SALES_HISTORY).scan().to_arrow().num_rows == 20


def test_a_tagged_one_stays(lake: Lake, five: list[int]) -> None:
    lake.table(SALES_HISTORY).manage_snapshots().create_tag(five[0], "audit-2026").commit()
    assert expired(lake, 8) == five[1:3]


def test_one_that_was_rolled_back_goes_by_its_age(lake: Lake, five: list[int]) -> None:
    lake.table(SALES_HISTORY).manage_snapshots().rollback_to_snapshot(five[2]).commit()
    assert expired(lake, 6) == []
    assert expired(lake, 8) == [five[0], five[3], five[4]]


def test_nothing_to_expire_commits_nothing(lake: Lake, five: list[int]) -> None:
    before = lake.table(SALES_HISTORY).metadata_location
    expire(lake.table(SALES_HISTORY), [])
    assert lake.table(SALES_HISTORY).metadata_location == before


def test_a_feed_knows_where_it_reads_on_though_its_snapshots_are_gone(lake: Lake, tmp_path: Path) -> None:
    changes = CustomerChanges(tmp_path / "changes.db")
    feed = replace(RAW_SNOWFLAKE_CUSTOMERS, retention=Retention(snapshots=1))
    for number in range(1, 6):
        changes.change(f"c{number}", at(number))
        changes.now = at(number, 23)
        collect(lake, feed, changes.feed(), CALENDAR, "run", 100)
    table = lake.table(feed)
    stamp = stamp_of(table)
    expire(table, expired_snapshots(table, feed, in_days(30)))
    assert len(list(history(lake.table(feed)))) == 1
    assert stamp_of(lake.table(feed)) == stamp is not None
    changes.now = at(5, 23, 30)
    collect(lake, feed, changes.feed(), CALENDAR, "run", 100)
    assert lake.table(feed).scan().to_arrow().num_rows == 5
