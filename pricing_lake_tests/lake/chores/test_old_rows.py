"""Retention of rows: whole days, none too early, and readers are told where they went."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pricing_lake.contracts.bronze_customers import RAW_SNOWFLAKE_CUSTOMERS
from pricing_lake.contracts.model import Retention
from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake.errors import RefusedError
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.chores.old_rows import delete_rows, expired_partitions
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.increment import collect
from pricing_lake.lake.publish import publish
from pricing_lake.lake.reader import PublishedPartitions
from pricing_lake.lake.settle import settle
from pricing_lake.lake.watermark import stamp_of
from pricing_lake.lake.window import PartitionWindow
from pricing_lake_tests.lake.change_feed import CALENDAR, CustomerChanges, at
from pricing_lake_tests.lake.conftest import day, sales

MONTH_KEPT = replace(SALES_HISTORY, retention=Retention(days=30))


@pytest.fixture
def days(lake: Lake) -> Lake:
    for number in (1, 2, 3):
        publish(lake, SALES_HISTORY, [day(number)], lambda window: Candidate(sales(window, 6)), "run")
    return lake


def test_days_that_ended_longer_ago_go_and_no_other(days: Lake) -> None:
    now = day(2).end + timedelta(days=30, seconds=1)
    table = days.table(SALES_HISTORY)
    found = expired_partitions(days, table, MONTH_KEPT, now)
    assert [window.key for window in found] == [day(1).key, day(2).key]
    delete_rows(days, MONTH_KEPT, found, "housekeeping")
    left = days.table(SALES_HISTORY).scan(selected_fields=("_run_date",)).to_arrow().column(0).to_pylist()
    assert set(left) == {day(3).first_day}
    with pytest.raises(RefusedError, match="retention: its rows were older than 30 days and are deleted"):
        PublishedPartitions(days, SALES_HISTORY, [day(1)]).read(day(1))
    assert PublishedPartitions(days, SALES_HISTORY, [day(3)]).read(day(3)).num_rows == 6
    assert expired_partitions(days, days.table(SALES_HISTORY), MONTH_KEPT, now) == []


def test_a_contract_without_a_limit_keeps_everything(days: Lake) -> None:
    assert expired_partitions(days, days.table(SALES_HISTORY), SALES_HISTORY, day(1).end + timedelta(days=9_999)) == []


def test_a_feeds_stamp_stays_and_its_deleted_day_does_not_come_back(lake: Lake, tmp_path: Path) -> None:
    feed = replace(RAW_SNOWFLAKE_CUSTOMERS, retention=Retention(days=30))
    changes = CustomerChanges(tmp_path / "changes.db")
    for number in (2, 5):
        changes.change(f"c{number}", at(number))
    changes.now = at(6)
    collect(lake, feed, changes.feed(), CALENDAR, "run", 100)
    settle(lake, feed, [PartitionWindow.of_day(at(number).date()) for number in (2, 5)], "close")
    stamp = stamp_of(lake.table(feed))
    found = expired_partitions(lake, lake.table(feed), feed, at(3) + timedelta(days=30))
    delete_rows(lake, feed, found, "housekeeping")
    changes.now = at(6, 13)
    collect(lake, feed, changes.feed(), CALENDAR, "run", 100)
    rows = lake.table(feed).scan(selected_fields=("customer_id",)).to_arrow().column(0).to_pylist()
    assert (rows, stamp_of(lake.table(feed))) == (["c5"], stamp)
