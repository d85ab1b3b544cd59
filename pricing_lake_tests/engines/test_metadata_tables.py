"""`$partitions`, `$snapshots` and `$files` of real Iceberg tables, against what pyiceberg and the disk say of them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyiceberg.table import Table

from pricing_lake.engines.duckdb import DuckDbEngine
from pricing_lake.errors import QueryError
from pricing_lake_tests.engines import small_sales
from pricing_lake_tests.engines.positional_deletes import delete_positions


@pytest.fixture
def sales(tmp_path: Path) -> Table:
    """28 sales in eight files, then all of them once more."""
    table = small_sales.create(tmp_path / "lake")
    table.append(small_sales.rows())
    return table


def ask(sql: str, table: Table, **params: object) -> list[tuple[Any, ...]]:
    rows = DuckDbEngine(threads=2).run(sql, {"silver.sales": table}, params).read_all()
    return [tuple(row.values()) for row in rows.to_pylist()]


def test_every_snapshot_with_its_parent_and_its_moment(sales: Table) -> None:
    first, second = sales.snapshots()
    sql = 'SELECT snapshot_id, parent_id, operation, committed_at FROM "sales$snapshots" ORDER BY committed_at'
    found = ask(sql, sales)
    assert [row[:3] for row in found] == [
        (first.snapshot_id, None, "append"),
        (second.snapshot_id, first.snapshot_id, "append"),
    ]
    assert [int(row[3].timestamp() * 1000) for row in found] == [first.timestamp_ms, second.timestamp_ms]
    assert abs(found[1][3] - datetime.now(UTC)) < timedelta(minutes=10)


def test_a_summary_is_a_map_whose_missing_words_are_null(sales: Table) -> None:
    sql = (
        "SELECT CAST(element_at(summary, 'total-records') AS bigint) AS n, element_at(summary, 'no such word') AS x "
        'FROM "silver"."sales$snapshots" ORDER BY n'
    )
    assert ask(sql, sales) == [(28, None), (56, None)]


def test_snapshots_are_compared_with_parameters(sales: Table) -> None:
    sql = 'SELECT count(*) AS n FROM "sales$snapshots" WHERE committed_at < :end'
    assert ask(sql, sales, end=datetime(2020, 1, 1)) == [(0,)]
    assert ask(sql, sales, end=datetime(2200, 1, 1)) == [(2,)]


def test_every_live_file_with_its_rows_and_its_size(sales: Table) -> None:
    sql = 'SELECT content, file_path, file_format, record_count, file_size_in_bytes FROM "sales$files"'
    found = ask(sql, sales)
    files = [task.file for task in sales.scan().plan_files()]
    assert len(found) == 16
    assert {(path, count, size) for _, path, _, count, size in found} == {
        (file.file_path, file.record_count, Path(file.file_path.removeprefix("file://")).stat().st_size)
        for file in files
    }
    assert {(content, kind) for content, _, kind, _, _ in found} == {(0, "PARQUET")}


def test_delete_files_are_files_of_another_content(sales: Table) -> None:
    task = next(iter(sales.scan("tenant_id = 'acme'").plan_files()))
    table = delete_positions(sales, task, [0])
    assert ask('SELECT content, count(*) AS n FROM "sales$files" GROUP BY content ORDER BY content', table) == [
        (0, 16),
        (1, 1),
    ]


@pytest.mark.parametrize("kind", ["partitions", "snapshots", "files"])
def test_a_table_that_was_never_written_has_no_metadata(kind: str, tmp_path: Path) -> None:
    table = small_sales.catalog(tmp_path / "lake").create_table("silver.sales", small_sales.SCHEMA)
    assert ask(f'SELECT count(*) AS n FROM "sales${kind}"', table) == [(0,)]


def test_statistics_by_column_are_refused_and_not_guessed(sales: Table) -> None:
    with pytest.raises(QueryError, match="column_sizes"):
        ask('SELECT column_sizes FROM "sales$files"', sales)


def test_another_kind_of_metadata_is_no_input(sales: Table) -> None:
    with pytest.raises(QueryError, match=r"table sales\$manifests is not an input of this query: name one of"):
        ask('SELECT * FROM "sales$manifests"', sales)
