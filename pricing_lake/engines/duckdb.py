"""The embedded engine: DuckDB over pyiceberg tables. Text, pruning, planning and sandbox are modules of their own."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import ClassVar

import duckdb
import pyarrow as pa
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from sqlglot import exp

from pricing_lake.engines import ScanStats, iceberg_scan
from pricing_lake.engines.dialect import to_duckdb
from pricing_lake.engines.duckdb_sandbox import database, lock, path_list, query_errors
from pricing_lake.engines.iceberg_scan import IcebergScan
from pricing_lake.engines.metadata_tables import metadata_rows, metadata_schemas
from pricing_lake.engines.pruning import prune
from pricing_lake.engines.query import INPUTS, input_tables, prepare
from pricing_lake.engines.sql_types import duckdb_type, quoted
from pricing_lake.errors import QueryError

_BATCH_ROWS = 65_536


@dataclass(frozen=True)
class DuckDbEngine:
    """Runs queries in this process; every query has a database of its own, in memory, and leaves nothing behind.

    `memory_limit` bounds DuckDB's buffers (e.g. "2GB"; the process needs about a quarter more, and beyond it sorts
    and joins spill to a temporary directory); `threads` defaults to the machine's cores.
    """

    memory_limit: str | None = None
    threads: int | None = None
    dialect: ClassVar[str] = "duckdb"

    def run(self, sql: str, inputs: Mapping[str, Table], params: Mapping[str, object]) -> pa.RecordBatchReader:
        """Stream the query's rows; sort them if their order matters and the query has no ORDER BY.

        Raises QueryError before the first batch for what can be known from the text and the metadata, and while
        streaming for what only rows show (a failed cast, a division by zero, no memory left).
        """
        resources = ExitStack()
        with _closed_on_error(resources):
            connection = resources.enter_context(database(self.memory_limit, self.threads))
            tree, scans = _plan(connection, sql, inputs, params)
            text = to_duckdb(tree)
            with query_errors():
                _offer(connection, tree, scans, inputs)
                lock(connection, [path for scan in scans for path in scan.plain_files() or []])
                rows = connection.sql(text).to_arrow_reader(_BATCH_ROWS)
        return pa.RecordBatchReader.from_batches(rows.schema, _stream(rows, resources))

    def explain(self, sql: str, inputs: Mapping[str, Table], params: Mapping[str, object]) -> ScanStats:
        """Plan the query and count what it would read."""
        with database(self.memory_limit, self.threads) as connection:
            _, scans = _plan(connection, sql, inputs, params)
        return ScanStats(tuple(scan.stats() for scan in scans))


def _plan(
    connection: duckdb.DuckDBPyConnection, sql: str, inputs: Mapping[str, Table], params: Mapping[str, object]
) -> tuple[exp.Query, list[IcebergScan]]:
    data = {name: table.schema() for name, table in inputs.items()}
    tree = prepare(sql, data | metadata_schemas(inputs), params)

    def evaluate(constant: exp.Expr) -> object:
        try:
            ((value,),) = connection.execute(f"SELECT {to_duckdb(constant)}").fetchall()
        except (duckdb.Error, QueryError):
            return None
        return value

    prunings = prune(tree, data, evaluate)
    return tree, [iceberg_scan.plan(name, inputs[name], pruning) for name, pruning in prunings.items()]


def _offer(
    connection: duckdb.DuckDBPyConnection, tree: exp.Query, scans: list[IcebergScan], inputs: Mapping[str, Table]
) -> None:
    """Create a view for every table that `tree` reads, data and metadata alike."""
    connection.execute(f"CREATE SCHEMA {quoted(INPUTS)}")
    for scan in scans:
        _create_view(connection, scan.name, scan.schema, _relation(connection, scan))
    schemas = metadata_schemas(inputs)
    for name in sorted({table.name for table in input_tables(tree)} - inputs.keys()):
        relation = _register(connection, name, metadata_rows(name, inputs))
        _create_view(connection, name, schemas[name], relation)


def _create_view(connection: duckdb.DuckDBPyConnection, name: str, schema: Schema, relation: str) -> None:
    """Offer a relation as `inputs.<name>`, each column of its declared type whichever way its rows are read."""
    columns = ", ".join(
        f"CAST({quoted(field.name)} AS {duckdb_type(field.field_type)}) AS {quoted(field.name)}"
        for field in schema.fields
    )
    rows = f"SELECT {columns} FROM {relation}"  # noqa: S608 - quoted identifiers
    connection.execute(f"CREATE VIEW {quoted(INPUTS)}.{quoted(name)} AS {rows}")


def _relation(connection: duckdb.DuckDBPyConnection, scan: IcebergScan) -> str:
    """Name the rows of a scan in SQL: the one place that knows how planned files reach DuckDB."""
    files = scan.plain_files()
    if files is None:
        return _register(connection, scan.name, scan)
    if not files:
        nulls = ", ".join(f"NULL AS {quoted(field.name)}" for field in scan.schema.fields)
        return f"(SELECT {nulls} WHERE false)"
    return f"read_parquet({path_list(files)}, hive_partitioning = false, union_by_name = false)"


def _register(connection: duckdb.DuckDBPyConnection, name: str, rows: pa.Table | IcebergScan) -> str:
    relation = f"rows of {name}"
    connection.register(relation, rows)
    return quoted(relation)


def _stream(rows: pa.RecordBatchReader, resources: ExitStack) -> Iterator[pa.RecordBatch]:
    with resources, query_errors():
        yield from rows


@contextmanager
def _closed_on_error(resources: ExitStack) -> Iterator[None]:
    try:
        yield
    except BaseException:
        resources.close()
        raise
