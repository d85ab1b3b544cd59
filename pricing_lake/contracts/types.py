"""The type registry: one row per logical type with its name in every system. A missing cell fails at import.

No column and no table lives here; `as_*` modules read this registry and never spell a type themselves.
"""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl
import pyarrow as pa
from pyiceberg import types as iceberg

VECTOR_DIMENSIONS = 1024


@dataclass(frozen=True)
class LogicalType:
    """One logical type in every system that stores or checks it.

    `iceberg` takes the field id of a list element (Iceberg numbers them) and ignores it for scalars.
    `parse` is the Polars expression factory that reads the type from text, giving null where it cannot.
    """

    name: str
    arrow: pa.DataType
    iceberg: Callable[[int], iceberg.IcebergType]
    athena: str
    polars: pl.DataType
    odcs: str
    parse: Callable[[pl.Expr], pl.Expr]

    @property
    def is_nested(self) -> bool:
        """Whether values are lists, which neither sort nor compare cheaply."""
        return bool(pa.types.is_list(self.arrow))


def _elements(arrow: pa.DataType) -> pa.DataType:
    """Arrow list whose elements are never null: Iceberg refuses an append where the two differ."""
    return pa.list_(pa.field("element", arrow, nullable=False))


def _parse_instant(text: pl.Expr) -> pl.Expr:
    """ISO-8601 text to an instant; text without an offset is UTC, which is how SmartGo stores it in SQLite."""
    normal = text.str.replace(" ", "T", literal=True).str.replace(r"[Zz]$", "+00:00")
    dated = pl.when(normal.str.len_chars() == 10).then(normal + "T00:00:00").otherwise(normal)
    zoned = pl.when(dated.str.contains(r"T.*[+-]\d{2}:?\d{2}$")).then(dated).otherwise(dated + "+00:00")
    return zoned.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%:z", time_unit="us", time_zone="UTC", strict=False)


def _parse_boolean(text: pl.Expr) -> pl.Expr:
    """The words that databases and CSV exports write for true and false, in any case; anything else is a null."""
    words = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}
    return text.str.to_lowercase().replace_strict(words, default=None, return_dtype=pl.Boolean)


def _parse_decimal(precision: int, scale: int) -> Callable[[pl.Expr], pl.Expr]:
    """Exact decimal text only: more digits than the type holds is a null, never a rounded value."""
    pattern = rf"^[+-]?0*\d{{1,{precision - scale}}}(\.\d{{0,{scale}}}0*)?$"

    def parse(text: pl.Expr) -> pl.Expr:
        fits = pl.when(text.str.contains(pattern)).then(text)
        return fits.cast(pl.Decimal(precision, scale), strict=False)

    return parse


def _decimal(precision: int, scale: int) -> LogicalType:
    return LogicalType(
        name=f"decimal({precision},{scale})",
        arrow=pa.decimal128(precision, scale),
        iceberg=lambda _: iceberg.DecimalType(precision, scale),
        athena=f"decimal({precision},{scale})",
        polars=pl.Decimal(precision, scale),
        odcs="number",
        parse=_parse_decimal(precision, scale),
    )


def _scalar(
    name: str, arrow: pa.DataType, primitive: iceberg.IcebergType, athena: str, polars: pl.DataType, odcs: str
) -> LogicalType:
    return LogicalType(
        name, arrow, lambda _: primitive, athena, polars, odcs, lambda text: text.cast(polars, strict=False)
    )


def _list_of(
    name: str, element: pa.DataType, primitive: iceberg.IcebergType, athena: str, polars: pl.DataType
) -> LogicalType:
    return LogicalType(
        name=name,
        arrow=_elements(element),
        iceberg=lambda element_id: iceberg.ListType(element_id, primitive, element_required=True),
        athena=f"array<{athena}>",
        polars=pl.List(polars),
        odcs="array",
        parse=lambda text: text.str.json_decode(pl.List(polars)),
    )


TEXT = _scalar("text", pa.string(), iceberg.StringType(), "string", pl.String(), "string")
BOOLEAN = LogicalType(
    "boolean", pa.bool_(), lambda _: iceberg.BooleanType(), "boolean", pl.Boolean(), "boolean", _parse_boolean
)
INTEGER = _scalar("integer", pa.int32(), iceberg.IntegerType(), "int", pl.Int32(), "integer")
LONG = _scalar("long", pa.int64(), iceberg.LongType(), "bigint", pl.Int64(), "integer")
DOUBLE = _scalar("double", pa.float64(), iceberg.DoubleType(), "double", pl.Float64(), "number")
DATE = LogicalType(
    "date",
    pa.date32(),
    lambda _: iceberg.DateType(),
    "date",
    pl.Date(),
    "date",
    lambda text: text.str.to_date("%Y-%m-%d", strict=False),
)
INSTANT = LogicalType(
    "instant",
    pa.timestamp("us", tz="UTC"),
    lambda _: iceberg.TimestamptzType(),
    "timestamp with time zone",
    pl.Datetime("us", "UTC"),
    "timestamp",
    _parse_instant,
)
TIMESTAMP = LogicalType(
    "timestamp",
    pa.timestamp("us"),
    lambda _: iceberg.TimestampType(),
    "timestamp",
    pl.Datetime("us"),
    "timestamp",
    lambda text: _parse_instant(text).dt.replace_time_zone(None),
)
MONEY = _decimal(10, 2)
AMOUNT = _decimal(18, 2)
RATE = _decimal(18, 8)
PRECISE_RATE = _decimal(38, 18)
VECTOR = _list_of("vector", pa.float64(), iceberg.DoubleType(), "double", pl.Float64())
TEXT_LIST = _list_of("text list", pa.string(), iceberg.StringType(), "string", pl.String())
LONG_LIST = _list_of("long list", pa.int64(), iceberg.LongType(), "bigint", pl.Int64())

ALL_TYPES = (
    TEXT, BOOLEAN, INTEGER, LONG, DOUBLE, DATE, INSTANT, TIMESTAMP, MONEY, AMOUNT, RATE, PRECISE_RATE, VECTOR,
    TEXT_LIST, LONG_LIST,
)  # fmt: skip
