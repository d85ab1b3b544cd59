"""Aggregates: exact where Athena's approximate ones would not be reproducible, and of Athena's types."""

from collections.abc import Callable
from typing import Any

from sqlglot import exp
from sqlglot.generator import Generator

from pricing_lake.engines.sql_types import Kind, kind, shown
from pricing_lake.errors import QueryError


def with_bigint_sums(tree: exp.Expr) -> exp.Expr:
    """Copy `tree` with every sum of integers cast back to BIGINT, outside its FILTER and OVER clauses."""
    copied = tree.copy()
    for total in list(copied.find_all(exp.Sum)):
        if kind(total.this) is not Kind.INTEGER:
            continue
        outermost: exp.Expr = total
        while isinstance(outermost.parent, (exp.Filter, exp.Window)) and outermost.arg_key == "this":
            outermost = outermost.parent
        cast = exp.cast(outermost.copy(), exp.DType.BIGINT)
        cast.this.type = cast.type = exp.DType.BIGINT
        copied = cast if outermost is copied else copied
        outermost.replace(cast)
    return copied


def _quantile(generator: Generator, node: exp.ApproxQuantile) -> str:
    """QUANTILE_DISC answers the least value with at least a fraction p of all values at or below it."""
    value = generator.sql(node, "this")
    match kind(node.this):
        case Kind.DECIMAL:
            value = f"CAST({value} AS DOUBLE)"
        case Kind.INTEGER | Kind.REAL:
            pass
        case other:
            raise QueryError(f"{shown(node)} ranks {other}: cast it to double first")
    return f"QUANTILE_DISC({value}, {generator.sql(node, 'quantile')})"


def _count_distinct(generator: Generator, node: exp.ApproxDistinct) -> str:
    return f"COUNT(DISTINCT {generator.sql(node, 'this')})"


def _count_if(generator: Generator, node: exp.CountIf) -> str:
    return f"COUNT(CASE WHEN {generator.sql(node, 'this')} THEN 1 END)"


def _value_at_maximum(generator: Generator, node: exp.ArgMax) -> str:
    return generator.func("ARG_MAX_NULL", node.this, node.expression)


def _value_at_minimum(generator: Generator, node: exp.ArgMin) -> str:
    return generator.func("ARG_MIN_NULL", node.this, node.expression)


def _array(generator: Generator, node: exp.ArrayAgg) -> str:
    if not isinstance(node.this, exp.Order):
        raise QueryError(f"{shown(node)} has no order: write array_agg(x ORDER BY …)")
    return generator.func("LIST", node.this)


REWRITES: dict[type[exp.Expr], Callable[[Any, Any], str]] = {
    exp.ApproxQuantile: _quantile,
    exp.ApproxDistinct: _count_distinct,
    exp.CountIf: _count_if,
    exp.ArgMax: _value_at_maximum,
    exp.ArgMin: _value_at_minimum,
    exp.ArrayAgg: _array,
}
