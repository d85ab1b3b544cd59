"""How Athena takes values into a query and writes them into an answer."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import pyarrow as pa
from sqlglot import exp, parse_one


def with_values(sql: str, values: Sequence[str]) -> str:
    """The query with its values in the place of `?`, which Athena allows in WHERE clauses alone."""
    from pricing_lake_tests.aws.athena_server import RefusedRequestError

    tree = parse_one(sql, read="athena")
    marks = sorted(tree.find_all(exp.Placeholder), key=lambda mark: _place(tree, mark))
    if len(marks) != len(values):
        raise RefusedRequestError(f"Incorrect number of parameters: expected {len(marks)} but found {len(values)}")
    for mark, value in zip(marks, values, strict=True):
        if mark.find_ancestor(exp.Where, exp.Select) is None or not isinstance(
            mark.find_ancestor(exp.Where, exp.Select), exp.Where
        ):
            raise RefusedRequestError("Parameters are allowed in the WHERE clause only")
        mark.replace(parse_one(value, read="athena"))
    return tree.sql("athena")


def _place(tree: exp.Expr, mark: exp.Expr) -> int:
    """Where a question mark stands in the text: depth first is the order of writing but for WITH."""
    return next(number for number, node in enumerate(_in_order(tree)) if node is mark)


def _in_order(tree: exp.Expr) -> list[exp.Expr]:
    """Nodes in the order of the text."""
    clauses = ("with_", "expressions", "from_", "joins", "where", "group", "having", "windows", "order", "limit")
    order = {name: number for number, name in enumerate(clauses)}
    found = [tree]
    children = list(tree.args.items())
    if isinstance(tree, exp.Select):
        children.sort(key=lambda item: order.get(item[0], len(order)))
    for _, value in children:
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, exp.Expr):
                found += _in_order(child)
    return found


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
