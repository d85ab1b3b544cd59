"""Dates and timestamps: truncation, arithmetic, differences and formats, with Athena's result types."""

import re
from collections.abc import Callable
from typing import Any

from sqlglot import exp
from sqlglot.generator import Generator

from pricing_lake.engines.sql_types import Kind, kind, shown
from pricing_lake.errors import QueryError

_UNITS = frozenset({"MILLISECOND", "SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR"})
_FIELDS = frozenset({"YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND"})
# sqlglot has turned Athena's MySQL-style specifiers into strftime's by the time they are seen here.
_FORMAT = re.compile(r"(?:[^%]|%[YymdHMSjbBaA])*")
_TEMPORAL = {Kind.DATE, Kind.TIMESTAMP}


def _unit(node: exp.Expr, allowed: frozenset[str] = _UNITS) -> str:
    unit = node.args.get("unit")
    name = unit.name.upper() if unit is not None else "none"
    if name not in allowed:
        raise QueryError(f"{shown(node)} has the unit {name.lower()}: use {', '.join(sorted(allowed)).lower()}")
    return name


def _like(operand: exp.Expr, result: str) -> str:
    """Give `result`, a timestamp in DuckDB, the type of `operand`, as Athena does."""
    match kind(operand):
        case Kind.DATE:
            return f"CAST({result} AS DATE)"
        case Kind.TIMESTAMP:
            return result
    raise QueryError(f"{shown(operand)} is {kind(operand)}: cast it to date or timestamp first")


def _truncate(generator: Generator, node: exp.TimestampTrunc | exp.DateTrunc) -> str:
    return _like(node.this, f"DATE_TRUNC('{_unit(node).lower()}', {generator.sql(node, 'this')})")


def _add_units(generator: Generator, node: exp.DateAdd) -> str:
    count = generator.sql(node, "expression")
    return _like(node.this, f"({generator.sql(node, 'this')} + INTERVAL ({count}) {_unit(node)})")


def _difference(generator: Generator, node: exp.DateDiff) -> str:
    for operand in (node.this, node.expression):
        _like(operand, "")
    start, end = generator.sql(node, "expression"), generator.sql(node, "this")
    return f"DATE_SUB('{_unit(node).lower()}', {start}, {end})"


def _shift(generator: Generator, node: exp.Add | exp.Sub) -> str:
    text = generator.binary(node, "+" if isinstance(node, exp.Add) else "-")
    left, right = kind(node.left), kind(node.right)
    if Kind.INTERVAL in {left, right} and left is not right:
        return _like(node.right if left is Kind.INTERVAL else node.left, f"({text})")
    if {left, right} & _TEMPORAL:
        raise QueryError(f"{shown(node)} is not date arithmetic of the subset: use date_diff or date_add")
    return text


def _interval(generator: Generator, node: exp.Interval) -> str:
    if not re.fullmatch(r"[+-]?\d+", node.name):
        raise QueryError(f"{shown(node)} is not INTERVAL 'whole number' UNIT: use date_add for the rest")
    return f"INTERVAL '{node.name}' {_unit(node)}"


def _format(node: exp.TimeToStr | exp.StrToTime) -> str:
    pattern = node.args["format"]
    if not pattern.is_string or not _FORMAT.fullmatch(pattern.name):
        raise QueryError(f"{shown(node)} has a format outside %Y %y %m %d %H %i %s %j %b %M %a %W: use these")
    return str(exp.Literal.string(pattern.name).sql("duckdb"))


def _print(generator: Generator, node: exp.TimeToStr) -> str:
    _like(node.this, "")
    return f"STRFTIME({generator.sql(node, 'this')}, {_format(node)})"


def _parse(generator: Generator, node: exp.StrToTime) -> str:
    return f"STRPTIME({generator.sql(node, 'this')}, {_format(node)})"


def _extract(generator: Generator, node: exp.Extract) -> str:
    field = node.name.upper()
    if field not in _FIELDS:
        raise QueryError(f"{shown(node)} extracts {field.lower()}: use a function such as day_of_week")
    return f"EXTRACT({field} FROM {generator.sql(node, 'expression')})"


REWRITES: dict[type[exp.Expr], Callable[[Any, Any], str]] = {
    exp.TimestampTrunc: _truncate,
    exp.DateTrunc: _truncate,
    exp.DateAdd: _add_units,
    exp.DateDiff: _difference,
    exp.Add: _shift,
    exp.Sub: _shift,
    exp.Interval: _interval,
    exp.TimeToStr: _print,
    exp.StrToTime: _parse,
    exp.Extract: _extract,
}
