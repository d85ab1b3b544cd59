"""Every query runs in a sandbox: a closed file system, errors without values, nothing left behind."""

import gc
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.table import Table

from pricing_lake.engines import SqlEngine
from pricing_lake.engines.duckdb import DuckDbEngine
from pricing_lake.errors import QueryError
from pricing_lake_tests.engines import small_sales

ENGINE: SqlEngine = DuckDbEngine(threads=2)


@pytest.fixture(scope="module")
def sales(tmp_path_factory: pytest.TempPathFactory) -> Table:
    """Shared and never written to."""
    return small_sales.create(tmp_path_factory.mktemp("lake"))


def ask(sql: str, table: Table) -> None:
    ENGINE.run(sql, {"silver.sales": table}, {}).read_all()


@pytest.fixture
def smuggle(monkeypatch: pytest.MonkeyPatch, sales: Table) -> Any:
    """Runs DuckDB's own SQL behind the gate, as if the gate had let it through."""

    def run(sql: str) -> list[Any]:
        monkeypatch.setattr("pricing_lake.engines.duckdb.to_duckdb", lambda tree: sql)
        rows = DuckDbEngine(memory_limit="256MiB", threads=1).run("SELECT sale_id FROM sales", {"sales": sales}, {})
        return [value for row in rows.read_all().to_pylist() for value in row.values()]

    return run


def test_behind_the_gate_the_file_system_is_closed(smuggle: Any, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("name\nana\n")
    for reader in (f"read_csv('{secret}')", f"read_text('{secret}')", f"glob('{tmp_path}/*')", f"'{secret}'"):
        with pytest.raises(QueryError, match=r"Permission Error: Cannot access file …"):
            smuggle(f"SELECT * FROM {reader}")
    with pytest.raises(QueryError):
        smuggle(f"COPY (SELECT 1) TO '{tmp_path}/out.csv'")
    assert [path.name for path in tmp_path.iterdir()] == ["secret.csv"]


def test_settings_are_applied_and_cannot_be_changed(smuggle: Any) -> None:
    names = ("memory_limit", "threads", "TimeZone", "autoload_known_extensions", "enable_external_access")
    shown = smuggle(f"SELECT {', '.join(f'current_setting({name!r}) AS {name}' for name in names)}")
    assert shown == ["256.0 MiB", 1, "UTC", False, False]
    with pytest.raises(QueryError, match="configuration has been locked"):
        smuggle("SET enable_external_access = true")


def test_variables_of_the_caller_are_no_tables(smuggle: Any) -> None:
    caller = pa.table({"x": [1]})
    with pytest.raises(QueryError, match="Table with name caller does not exist"):
        smuggle("SELECT * FROM caller")
    assert caller.num_rows == 1


def test_errors_while_running_are_one_line_without_values(sales: Table) -> None:
    with pytest.raises(QueryError, match="Conversion Error") as caught:
        ask("SELECT CAST(tenant_id AS double) AS x FROM sales", sales)
    assert "acme" not in str(caught.value)
    assert "\n" not in str(caught.value)
    with pytest.raises(QueryError, match="Division by zero"):
        ask("SELECT sale_id / (quantity - quantity) AS x FROM sales", sales)
    with pytest.raises(QueryError, match="More than one row"):
        ask("SELECT (SELECT sale_id FROM sales) AS x", sales)


def test_errors_in_planning_name_what_to_do(sales: Table) -> None:
    with pytest.raises(QueryError, match=r"table orders is not an input of this query: name one of silver\.sales"):
        ENGINE.explain("SELECT * FROM orders", {"silver.sales": sales}, {})
    with pytest.raises(QueryError, match="parameter tenant is missing"):
        ask("SELECT * FROM sales WHERE tenant_id = :tenant", sales)


@pytest.fixture
def spill_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield tmp_path
    monkeypatch.undo()


def test_nothing_is_left_behind(sales: Table, spill_root: Path) -> None:
    reader = ENGINE.run("SELECT * FROM sales", {"sales": sales}, {})
    assert len(list(spill_root.iterdir())) == 1
    reader.read_all()
    assert not list(spill_root.iterdir())
    with pytest.raises(QueryError):
        ENGINE.run("SELECT nothing FROM sales", {"sales": sales}, {})
    assert not list(spill_root.iterdir())
    abandoned = ENGINE.run("SELECT * FROM sales", {"sales": sales}, {})
    del abandoned
    gc.collect()
    assert not list(spill_root.iterdir())


def test_rows_beyond_one_batch_stream(sales: Table) -> None:
    batches = list(ENGINE.run("SELECT n FROM UNNEST(sequence(1, 200000)) AS s(n)", {"sales": sales}, {}))
    assert len(batches) > 1
    assert sum(batch.num_rows for batch in batches) == 200_000
