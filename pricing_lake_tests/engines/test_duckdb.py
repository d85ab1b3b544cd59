"""The embedded engine over real Iceberg tables: right rows by either reader, out of as few files as possible."""

import dataclasses
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.manifest import DataFile, FileFormat
from pyiceberg.schema import Schema
from pyiceberg.table import FileScanTask, Table
from pyiceberg.types import IntegerType, LongType, NestedField, StringType

from pricing_lake.engines import InputScan, SqlEngine, iceberg_scan
from pricing_lake.engines.duckdb import DuckDbEngine
from pricing_lake.engines.pruning import Pruning
from pricing_lake_tests.engines import small_sales
from pricing_lake_tests.engines.positional_deletes import delete_positions

ENGINE: SqlEngine = DuckDbEngine(threads=2)
FEBRUARY = {"start": datetime(2024, 2, 1), "end": datetime(2024, 3, 1)}
IN_PERIOD = "sold_date >= :start AND sold_date < :end"


@pytest.fixture(scope="module")
def sales(tmp_path_factory: pytest.TempPathFactory) -> Table:
    """Shared and never written to."""
    return small_sales.create(tmp_path_factory.mktemp("lake"))


@pytest.fixture
def own_sales(tmp_path: Path) -> Table:
    """A test's own table, to delete from and to alter."""
    return small_sales.create(tmp_path / "lake")


def ask(sql: str, table: Table, **params: object) -> list[tuple[Any, ...]]:
    rows = ENGINE.run(sql, {"silver.sales": table}, params).read_all()
    return [tuple(row.values()) for row in rows.to_pylist()]


def scan_of(sql: str, table: Table, **params: object) -> InputScan:
    (scan,) = ENGINE.explain(sql, {"silver.sales": table}, params).inputs
    return scan


def as_plain_parquet(sql: str, table: Table) -> list[tuple[Any, ...]]:
    """What a scan of the live data files says that knows no Iceberg; `sales` stands for the files."""
    paths = [task.file.file_path.removeprefix("file://") for task in table.scan().plan_files()]
    files = f"read_parquet({paths}, hive_partitioning = false)"
    return duckdb.execute(sql.replace("sales", files)).fetchall()


# --- planned files ---------------------------------------------------------------------------------------------------


def test_rows_and_types_come_back(sales: Table) -> None:
    rows = ENGINE.run("SELECT * FROM silver.sales ORDER BY sale_id LIMIT 2", {"silver.sales": sales}, {}).read_all()
    assert rows.schema.field("sold_price").type == pa.decimal128(10, 2)
    assert rows.schema.field("sold_date").type == pa.timestamp("us")
    assert rows.to_pylist()[1] == {
        "sale_id": 2,
        "tenant_id": "acme",
        "sold_date": datetime(2024, 1, 8),
        "sold_price": Decimal("2.50"),
        "quantity": 2,
    }


def test_only_the_files_and_columns_of_the_question_are_read(sales: Table) -> None:
    sql = f"SELECT sum(quantity) AS n FROM sales WHERE tenant_id = :tenant AND {IN_PERIOD}"
    assert ask(sql, sales, tenant="acme", **FEBRUARY) == [(6,)]
    scan = scan_of(sql, sales, tenant="acme", **FEBRUARY)
    assert scan.name == "silver.sales"
    assert scan.columns == ("tenant_id", "sold_date", "quantity")
    assert scan.reader == "planned files"
    assert (scan.files_scanned, scan.files_total) == (1, 8)
    every_column = scan_of(
        f"SELECT * FROM sales WHERE tenant_id = :tenant AND {IN_PERIOD}", sales, tenant="acme", **FEBRUARY
    )
    assert 0 < scan.bytes_scanned < every_column.bytes_scanned < scan.bytes_total


def test_a_look_back_computed_from_a_parameter_prunes(sales: Table) -> None:
    sql = "SELECT count(*) AS n FROM sales WHERE sold_date >= date_add('month', -1, :end) AND sold_date < :end"
    assert ask(sql, sales, end=datetime(2024, 3, 1)) == [(8,)]
    assert scan_of(sql, sales, end=datetime(2024, 3, 1)).files_scanned == 2


