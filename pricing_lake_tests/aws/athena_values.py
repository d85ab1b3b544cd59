"""How Athena takes values into a query and writes them into an answer."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from itertools import count
from typing import Any

import pyarrow as pa
from sqlglot import exp, parse_one

_MARKS = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/|\?", re.DOTALL)
"""Question marks, and what may hold one that is none: strings and comments."""


class RefusedRequestError(Exception):
    """A request that Athena answers with 400."""


def with_values(sql: str, values: Sequence[str]) -> str:
    """The query with its values in the place of `?`, which Athena allows in WHERE clauses alone."""
    numbers = count()
    marked = _MARKS.sub(lambda found: f":mark_{next(numbers)}" if found[0] == "?" else found[0], sql)
    tree = parse_one(marked, read="athena")
    marks = {mark.name: mark for mark in tree.find_all(exp.Placeholder)}
    if len(marks) != len(values):
        raise RefusedRequestError(f"Incorrect number of parameters: expected {len(marks)} but found {len(values)}")
    for number, value in enumerate(values):
        mark = marks[f"mark_{number}"]
        if not isinstance(mark.find_ancestor(exp.Where, exp.Select), exp.Where):
            raise RefusedRequestError("Parameters are allowed in the WHERE clause only")
        mark.replace(parse_one(value, read="athena"))
    return tree.sql("athena")


def columns_of(schema: pa.Schema) -> list[dict[str, Any]]:
    """ColumnInfo of an answer."""
    return [
        {
            "CatalogName": "hive",
            "SchemaName": "",
            "TableName": "",
            "Name": field.name,
            "Label": field.name,
            "Type": _type(field.type),
            "Precision": field.type.precision if pa.types.is_decimal(field.type) else 2147483647,
            "Scale": field.type.scale if pa.types.is_decimal(field.type) else 0,
            "Nullable": "UNKNOWN",
            "CaseSensitive": pa.types.is_string(field.type),
        }
        for field in schema
    ]


def _type(of: pa.DataType) -> str:
    if pa.types.is_decimal(of):
        return "decimal"
    if pa.types.is_list(of):
        return "array"
    if pa.types.is_timestamp(of):
        return "timestamp with time zone" if of.tz else "timestamp"
    names = {pa.bool_(): "boolean", pa.int32(): "integer", pa.int64(): "bigint", pa.float64(): "double"}
    return {**names, pa.date32(): "date"}.get(of, "varchar")


def rows_of(rows: pa.Table) -> list[dict[str, Any]]:
    """Rows of a SELECT: the names first, every value as text, null as nothing."""
    lines = [[*rows.column_names], *([_text(value) for value in row.values()] for row in rows.to_pylist())]
    return [{"Data": [{} if cell is None else {"VarCharValue": cell} for cell in line]} for line in lines]


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        text = value.replace(tzinfo=None).isoformat(" ", timespec="microseconds")
        return f"{text} UTC" if value.tzinfo else text
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return f"[{', '.join(_text(item) or 'null' for item in value)}]"
    return str(value)
