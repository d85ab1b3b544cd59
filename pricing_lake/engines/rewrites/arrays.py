"""Arrays and maps: lambdas, dot products, sequences, subscripts, map_agg, UNNEST."""

from collections.abc import Callable
from typing import Any

from sqlglot import exp
from sqlglot.generator import Generator

from pricing_lake.engines.sql_types import Kind, kind, shown
from pricing_lake.errors import QueryError


def _by_name(generator: Generator, node: exp.Anonymous) -> str:
    match node.name.lower():
        case "map_agg":
            return _map_of(generator, node)
        case "zip_with":
            return _zip_with(generator, node)
        case "map_values":
            _arguments(node, 1)
    # The rest is what sqlglot itself renders a function of the subset with.
    return generator.func(node.name.upper(), *node.expressions)


def _arguments(node: exp.Anonymous, count: int) -> list[exp.Expr]:
    if len(node.expressions) != count or not all(isinstance(part, exp.Expr) for part in node.expressions):
        raise QueryError(f"{shown(node)} does not have the arguments of {node.name.lower()}: give it {count}")
    return node.expressions


def _parameters(node: exp.Expr, function: exp.Expr, count: int) -> list[str]:
    if not isinstance(function, exp.Lambda) or len(function.expressions) != count:
        raise QueryError(f"{shown(node)} lacks a function of {count}: write it as (x, y) -> …")
    return [parameter.name for parameter in function.expressions]


def _map_of(generator: Generator, node: exp.Anonymous) -> str:
    if isinstance(node.parent, (exp.Filter, exp.Window)):
        raise QueryError(f"{shown(node)} has a FILTER or OVER clause: write map_agg without")
    key, value = (generator.sql(part) for part in _arguments(node, 2))
    return f"MAP_FROM_ENTRIES(LIST(ROW({key}, {value}) ORDER BY {key}) FILTER (WHERE {key} IS NOT NULL))"


def _zip_with(generator: Generator, node: exp.Anonymous) -> str:
    """Pad the shorter array with NULLs, as Athena does; NULL if either array is NULL."""
    left, right, function = _arguments(node, 3)
    names = _parameters(node, function, 2)
    pair = "_".join(["pair", *names])
    body = _substitute(function.this, {name: f"{pair}[{place}]" for place, name in enumerate(names, 1)}, generator)
    first, second = generator.sql(left), generator.sql(right)
    return (
        f"CASE WHEN {first} IS NOT NULL AND {second} IS NOT NULL "
        f"THEN LIST_TRANSFORM(LIST_ZIP({first}, {second}), LAMBDA {pair} : {body}) END"
    )


def _reduce(generator: Generator, node: exp.Reduce) -> str:
    finish = node.args["finish"]
    _parameters(node, node.args["merge"], 2)
    (outcome,) = _parameters(node, finish, 1)
    result = _dot_product(generator, node) or generator.func(
        "LIST_REDUCE", node.this, node.args["merge"], node.args["initial"]
    )
    return _substitute(finish.this, {outcome: result}, generator)


def _dot_product(generator: Generator, node: exp.Reduce) -> str | None:
    """Recognise a sum of products from zero: over zip_with of two arrays, or over transform of one."""
    product = node.this
    if not _is_sum_from_zero(node):
        return None
    if isinstance(product, exp.Anonymous) and product.name.lower() == "zip_with":
        left, right, function = _arguments(product, 3)
    elif isinstance(product, exp.Transform):
        left, right, function = product.this, product.this, product.expression
    else:
        return None
    factors = _parameters(node, function, 1 if left is right else 2)
    body = function.this
    if not isinstance(body, exp.Mul) or [body.left.name, body.right.name] != (factors * 2)[:2]:
        return None
    if not all(isinstance(side, exp.Identifier) for side in (body.left, body.right)):
        return None
    first, second = generator.sql(left), generator.sql(right)
    return f"CASE WHEN LEN({first}) = LEN({second}) THEN LIST_DOT_PRODUCT({first}, {second}) END"


def _is_sum_from_zero(node: exp.Reduce) -> bool:
    initial, merge = node.args["initial"], node.args["merge"]
    names = [parameter.name for parameter in merge.expressions]
    zero = initial.this if isinstance(initial, exp.Cast) else initial
    return (
        kind(initial) is Kind.REAL
        and isinstance(zero, exp.Literal)
        and float(zero.name) == 0
        and isinstance(merge.this, exp.Add)
        and isinstance(merge.this.left, exp.Identifier)
        and isinstance(merge.this.right, exp.Identifier)
        and sorted([merge.this.left.name, merge.this.right.name]) == sorted(names)
        and len(set(names)) == 2
    )


def _substitute(body: exp.Expr, values: dict[str, str], generator: Generator) -> str:
    """Render a lambda's body with its parameters replaced by SQL text."""
    root = exp.Paren(this=body.copy())
    for identifier in list(root.find_all(exp.Identifier)):
        if identifier.name in values and not isinstance(identifier.parent, exp.Column):
            identifier.replace(exp.Var(this=f"({values[identifier.name]})"))
    return generator.sql(root)


def _sequence(generator: Generator, node: exp.GenerateSeries) -> str:
    start, end, step = (node.args.get(key) for key in ("start", "end", "step"))
    if kind(node.args["start"]) is Kind.INTEGER:
        first, last = generator.sql(start), generator.sql(end)
        by = generator.sql(step) if step else f"CASE WHEN {first} <= {last} THEN 1 ELSE -1 END"
        return f"GENERATE_SERIES({first}, {last}, {by})"
    if kind(node.args["start"]) is Kind.DATE and step is not None:
        return f"CAST({generator.func('GENERATE_SERIES', start, end, step)} AS DATE[])"
    raise QueryError(f"{shown(node)} counts neither integers nor dates by a step: write it with one")


def _size(generator: Generator, node: exp.ArraySize) -> str:
    if kind(node.this) is Kind.MAP:
        return f"CAST({generator.func('CARDINALITY', node.this)} AS BIGINT)"
    return generator.func("LEN", node.this)


def _subscript(generator: Generator, node: exp.Bracket) -> str:
    index = node.expressions[0]
    if kind(node.this) is Kind.MAP:
        return f"{generator.sql(node, 'this')}[{generator.sql(index)}]"
    if not index.is_int:
        raise QueryError(f"{shown(node)} computes a subscript: use a whole number or UNNEST WITH ORDINALITY")
    place = index.to_py() + (0 if node.args.get("offset") == 1 else 1)
    return f"{generator.sql(node, 'this')}[{place}]"


def _unnest(generator: Generator, node: exp.Unnest) -> str:
    if len(node.expressions) != 1 or kind(node.expressions[0]) is not Kind.ARRAY:
        raise QueryError(f"{shown(node)} does not unnest one array: unnest one array at a time")
    rendered: str = generator.unnest_sql(node)
    return rendered


REWRITES: dict[type[exp.Expr], Callable[[Any, Any], str]] = {
    exp.Anonymous: _by_name,
    exp.Reduce: _reduce,
    exp.GenerateSeries: _sequence,
    exp.ArraySize: _size,
    exp.Bracket: _subscript,
    exp.Unnest: _unnest,
}
