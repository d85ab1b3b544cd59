"""Named parameters `:name` of a query become typed literals. Nothing here knows tables or engines."""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

from sqlglot import exp

from pricing_lake.errors import QueryError


def bind(tree: exp.Expr, params: Mapping[str, object]) -> None:
    """Replace every `:name` in `tree` by a literal that carries the type of its value.

    Raises QueryError when a parameter is missing, unused, positional, or of a type that SQL cannot carry.
    """
    placeholders = list(tree.find_all(exp.Placeholder))
    if any(not placeholder.this for placeholder in placeholders):
        raise QueryError("positional parameters (?) are not supported: name them, e.g. :tenant_id")
    asked = {placeholder.name for placeholder in placeholders}
    missing, unused = sorted(asked - params.keys()), sorted(params.keys() - asked)
    if missing:
        raise QueryError(f"parameter {', '.join(missing)} is missing: the query asks for {_names(asked)}")
    if unused:
        raise QueryError(f"parameter {', '.join(unused)} is unknown: the query asks for {_names(asked)}")
    for placeholder in placeholders:
        placeholder.replace(_literal(placeholder.name, params[placeholder.name]))


def decimal_type(value: Decimal) -> exp.DataType:
    """Give the smallest DECIMAL(precision, scale) that holds `value` with the digits it is written with."""
    _, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise QueryError("a decimal parameter must be finite: NaN and Infinity have no DECIMAL")
    scale = max(-exponent, 0)
    precision = max(len(digits) + max(exponent, 0), scale, 1)
    if precision > 38:
        raise QueryError(f"a decimal of {precision} digits does not fit: DECIMAL holds 38")
    return exp.DataType.build(f"DECIMAL({precision}, {scale})")


def _names(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _literal(name: str, value: object) -> exp.Expr:
    if value is None:
        return exp.Null()
    for kind, render in _RENDERERS.items():
        if isinstance(value, kind):
            return render(value)
    raise QueryError(
        f"parameter {name} is a {type(value).__name__}: pass str, bool, int, float, Decimal, date or datetime"
    )


def _boolean(value: bool) -> exp.Expr:
    return exp.Boolean(this=value)


def _integer(value: int) -> exp.Expr:
    return exp.Literal.number(value)


def _float(value: float) -> exp.Expr:
    if not math.isfinite(value):
        raise QueryError("a float parameter must be finite: filter NaN and Infinity before the query")
    return exp.cast(exp.Literal.string(repr(value)), exp.DType.DOUBLE)


def _decimal(value: Decimal) -> exp.Expr:
    return exp.cast(exp.Literal.string(f"{value:f}"), decimal_type(value))


def _timestamp(value: datetime) -> exp.Expr:
    if value.tzinfo is None:
        return exp.cast(exp.Literal.string(value.isoformat(" ")), exp.DataType.build("TIMESTAMP(6)"))
    text = f"{value.astimezone(UTC).replace(tzinfo=None).isoformat(' ')} UTC"
    return exp.cast(exp.Literal.string(text), exp.DType.TIMESTAMPTZ)


def _date(value: date) -> exp.Expr:
    return exp.cast(exp.Literal.string(value.isoformat()), exp.DType.DATE)


def _text(value: str) -> exp.Expr:
    return exp.Literal.string(value)


# bool is an int and datetime is a date: the narrower type stands first.
_RENDERERS: dict[type, Callable[..., exp.Expr]] = {
    bool: _boolean,
    int: _integer,
    float: _float,
    Decimal: _decimal,
    datetime: _timestamp,
    date: _date,
    str: _text,
}
