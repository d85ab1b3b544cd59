"""What a prepared query needs of each input: the columns it names and a filter that its rows must pass.

Both are supersets: a filter never drops a row that the query could use, and a condition that is not understood
filters nothing. Per reference to a table, the conjuncts of the enclosing WHERE and of joins' ON that compare the
table's own columns with constants are taken; filters of several references to one table are OR-ed. Understood are
=, <, <=, >, >=, BETWEEN and IN over a bare column, joined by AND and OR, and IS NULL.
A condition on a derived table or a common table expression does not reach the table inside it: name the range
where the table is read.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce

from pyiceberg.expressions import AlwaysTrue, And, BooleanExpression, Or
from pyiceberg.schema import Schema
from sqlglot import exp

from pricing_lake.engines.predicates import Evaluate, predicate
from pricing_lake.engines.query import input_tables


@dataclass(frozen=True)
class Pruning:
    """The columns to read of one input, in the table's order and never empty, and the filter for its rows."""

    columns: tuple[str, ...]
    row_filter: BooleanExpression


def prune(tree: exp.Expr, schemas: Mapping[str, Schema], evaluate: Evaluate) -> dict[str, Pruning]:
    """Derive the pruning of every table of `schemas` that `tree` reads, keyed and ordered by the table's name.

    `evaluate` computes an expression without columns, or answers None when it cannot.
    """
    references: dict[str, list[exp.Table]] = {}
    for table in input_tables(tree):
        if table.name in schemas:
            references.setdefault(table.name, []).append(table)
    return {
        name: Pruning(
            _columns(tree, tables, schemas[name]),
            reduce(Or, [_filter_of(table, schemas[name], evaluate) for table in tables]),
        )
        for name, tables in sorted(references.items())
    }


def _columns(tree: exp.Expr, tables: list[exp.Table], schema: Schema) -> tuple[str, ...]:
    """Take every column named under an alias of the table anywhere, or under none: too many, never too few."""
    aliases = {table.alias_or_name for table in tables} | {""}
    named = {column.name.lower() for column in tree.find_all(exp.Column) if column.table in aliases}
    columns = tuple(field.name for field in schema.fields if field.name.lower() in named)
    return columns or (_narrowest(schema),)


def _narrowest(schema: Schema) -> str:
    """COUNT(*) still needs a column to count: take one that is not nested."""
    flat = [field.name for field in schema.fields if field.field_type.is_primitive]
    return (flat or [field.name for field in schema.fields])[0]


def _filter_of(table: exp.Table, schema: Schema, evaluate: Evaluate) -> BooleanExpression:
    """AND together what every row of this reference must satisfy to reach the result of its SELECT."""
    holder = table.parent
    select = holder.parent if isinstance(holder, (exp.From, exp.Join)) else None
    if not isinstance(select, exp.Select):
        return AlwaysTrue()
    alias, joins = table.alias_or_name, select.args.get("joins") or []
    place = next((index for index, join in enumerate(joins) if join is holder), -1)
    null_supplied = _is_null_supplied(place, joins)
    conditions = [(condition, null_supplied) for condition in _conjuncts(select.args.get("where"))]
    conditions += [(condition, True) for condition in _join_conditions(place, joins)]
    found = [
        translated
        for condition, must_reject_nulls in conditions
        if (translated := predicate(condition, alias, schema, evaluate, must_reject_nulls)) is not None
    ]
    nothing: BooleanExpression = AlwaysTrue()
    return reduce(And, found, nothing)


def _is_null_supplied(place: int, joins: list[exp.Join]) -> bool:
    """Tell whether an outer join may replace this table's rows by NULLs: then only NULL-rejecting tests may filter."""
    own = place >= 0 and joins[place].side in {"LEFT", "FULL"}
    return own or any(join.side in {"RIGHT", "FULL"} for join in joins[max(place + 1, 0) :])


def _join_conditions(place: int, joins: list[exp.Join]) -> Iterator[exp.Expr]:
    """Yield the ON conjuncts that a row must satisfy to be matched, of the joins that keep matched rows only.

    An inner join drops unmatched rows of both sides, a left join those of its right side, a right join those of
    everything to its left.
    """
    for index, join in enumerate(joins):
        is_right_side, is_left_side = index == place, index > place
        if (is_right_side and join.side in {"", "LEFT"}) or (is_left_side and join.side in {"", "RIGHT"}):
            yield from _conjuncts(join.args.get("on"))


def _conjuncts(condition: exp.Expr | None) -> Iterator[exp.Expr]:
    if isinstance(condition, (exp.Where, exp.Paren)):
        yield from _conjuncts(condition.this)
    elif isinstance(condition, exp.And):
        yield from _conjuncts(condition.left)
        yield from _conjuncts(condition.right)
    elif condition is not None:
        yield condition
