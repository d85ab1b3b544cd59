"""Three rows with a column of every type, the last of NULLs, to ask expressions of."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from pyiceberg.schema import Schema
from pyiceberg.types import (
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    IntegerType,
    ListType,
    MapType,
    NestedField,
    StringType,
    TimestampType,
    TimestamptzType,
)

from pricing_lake.engines.dialect import to_duckdb
from pricing_lake.engines.query import prepare
from pricing_lake_tests.engines.athena import InMemory

SCHEMA = Schema(
    NestedField(1, "name", StringType(), required=False),
    NestedField(2, "price", DecimalType(10, 2), required=False),
    NestedField(3, "amount", DoubleType(), required=False),
    NestedField(4, "quantity", IntegerType(), required=False),
    NestedField(5, "day", DateType(), required=False),
    NestedField(6, "moment", TimestampType(), required=False),
    NestedField(7, "ingested", TimestamptzType(), required=False),
    NestedField(8, "good", BooleanType(), required=False),
    NestedField(9, "vector", ListType(10, DoubleType(), element_required=False), required=False),
    NestedField(11, "counts", MapType(12, StringType(), 13, IntegerType(), value_required=False), required=False),
)
ROWS: list[dict[str, Any]] = [
    {
        "name": "a", "price": Decimal("1.50"), "amount": 2.5, "quantity": 7, "day": date(2024, 1, 31),
        "moment": datetime(2024, 1, 31, 23), "ingested": datetime(2024, 1, 31, 23, tzinfo=UTC), "good": True,
        "vector": [1.0, 2.0], "counts": {"x": 1},
    },
    {
        "name": "b", "price": Decimal("2.25"), "amount": -2.5, "quantity": -7, "day": date(2024, 2, 29),
        "moment": datetime(2024, 2, 29, 1), "ingested": datetime(2024, 2, 29, 1, tzinfo=UTC), "good": False,
        "vector": [3.0, 4.0], "counts": {"x": 2, "y": 3},
    },
    dict.fromkeys(["name", "price", "amount", "quantity", "day", "moment", "ingested", "good", "vector", "counts"]),
]  # fmt: skip


def column(athena: InMemory, expression: str, **params: object) -> list[Any]:
    """Values of an expression for row a, row b and the row of NULLs."""
    return [value for (value,) in athena.answer(f"SELECT {expression} AS value FROM t ORDER BY name", **params)]


def total(athena: InMemory, expression: str) -> Any:
    """Value of an aggregate over the three rows."""
    ((value,),) = athena.answer(f"SELECT {expression} AS value FROM t")
    return value


def types(athena: InMemory, expressions: str) -> list[str]:
    """DuckDB's types of the expressions."""
    relation = athena.connection.sql(to_duckdb(prepare(f"SELECT {expressions} FROM t", {"t": SCHEMA}, {})))
    assert relation is not None
    return [str(kind) for kind in relation.types]
