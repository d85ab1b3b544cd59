"""One SQL condition on one table's columns becomes an Iceberg expression that holds wherever the condition does."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import reduce
from typing import Any

from pyiceberg.expressions import (
    AlwaysFalse,
    AlwaysTrue,
    And,
    BooleanExpression,
    EqualTo,
    GreaterThan,
    GreaterThanOrEqual,
    In,
    IsNull,
    LessThan,
    LessThanOrEqual,
    Or,
)
from pyiceberg.schema import Schema
from pyiceberg.types import (
    BooleanType,
    DateType,
    DecimalType,
    IcebergType,
    IntegerType,
    LongType,
    StringType,
    TimestampType,
    TimestamptzType,
)
from sqlglot import exp

#: Computes an expression without columns; None means that it cannot, or that the value is NULL.
Evaluate = Callable[[exp.Expr], object]

_COMPARISONS: dict[type[exp.Expr], Callable[..., BooleanExpression]] = {
    exp.EQ: EqualTo,
    exp.LT: LessThan,
    exp.LTE: LessThanOrEqual,
    exp.GT: GreaterThan,
    exp.GTE: GreaterThanOrEqual,
}
_MIRRORED: dict[type[exp.Expr], type[exp.Expr]] = {
    exp.EQ: exp.EQ,
    exp.LT: exp.GT,
    exp.LTE: exp.GTE,
    exp.GT: exp.LT,
    exp.GTE: exp.LTE,
}
# pyiceberg's own signatures of these two describe serialised forms, not what its documentation passes.
_is_null: Callable[[str], BooleanExpression] = IsNull  # type: ignore[assignment]
_is_in: Callable[[str, set[Any]], BooleanExpression] = In  # type: ignore[assignment]

_INTEGER_RANGE = {IntegerType: 2**31, LongType: 2**63}


def predicate(
    condition: exp.Expr, alias: str, schema: Schema, evaluate: Evaluate, must_reject_nulls: bool
) -> BooleanExpression | None:
    """Translate `condition` for the table known as `alias`; None when it says nothing that is understood.

    With `must_reject_nulls` the answer is false on a row of NULLs, as the filter of a table that an outer join
    fills with NULLs has to be.
    """
    if _is_constant(condition):
        return _settled(evaluate(condition))
    match condition:
        case exp.Paren():
            return predicate(condition.this, alias, schema, evaluate, must_reject_nulls)
        case exp.And():
            sides = [
                side
                for operand in (condition.left, condition.right)
                if (side := predicate(operand, alias, schema, evaluate, must_reject_nulls)) is not None
            ]
            return reduce(And, sides) if sides else None
        case exp.Or():
            left = predicate(condition.left, alias, schema, evaluate, must_reject_nulls)
            right = predicate(condition.right, alias, schema, evaluate, must_reject_nulls)
            return None if left is None or right is None else Or(left, right)
        case exp.Is() if isinstance(condition.expression, exp.Null) and not must_reject_nulls:
            column = _column(condition.this, alias, schema)
            return None if column is None else _is_null(column[0])
    return _comparison(condition, alias, schema, evaluate)


def _settled(verdict: object) -> BooleanExpression | None:
    if verdict is True:
        return AlwaysTrue()
    return AlwaysFalse() if verdict is False else None


def _comparison(condition: exp.Expr, alias: str, schema: Schema, evaluate: Evaluate) -> BooleanExpression | None:
    if isinstance(condition, exp.Between):
        if condition.args.get("symmetric"):
            return None
        column, bounds = condition.this, (condition.args["low"], condition.args["high"])
        found = [
            _compared(operator, column, bound, alias, schema, evaluate)
            for operator, bound in zip((exp.GTE, exp.LTE), bounds, strict=True)
        ]
        understood = [side for side in found if side is not None]
        return reduce(And, understood) if understood else None
    if isinstance(condition, exp.In):
        return _membership(condition, alias, schema, evaluate)
    operator = type(condition)
    if operator not in _COMPARISONS:
        return None
    left, right = condition.this, condition.expression
    return _compared(operator, left, right, alias, schema, evaluate) or _compared(
        _MIRRORED[operator], right, left, alias, schema, evaluate
    )


def _compared(
    operator: type[exp.Expr], left: exp.Expr, right: exp.Expr, alias: str, schema: Schema, evaluate: Evaluate
) -> BooleanExpression | None:
    column = _column(left, alias, schema)
    if column is None:
        return None
    name, of = column
    value = _constant(right, of, evaluate)
    return None if value is None else _COMPARISONS[operator](name, value)


def _membership(condition: exp.In, alias: str, schema: Schema, evaluate: Evaluate) -> BooleanExpression | None:
    column = _column(condition.this, alias, schema)
    if column is None or not condition.expressions:
        return None
    name, of = column
    values = [_constant(member, of, evaluate) for member in condition.expressions]
    return None if any(value is None for value in values) else _is_in(name, set(values))


def _column(node: exp.Expr, alias: str, schema: Schema) -> tuple[str, IcebergType] | None:
    column = node.unnest()
    if not isinstance(column, exp.Column) or column.table != alias:
        return None
    for field in schema.fields:
        if field.name.lower() == column.name.lower():
            return field.name, field.field_type
    return None


def _constant(node: exp.Expr, of: IcebergType, evaluate: Evaluate) -> Any:
    """Compute `node` as a value of the column's type; None unless it is constant and the type holds it exactly."""
    return _exact(evaluate(node), of) if _is_constant(node) else None


def _is_constant(node: exp.Expr) -> bool:
    return node.find(exp.Column, exp.Query, exp.AggFunc, exp.Window, exp.Star) is None


def _exact(value: object | None, of: IcebergType) -> Any:
    """Convert without changing any comparison; doubles are left out, for NaN sorts differently in Iceberg."""
    match of, value:
        case (BooleanType(), bool()) | (StringType(), str()):
            return value
        case (_, bool()):
            return None
        case IntegerType() | LongType(), int():
            limit = _INTEGER_RANGE[type(of)]
            return value if -limit <= value < limit else None
        case DecimalType(), int() | Decimal():
            return _as_decimal(Decimal(value), of)
        case TimestampType() | TimestamptzType() | DateType(), date():
            return _as_time(value, of)
    return None


def _as_decimal(value: Decimal, of: DecimalType) -> Decimal | None:
    if not value.is_finite() or value.adjusted() >= of.precision - of.scale:
        return None
    scaled = value.quantize(Decimal(1).scaleb(-of.scale))
    return scaled if scaled == value else None


def _as_time(value: date, of: IcebergType) -> date | None:
    moment = value if isinstance(value, datetime) else datetime.combine(value, time())
    in_utc = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    if isinstance(of, TimestamptzType):
        return in_utc
    if isinstance(of, TimestampType):
        return in_utc.replace(tzinfo=None)
    return in_utc.date() if in_utc.time() == time() else None
