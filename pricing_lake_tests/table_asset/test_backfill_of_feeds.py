"""Backfills of a feed's days respect its stamp: in whatever order past days run, it never goes back nor rows double."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import pytest

from pricing_lake.contracts.bronze_customers import RAW_SNOWFLAKE_CUSTOMERS
from pricing_lake.lake.watermark import parse_stamp, stamp_of
from pricing_lake_tests.lake.change_feed import CustomerChanges, at
from pricing_lake_tests.table_asset.test_feed import materialize, rows
from pricing_lake_tests.table_asset.tiny_table import lake_resource

FIRST = date(2026, 3, 1)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def stamp(home: Path) -> str:
    return stamp_of(lake_resource(home).open().table(RAW_SNOWFLAKE_CUSTOMERS)) or ""


@pytest.mark.parametrize(
    "ranges",
    [[(1, 4), (1, 4)], [(4, 4), (3, 3), (2, 2), (1, 1)], [(2, 3), (1, 4), (2, 2)]],
    ids=["twice", "backwards", "overlapping"],
)
def test_a_backfill_of_past_days_moves_the_stamp_forward_only(
    tmp_path: Path, instance: dg.DagsterInstance, ranges: Sequence[tuple[int, int]]
) -> None:
    changes = CustomerChanges(tmp_path / "changes.db")
    for number in range(1, 5):
        changes.change(f"c{number}", at(number))
    changes.now = at(6)
    stamps = []
    for number, (first, last) in enumerate(ranges):
        days = [(FIRST + timedelta(days=day - 1)).isoformat() for day in (first, last)]
        changes.now = at(6, 12, number)
        assert materialize(tmp_path, changes, instance, days[0], days[1]).success
        stamps.append(parse_stamp(stamp(tmp_path)))
    assert stamps == sorted(stamps)
    assert stamps[0] > at(4), "the first run catches up, whichever day was asked for"
    assert rows(tmp_path) == ["c1", "c2", "c3", "c4"]


def test_a_past_day_that_grew_late_is_filled_by_its_backfill_without_touching_the_stamp(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    changes = CustomerChanges(tmp_path / "changes.db")
    changes.change("c2", at(2))
    changes.now = at(6)
    materialize(tmp_path, changes, instance, "2026-03-01", "2026-03-04")
    before = stamp(tmp_path)
    changes.change("late", at(3))
    assert materialize(tmp_path, changes, instance, "2026-03-03", "2026-03-03").success
    assert rows(tmp_path) == ["c2", "late"]
    assert stamp(tmp_path) == before