def test_no_matching_file_is_a_typed_empty_answer(sales: Table) -> None:
    sql = "SELECT * FROM sales WHERE tenant_id = 'nobody'"
    rows = ENGINE.run(sql, {"sales": sales}, {}).read_all()
    assert rows.num_rows == 0
    assert rows.schema == ENGINE.run("SELECT * FROM sales", {"sales": sales}, {}).schema
    assert scan_of(sql, sales).reader == "nothing"
    assert ask("SELECT count(*) AS n, max(sold_price) AS p FROM sales WHERE 1 = 0", sales) == [(0, None)]


def test_a_table_without_a_snapshot_is_empty(tmp_path: Path) -> None:
    empty = small_sales.catalog(tmp_path).create_table("silver.empty", small_sales.SCHEMA)
    assert ask("SELECT count(*) AS n FROM sales", empty) == [(0,)]
    scan = scan_of("SELECT * FROM sales", empty)
    assert (scan.files_total, scan.bytes_total) == (0, 0)


def test_unread_inputs_are_not_scanned(sales: Table) -> None:
    assert ENGINE.explain("SELECT 1 AS x", {"sales": sales}, {}).inputs == ()


def test_self_joins_and_two_inputs(sales: Table) -> None:
    two = {"now": sales, "before": sales}
    sql = "SELECT count(*) AS n FROM now JOIN before ON now.quantity = before.quantity AND now.tenant_id = 'acme'"
    expected = sum(
        a["quantity"] == b["quantity"] is not None
        for a in small_sales.rows().to_pylist()
        for b in small_sales.rows().to_pylist()
        if a["tenant_id"] == "acme"
    )
    assert ENGINE.run(sql, two, {}).read_all().to_pylist() == [{"n": expected}]


def test_paths_with_quotes_and_blanks_are_planned_files(tmp_path: Path) -> None:
    table = small_sales.create(tmp_path / "it's a lake")
    assert ask("SELECT count(*) AS n FROM sales", table) == [(28,)]
    assert scan_of("SELECT * FROM sales", table).reader == "planned files"


def test_partition_metadata_is_a_table(sales: Table) -> None:
    sql = (
        'SELECT "partition".tenant_id AS tenant, sum(file_count) AS files, sum(record_count) AS n '
        'FROM "silver"."sales$partitions" GROUP BY 1 ORDER BY 1'
    )
    assert ask(sql, sales) == [("acme", 4, 15), ("zoo", 3, 12), (None, 1, 1)]
    size = 'SELECT sum(p.total_size) AS n FROM "sales$partitions" p'
    assert ask(size, sales) == [(scan_of("SELECT * FROM sales", sales).bytes_total,)]


# --- the Iceberg reader, wherever plain Parquet would be wrong -------------------------------------------------------


def test_deleted_rows_stay_deleted(own_sales: Table) -> None:
    february = "tenant_id = 'acme' and sold_date >= '2024-02-01T00:00:00' and sold_date < '2024-03-01T00:00:00'"
    (task,) = own_sales.scan(february).plan_files()
    table = delete_positions(own_sales, task, [0, 3])
    sql = "SELECT count(*) AS n, sum(sale_id) AS ids FROM sales"
    everything = (28, sum(small_sales.rows()["sale_id"].to_pylist()))
    assert as_plain_parquet(sql, table) == [everything], "plain Parquet brings the deleted rows back"
    assert ask(sql, table) == [(26, everything[1] - 5 - 8)]
    assert scan_of(sql, table).reader == "iceberg reader"
    assert ask(f"SELECT sale_id FROM sales WHERE {IN_PERIOD} AND tenant_id = 'acme' ORDER BY 1", table, **FEBRUARY) == [
        (6,),
        (7,),
    ]
    # A delete file elsewhere does not slow this question down.
    assert scan_of("SELECT * FROM sales WHERE tenant_id = 'zoo'", table).reader == "planned files"


