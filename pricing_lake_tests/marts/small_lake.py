"""A lake of real Iceberg tables, and the marts' answers over it in an order and form that tests can compare."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.table import Table as IcebergTable

from pricing_lake.contracts.all import table_called
from pricing_lake.contracts.as_arrow import arrow_schema
from pricing_lake.contracts.as_iceberg import iceberg_partition_spec, iceberg_schema
from pricing_lake.contracts.columns import stored_columns
from pricing_lake.contracts.model import Severity
from pricing_lake.contracts.split import split_rows
from pricing_lake.engines.duckdb import DuckDbEngine
from pricing_lake.queries.saved import saved_query

OCTOBER, NOVEMBER, DECEMBER = datetime(2025, 10, 1), datetime(2025, 11, 1), datetime(2025, 12, 1)
OCT, NOV = date(2025, 10, 1), date(2025, 11, 1)

Row = tuple[Any, ...]


@dataclass(frozen=True)
class SmallLake:
    """Iceberg tables by `layer/name`."""

    tables: Mapping[str, IcebergTable]

    def ask(self, mart: str, start: datetime, end: datetime, **parameters: object) -> list[Row]:
        """The mart's rows over [start, end) in key order, as the contract types them.

        The rows go through the mart's contract: one that it would refuse fails the test.
        """
        contract = table_called(f"marts/{mart}")
        query = saved_query(mart)
        rows = DuckDbEngine().run(query.sql, self.inputs(mart), query.over(start, end) | parameters).read_all()
        split = split_rows(contract, rows)
        assert tuple(rows.column_names) == contract.names
        assert (split.reasons, split.duplicates) == ({}, 0)
        _assert_table_rules(mart, split.good)
        order = [(name, "ascending") for name in contract.key]
        return [tuple(row.values()) for row in split.good.sort_by(order).to_pylist()]

    def inputs(self, mart: str) -> dict[str, IcebergTable]:
        """The tables that the mart's query names, by bare name."""
        return {name.partition("/")[2]: self.tables[name] for name in saved_query(mart).reads}


def make_lake(folder: Path, rows: Mapping[str, Iterable[Sequence[dict[str, Any]]]]) -> SmallLake:
    """Create the tables named by `rows` from their contracts; each of a table's batches is one append."""
    catalog = SqlCatalog("small", uri=f"sqlite:///{folder}/catalog.db", warehouse=f"file://{folder}/warehouse")
    catalog.create_namespace("small")
    tables = {}
    for name, batches in rows.items():
        contract = table_called(name)
        table = catalog.create_table(
            f"small.{contract.name}", iceberg_schema(contract), partition_spec=iceberg_partition_spec(contract)
        )
        for batch in batches:
            table.append(pa.Table.from_pylist([_stored(name, row) for row in batch], arrow_schema(contract)))
        tables[name] = table
    return SmallLake(tables)


def assert_rows(found: list[Row], expected: list[Row]) -> None:
    """Equal row by row; doubles to twelve digits, money and all else exactly."""
    assert len(found) == len(expected), found
    for row, wanted in zip(found, expected, strict=True):
        assert row == tuple(pytest.approx(cell, rel=1e-12) if isinstance(cell, float) else cell for cell in wanted)


def assert_each_month_alone(lake: SmallLake, mart: str) -> None:
    """October and November in one run have the rows that each has when run alone."""
    alone = lake.ask(mart, OCTOBER, NOVEMBER) + lake.ask(mart, NOVEMBER, DECEMBER)
    assert alone
    assert_rows(lake.ask(mart, OCTOBER, DECEMBER), alone)


def money(text: str) -> Decimal:
    """An exact amount."""
    return Decimal(text)


def _stored(name: str, row: dict[str, Any]) -> dict[str, Any]:
    run = {
        "_ingest_ts": datetime(2025, 12, 2, tzinfo=UTC),
        "_batch_id": "batch",
        "_source_system": "lake",
        "_run_date": date(2025, 12, 1),
    }
    return {column.name: (row | run).get(column.name) for column in stored_columns(table_called(name))}


def _assert_table_rules(mart: str, rows: pa.Table) -> None:
    frame = pl.DataFrame(pl.from_arrow(rows))
    for rule in table_called(f"marts/{mart}").table_rules:
        if rule.severity is Severity.CRITICAL and rows.num_rows:
            assert frame.select(rule.expression).to_series()[0] in (True, None), rule.name
