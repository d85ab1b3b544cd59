"""Division, casts between numbers, logarithms and buckets, with Athena's types and rounding."""

from collections.abc import Callable
from typing import Any

from sqlglot import exp
from sqlglot.generator import Generator

from pricing_lake.engines.sql_types import Kind, kind, shown
from pricing_lake.errors import QueryError

_PRINTED_ALIKE = {Kind.TEXT, Kind.INTEGER, Kind.DECIMAL, Kind.BOOLEAN, Kind.DATE, Kind.NULL}


def _divide(generator: Generator, node: exp.Div) -> str:
    kinds = {kind(node.left), kind(node.right)}
    if kinds <= {Kind.INTEGER, Kind.NULL}:
        return generator.binary(node, "//")
    if Kind.REAL in kinds and kinds <= {Kind.REAL, Kind.INTEGER, Kind.DECIMAL, Kind.NULL, Kind.UNKNOWN}:
        return generator.binary(node, "/")
    raise QueryError(
        f"{shown(node)} divides {kind(node.left)} by {kind(node.right)}: write CAST(… AS double) on one side"
    )


def _average(generator: Generator, node: exp.Avg) -> str:
    if kind(node.this) not in {Kind.INTEGER, Kind.REAL}:
        raise QueryError(f"{shown(node)} averages {kind(node.this)}: write AVG(CAST(… AS double))")
    return generator.func("AVG", node.this)


def _cast(generator: Generator, node: exp.Cast) -> str:
    operand, target = generator.sql(node, "this"), node.to
    if target.is_type(exp.DType.DECIMAL) and len(target.expressions) != 2:
        raise QueryError(f"{shown(node)} has no precision: write DECIMAL(precision, scale), e.g. DECIMAL(10, 2)")
    if target.this in exp.DataType.TEXT_TYPES:
        _refuse_printing(node)
    if target.this in exp.DataType.INTEGER_TYPES:
        operand = _as_integer(node, operand)
    spelling = "TIMESTAMP" if target.is_type(exp.DType.TIMESTAMP) else generator.sql(target)
    return f"{'TRY_CAST' if isinstance(node, exp.TryCast) else 'CAST'}({operand} AS {spelling})"


def _refuse_printing(node: exp.Cast) -> None:
    if node.to.expressions:
        raise QueryError(f"{shown(node)} cuts text by a cast: write substr")
    if kind(node.this) not in _PRINTED_ALIKE:
        raise QueryError(f"{shown(node)} prints {kind(node.this)}, which engines spell differently: use date_format")


def _as_integer(node: exp.Cast, operand: str) -> str:
    match kind(node.this):
        case Kind.REAL:
            return f"ROUND({operand})"
        case Kind.TEXT:
            return f"CASE WHEN REGEXP_FULL_MATCH({operand}, '[+-]?[0-9]+') THEN {operand} ELSE {operand} || ' ?' END"
        case Kind.UNKNOWN:
            raise QueryError(f"{shown(node)} casts a value of unknown type: cast it to double or varchar first")
    return operand


def _logarithm(generator: Generator, node: exp.Log) -> str:
    named = {"10": "LOG10", "2": "LOG2"}.get(node.this.name)
    if node.expression is None or named is None:
        raise QueryError(f"{shown(node)} is outside the lake's Athena SQL subset: use ln, log2 or log10")
    return generator.func(named, node.expression)


def _width_bucket(generator: Generator, node: exp.WidthBucket) -> str:
    """SQL:2003 width_bucket: 0 below `low`, n + 1 from `high` on, else 1 + floor(n (x - low) / (high - low))."""
    value, low, high = (f"CAST({generator.sql(node, key)} AS DOUBLE)" for key in ("this", "min_value", "max_value"))
    buckets = generator.sql(node, "num_buckets")
    return (
        f"CASE WHEN {low} >= {high} THEN ERROR('width_bucket: the lower bound must be below the upper') "
        f"WHEN {value} < {low} THEN 0 WHEN {value} >= {high} THEN CAST({buckets} AS BIGINT) + 1 "
        f"ELSE CAST(FLOOR({buckets} * ({value} - {low}) / ({high} - {low}) + 1) AS BIGINT) END"
    )


REWRITES: dict[type[exp.Expr], Callable[[Any, Any], str]] = {
    exp.Div: _divide,
    exp.Avg: _average,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.Log: _logarithm,
    exp.WidthBucket: _width_bucket,
}
