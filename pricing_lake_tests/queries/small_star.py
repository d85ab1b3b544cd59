"""A small lake of real Iceberg tables that the saved queries are asked of, and their answers for tests to compare."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pytest
from pyiceberg.table import Table as IcebergTable

from pricing_lake.engines.duckdb import DuckDbEngine
from pricing_lake.queries.saved import saved_query

TODAY = date(2026, 4, 15)
Row = tuple[Any, ...]
JANUARY, FEBRUARY, MARCH, APRIL = (datetime(2026, month, 1) for month in (1, 2, 3, 4))
JAN, FEB, MAR = (date(2026, month, 1) for month in (1, 2, 3))
YEAR = {"period_start": JANUARY, "period_end": APRIL}


@dataclass(frozen=True)
class SmallStar:
    """Iceberg tables by `layer/name`."""

    tables: Mapping[str, IcebergTable]

    def ask(self, name: str, **values: object) -> list[Row]:
        """The query's rows in the query's own order; what is not given has its default as seen from `TODAY`."""
        return self.table(name, **values)[1]

    def table(self, name: str, **values: object) -> tuple[tuple[str, ...], list[Row]]:
        """The names of the columns, and the rows."""
        query = saved_query(name)
        assert values.keys() <= query.parameters.keys()
        found = DuckDbEngine().run(query.sql, self.inputs(name), query.bind({}, TODAY) | values).read_all()
        return tuple(found.column_names), [tuple(row.values()) for row in found.to_pylist()]

    def inputs(self, name: str) -> dict[str, IcebergTable]:
        """The tables that the query names, by bare name."""
        return {table_id.partition("/")[2]: self.tables[table_id] for table_id in saved_query(name).reads}


def assert_rows(found: list[Row], expected: list[Row]) -> None:
    """Equal row by row, in this order; doubles to twelve digits, money and all else exactly."""
    assert len(found) == len(expected), found
    for row, wanted in zip(found, expected, strict=True):
        assert row == tuple(pytest.approx(cell, rel=1e-12) if isinstance(cell, float) else cell for cell in wanted)


def as_text(cell: object) -> str:
    """A cell as the examples of the queries' headers show it."""
    match cell:
        case None:
            return "null"
        case bool():
            return str(cell).lower()
        case float():
            return f"{cell:.4f}".rstrip("0").rstrip(".")
        case datetime():
            return cell.strftime("%Y-%m-%d %H:%M")
    return str(cell)