def test_a_table_named_twice_is_read_twice_by_the_iceberg_reader(own_sales: Table) -> None:
    task = next(iter(own_sales.scan("tenant_id = 'zoo'").plan_files()))
    table = delete_positions(own_sales, task, [0])
    assert ask("SELECT count(*) AS n FROM sales a CROSS JOIN sales b", table) == [(27 * 27,)]
    twice = "WITH s AS (SELECT * FROM sales) SELECT (SELECT count(*) FROM s) AS n, (SELECT count(*) FROM s) AS m"
    assert ask(twice, table) == [(27, 27)]
    correlated = (
        "SELECT count(*) AS n FROM sales a WHERE EXISTS (SELECT 1 FROM sales b WHERE b.sale_id = a.sale_id + 1)"
    )
    ids = set(table.scan().to_arrow()["sale_id"].to_pylist())
    assert ask(correlated, table) == [(sum(number + 1 in ids for number in ids),)]


def test_swapped_names_do_not_swap_values(tmp_path: Path) -> None:
    schema = Schema(
        NestedField(1, "low", IntegerType(), required=False), NestedField(2, "high", IntegerType(), required=False)
    )
    table = small_sales.catalog(tmp_path).create_table("silver.bounds", schema)
    table.append(pa.table({"low": [1], "high": [9]}, schema=schema_to_pyarrow(schema)))
    with table.update_schema() as update:
        update.rename_column("low", "spare")
    with table.update_schema() as update:
        update.rename_column("high", "low")
    with table.update_schema() as update:
        update.rename_column("spare", "high")
    sql = "SELECT low, high FROM sales"
    assert as_plain_parquet(sql, table) == [(1, 9)], "plain Parquet goes by name"
    assert ask(sql, table) == [(9, 1)]


def test_renamed_added_and_widened_columns(own_sales: Table) -> None:
    with own_sales.update_schema() as update:
        update.rename_column("tenant_id", "shop")
        update.add_column("channel", StringType())
        update.update_column("quantity", LongType())
    assert ask("SELECT shop, count(*) AS n FROM sales GROUP BY 1 ORDER BY 1", own_sales) == [
        ("acme", 15),
        ("zoo", 12),
        (None, 1),
    ]
    assert ask("SELECT count(*) AS n, count(channel) AS filled FROM sales", own_sales) == [(28, 0)]
    for column in ("shop", "channel", "quantity"):
        assert scan_of(f"SELECT {column} FROM sales", own_sales).reader == "iceberg reader"
    assert scan_of("SELECT sale_id, sold_price FROM sales", own_sales).reader == "planned files"
    assert scan_of("SELECT sale_id FROM sales WHERE shop = 'acme'", own_sales).files_scanned == 4


def test_a_dropped_and_readded_column_does_not_come_back(own_sales: Table) -> None:
    with own_sales.update_schema() as update:
        update.delete_column("quantity")
    with own_sales.update_schema() as update:
        update.add_column("quantity", IntegerType())
    assert ask("SELECT count(quantity) AS n FROM sales", own_sales) == [(0,)]


def test_a_path_that_a_glob_would_expand_goes_to_the_iceberg_reader(tmp_path: Path) -> None:
    table = small_sales.create(tmp_path / "lake[1]")
    assert ask("SELECT count(*) AS n FROM sales", table) == [(28,)]
    assert scan_of("SELECT * FROM sales", table).reader == "iceberg reader"


@pytest.mark.parametrize(
    ("path", "file_format"),
    [("s3://bucket/sales.parquet", FileFormat.PARQUET), ("file:///lake/sales.orc", FileFormat.ORC)],
)
def test_remote_files_and_other_formats_go_to_the_iceberg_reader(
    sales: Table, path: str, file_format: FileFormat
) -> None:
    """The gate alone is asked: neither a bucket nor a writer of ORC is at hand."""
    planned = iceberg_scan.plan("sales", sales, Pruning(("sale_id",), AlwaysTrue()))
    assert len(planned.plain_files() or []) == 8
    file = DataFile.from_args(file_path=path, file_format=file_format, file_size_in_bytes=1, record_count=1)
    assert dataclasses.replace(planned, tasks=[*planned.tasks, FileScanTask(file)]).plain_files() is None
