"""A query's text becomes one tree that can be trusted: in the subset, bound, resolved against the inputs, typed.

The same tree is analysed for pruning and rendered for the engine, so both read the names alike.
"""

import re
from collections.abc import Mapping
from decimal import Decimal

from pyiceberg.schema import Schema
from sqlglot import exp, parse
from sqlglot.errors import OptimizeError, SqlglotError
from sqlglot.optimizer.normalize_identifiers import normalize_identifiers
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import traverse_scope
from sqlglot.schema import MappingSchema

from pricing_lake.engines import parameters, subset
from pricing_lake.engines.sql_types import Kind, column_types, infer_types, kind, shown
from pricing_lake.errors import QueryError

DIALECT = "athena"

#: The schema that every input table is moved to, so that no common table expression can be mistaken for one.
INPUTS = "inputs"

_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ)


def prepare(sql: str, schemas: Mapping[str, Schema], params: Mapping[str, object]) -> exp.Query:
    """Parse, check, bind, resolve and type `sql`; `schemas` holds the input tables by name.

    Every input in the answer is an `exp.Table` in schema `INPUTS` whose name is a key of `schemas`, every
    column carries its table's alias, and every node its Athena type. Raises QueryError, one line, for
    anything that is not a single SELECT of the subset over these inputs and parameters.
    """
    tree = _parse(sql)
    subset.refuse_outside(tree)
    parameters.bind(tree, params)
    _type_decimal_literals(tree)
    tree = normalize_identifiers(tree, dialect=DIALECT)
    _resolve_tables(tree, schemas)
    schema = MappingSchema(
        {INPUTS: {name: column_types(schema) for name, schema in schemas.items()}}, dialect=DIALECT, normalize=False
    )
    try:
        tree = qualify(tree, schema=schema, dialect=DIALECT, expand_alias_refs=False)
        _drop_schemas_of_columns(tree)
        infer_types(tree, schema)
    except OptimizeError as error:
        raise QueryError(f"{_one_line(error)}: correct the query") from None
    _refuse_text_comparisons(tree)
    return tree


def input_tables(tree: exp.Expr) -> list[exp.Table]:
    """List every reference to an input in a prepared `tree`."""
    return [table for table in tree.find_all(exp.Table) if table.db == INPUTS]


def _parse(sql: str) -> exp.Query:
    try:
        statements = [statement for statement in parse(sql, read=DIALECT) if statement is not None]
    except (SqlglotError, RecursionError) as error:
        raise QueryError(f"the query is not valid Athena SQL: {_one_line(error)}") from None
    if len(statements) != 1:
        raise QueryError(f"{len(statements)} statements found: write one SELECT (WITH is allowed)")
    return statements[0]  # type: ignore[return-value]  # refuse_outside proves it


def _one_line(error: Exception) -> str:
    text = re.sub(r"\x1b\[\d+m", "", str(error)).strip()
    return text.splitlines()[0].rstrip(". ") if text else type(error).__name__


def _type_decimal_literals(tree: exp.Expr) -> None:
    """Give `0.5` the type Athena gives it, DECIMAL(1, 1): sqlglot takes it for a double."""
    for literal in list(tree.find_all(exp.Literal)):
        if literal.is_string or not re.fullmatch(r"\d*\.\d*", literal.name):
            continue
        value = Decimal(literal.name)
        literal.replace(exp.cast(exp.Literal.string(f"{value:f}"), parameters.decimal_type(value)))


def _resolve_tables(tree: exp.Expr, schemas: Mapping[str, Schema]) -> None:
    for scope in traverse_scope(tree):
        for table in scope.tables:
            if table.db or table.name not in scope.cte_sources:
                table.set("alias", table.args.get("alias") or exp.TableAlias(this=exp.to_identifier(table.name)))
                name = _input_name(table, schemas)
                table.set("this", exp.to_identifier(name, quoted=True))
                table.set("db", exp.to_identifier(INPUTS, quoted=True))


def _drop_schemas_of_columns(tree: exp.Expr) -> None:
    """Turn `silver.sales.quantity` into `sales.quantity`: the alias is unique and the schema has changed."""
    for column in tree.find_all(exp.Column):
        column.set("db", None)
        column.set("catalog", None)


def _input_name(table: exp.Table, schemas: Mapping[str, Schema]) -> str:
    """Find the input a reference means: the very name, else the only one whose last part agrees."""
    written = f"{table.db}.{table.name}" if table.db else table.name
    folded = {name.lower(): name for name in schemas}
    if written.lower() in folded:
        return folded[written.lower()]
    bare = table.name.lower()
    matches = [name for key, name in folded.items() if key == bare or (not table.db and key.endswith(f".{bare}"))]
    if len(matches) == 1:
        return matches[0]
    known = ", ".join(sorted(name for name in schemas if "$" not in name)) or "none"
    problem = f"could be {' or '.join(sorted(matches))}" if matches else "is not an input of this query"
    raise QueryError(f"table {written} {problem}: name one of {known}")


def _refuse_text_comparisons(tree: exp.Expr) -> None:
    """Refuse to compare text with a number or a time: Athena does too, while DuckDB would cast in silence."""
    for node in tree.find_all(*_COMPARISONS, exp.Between, exp.In):
        kinds = {kind(operand) for operand in (node.this, *_right_sides(node))}
        others = kinds & {Kind.INTEGER, Kind.REAL, Kind.DECIMAL, Kind.DATE, Kind.TIMESTAMP}
        if Kind.TEXT in kinds and others:
            raise QueryError(
                f"{shown(node)} compares {min(others)} with text: write TIMESTAMP '…', DATE '…' or CAST, "
                "or pass a typed parameter"
            )


def _right_sides(node: exp.Expr) -> list[exp.Expr]:
    if isinstance(node, exp.Between):
        return [node.args["low"], node.args["high"]]
    if isinstance(node, exp.In):
        return list(node.expressions)
    return [node.expression]
