"""A table as it was: at a snapshot, at a moment, after a rollback, and never a wrong answer for what expired."""

import time
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from pyiceberg.table import Table as IcebergTable
from pyiceberg.types import StringType

from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake.engines.duckdb import DuckDbEngine
from pricing_lake.errors import QueryError
from pricing_lake.lake.as_of import as_of, at_snapshot
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.history import moment_of
from pricing_lake.lake.publish import publish
from pricing_lake_tests.lake.conftest import day, sales

BEFORE = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def table(lake: Lake) -> IcebergTable:
    """Three snapshots of 10, 20 and 30 rows."""
    for number in (1, 2, 3):
        publish(lake, SALES_HISTORY, [day(number)], lambda window: Candidate(sales(window, 10)), f"run-{number}")
        time.sleep(0.01)
    return lake.table(SALES_HISTORY)


def count(table: IcebergTable) -> int:
    return table.scan().to_arrow().num_rows


def moments(table: IcebergTable) -> list[datetime]:
    return [moment_of(snapshot) for snapshot in table.snapshots()]


def test_at_each_snapshot_and_between_two_it_holds_what_it_held(table: IcebergTable) -> None:
    assert [count(at_snapshot(table, snapshot.snapshot_id)) for snapshot in table.snapshots()] == [10, 20, 30]
    assert [count(as_of(table, moment)) for moment in moments(table)] == [10, 20, 30]
    assert [count(as_of(table, moment - timedelta(milliseconds=1))) for moment in moments(table)] == [0, 10, 20]
    assert count(as_of(table, datetime.now(UTC))) == 30


def test_before_the_first_row_it_was_empty(table: IcebergTable) -> None:
    empty = as_of(table, BEFORE)
    assert empty.current_snapshot() is None
    assert count(empty) == 0


def test_the_engine_reads_and_plans_at_that_snapshot(table: IcebergTable) -> None:
    inputs = {"sales_history": as_of(table, moments(table)[1])}
    engine = DuckDbEngine()
    sql = "SELECT COUNT(*) AS sold FROM sales_history"
    assert engine.run(sql, inputs, {}).read_all().to_pylist() == [{"sold": 20}]
    [scan] = engine.explain(sql, inputs, {}).inputs
    assert (scan.files_scanned, scan.files_total) == (4, 4)


def test_nothing_can_be_committed_to_the_past(table: IcebergTable) -> None:
    past = at_snapshot(table, table.snapshots()[0].snapshot_id)
    rows = table.scan(limit=1).to_arrow()
    with pytest.raises(NotImplementedError):
        past.append(pa.table(rows, schema=past.schema().as_arrow()))
    assert count(table.refresh()) == 30


def test_a_column_that_came_later_is_not_there_yet(table: IcebergTable) -> None:
    with table.update_schema() as update:
        update.add_column("colour", StringType())
    first = at_snapshot(table, table.snapshots()[0].snapshot_id)
    assert "colour" not in first.schema().column_names
    assert count(first) == 10


def test_what_expired_is_refused_and_not_answered_by_an_older_tagged_one(table: IcebergTable) -> None:
    first, second, third = table.snapshots()
    table.manage_snapshots().create_tag(first.snapshot_id, "month-end").commit()
    table.maintenance.expire_snapshots().by_id(second.snapshot_id).commit()
    with pytest.raises(QueryError, match="is no longer kept; the oldest is of"):
        as_of(table, moment_of(second))
    assert count(as_of(table, moment_of(third))) == 30
    assert count(at_snapshot(table, first.snapshot_id)) == 10
    with pytest.raises(QueryError, match="has no snapshot"):
        at_snapshot(table, second.snapshot_id)


def test_before_the_oldest_that_is_kept_nothing_is_known(table: IcebergTable) -> None:
    table.maintenance.expire_snapshots().by_id(table.snapshots()[0].snapshot_id).commit()
    with pytest.raises(QueryError, match="is no longer kept"):
        as_of(table, BEFORE)


def test_a_table_that_was_set_back_is_what_was_current_then(table: IcebergTable) -> None:
    first, second, _ = table.snapshots()
    time.sleep(0.01)
    table.manage_snapshots().rollback_to_snapshot(first.snapshot_id).commit()
    assert count(table) == 10
    assert count(as_of(table, moment_of(second))) == 20
    assert count(as_of(table, datetime.now(UTC))) == 10
