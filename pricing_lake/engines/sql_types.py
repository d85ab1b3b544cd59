"""SQL types: how an Iceberg type is spelled, and which type Athena gives an expression. No rewriting happens here."""

from enum import StrEnum
from typing import Any

from pyiceberg.schema import Schema
from pyiceberg.types import (
    BinaryType,
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    FixedType,
    FloatType,
    IcebergType,
    IntegerType,
    ListType,
    LongType,
    MapType,
    StringType,
    StructType,
    TimestampType,
    TimestamptzType,
    TimeType,
    UUIDType,
)
from sqlglot import Dialect, exp
from sqlglot.optimizer.annotate_types import TypeAnnotator

from pricing_lake.errors import QueryError

_SPELLING: dict[type[IcebergType], str] = {
    BooleanType: "BOOLEAN",
    IntegerType: "INTEGER",
    LongType: "BIGINT",
    FloatType: "FLOAT",
    DoubleType: "DOUBLE",
    DateType: "DATE",
    TimeType: "TIME",
    TimestampType: "TIMESTAMP",
    TimestamptzType: "TIMESTAMP WITH TIME ZONE",
    StringType: "VARCHAR",
    UUIDType: "UUID",
    BinaryType: "BLOB",
    FixedType: "BLOB",
}


class Kind(StrEnum):
    """What a rewrite needs to know of a type; `UNKNOWN` is never guessed at."""

    INTEGER = "an integer"
    REAL = "a double"
    DECIMAL = "a decimal"
    TEXT = "text"
    DATE = "a date"
    TIMESTAMP = "a timestamp"
    BOOLEAN = "a boolean"
    INTERVAL = "an interval"
    ARRAY = "an array"
    MAP = "a map"
    NULL = "null"
    UNKNOWN = "a value of unknown type"


def duckdb_type(of: IcebergType) -> str:
    """Spell an Iceberg type for DuckDB; raise QueryError for one that DuckDB cannot hold."""
    if isinstance(of, DecimalType):
        return f"DECIMAL({of.precision}, {of.scale})"
    if isinstance(of, ListType):
        return f"{duckdb_type(of.element_type)}[]"
    if isinstance(of, MapType):
        return f"MAP({duckdb_type(of.key_type)}, {duckdb_type(of.value_type)})"
    if isinstance(of, StructType):
        fields = ", ".join(f"{quoted(field.name)} {duckdb_type(field.field_type)}" for field in of.fields)
        return f"STRUCT({fields})"
    if type(of) not in _SPELLING:
        raise QueryError(f"a column of Iceberg type {of} cannot be queried: leave it out of the input table")
    return _SPELLING[type(of)]


def quoted(name: str) -> str:
    """Quote an identifier for DuckDB and Athena alike."""
    return '"' + name.replace('"', '""') + '"'


def shown(expression: exp.Expr) -> str:
    """Show an expression as Athena SQL for an error message: one line of bounded length."""
    text = " ".join(expression.sql("athena").split())
    return text if len(text) <= 100 else f"{text[:99]}…"


def column_types(schema: Schema) -> dict[str, exp.DataType]:
    """Give the columns' types for type inference, decimals without precision (see `infer_types`)."""
    return {
        field.name: exp.DType.DECIMAL.into_expr()
        if isinstance(field.field_type, DecimalType)
        else exp.DataType.build(duckdb_type(field.field_type), dialect="duckdb")
        for field in schema.fields
    }


def infer_types(tree: exp.Expr, schema: Any) -> None:
    """Write Athena's type on every node of a qualified `tree`.

    Decimals are typed without precision: sqlglot lets a parameterised type win over DOUBLE, Athena does not.
    """
    TypeAnnotator(schema=schema, expression_metadata=_METADATA).annotate(tree)


def kind(of: exp.Expr) -> Kind:
    """Tell the kind of an expression in a tree that `infer_types` has seen."""
    if isinstance(of, exp.Null):
        return Kind.NULL
    if isinstance(of, exp.Distinct) and len(of.expressions) == 1:
        return kind(of.expressions[0])
    data_type = of.type
    if data_type is None or not isinstance(data_type.this, exp.DType):
        return Kind.UNKNOWN
    return next((kind for kind, members in _KINDS.items() if data_type.this in members), Kind.UNKNOWN)


_KINDS: dict[Kind, set[exp.DType]] = {
    Kind.INTEGER: exp.DataType.INTEGER_TYPES,
    Kind.REAL: {exp.DType.FLOAT, exp.DType.DOUBLE},
    Kind.DECIMAL: {exp.DType.DECIMAL},
    Kind.TEXT: exp.DataType.TEXT_TYPES,
    Kind.DATE: {exp.DType.DATE},
    Kind.TIMESTAMP: {exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ, exp.DType.TIMESTAMPTZ},
    Kind.BOOLEAN: {exp.DType.BOOLEAN},
    Kind.INTERVAL: {exp.DType.INTERVAL},
    Kind.ARRAY: {exp.DType.ARRAY, exp.DType.LIST},
    Kind.MAP: {exp.DType.MAP},
}


def _as_argument(argument: str) -> dict[str, Any]:
    return {"annotator": lambda annotator, node: annotator._annotate_by_args(node, argument)}


def _cast(annotator: Any, node: exp.Cast) -> exp.Expr:
    is_decimal = node.to.is_type(exp.DType.DECIMAL)
    typed: exp.Expr = annotator._set_type(node, exp.DType.DECIMAL if is_decimal else node.to)
    return typed


def _subscript(annotator: Any, node: exp.Bracket) -> exp.Expr:
    container = node.this.type
    if container is not None and container.is_type(exp.DType.MAP) and len(container.expressions) == 2:
        typed: exp.Expr = annotator._set_type(node, container.expressions[1])
        return typed
    inferred: exp.Expr = annotator._annotate_bracket(node)
    return inferred


_METADATA: dict[type[exp.Expr], dict[str, Any]] = {
    **Dialect.get_or_raise("athena").EXPRESSION_METADATA,
    exp.Cast: {"annotator": _cast},
    exp.TryCast: {"annotator": _cast},
    exp.Bracket: {"annotator": _subscript},
    exp.TimestampTrunc: _as_argument("this"),
    exp.DateTrunc: _as_argument("this"),
    exp.ArgMax: _as_argument("this"),
    exp.ArgMin: _as_argument("this"),
    exp.ArrayFilter: _as_argument("this"),
    exp.Trunc: _as_argument("this"),
    exp.Reduce: _as_argument("initial"),
    exp.Minute: {"returns": exp.DType.BIGINT},
    exp.Pad: {"returns": exp.DType.VARCHAR},
    exp.Replace: {"returns": exp.DType.VARCHAR},
}
