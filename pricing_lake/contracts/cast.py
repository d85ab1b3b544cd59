"""Strict casting of received rows to a contract's types: a misfit is named, never rounded or guessed. No rules here."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from pricing_lake.contracts.as_arrow import own_arrow_schema
from pricing_lake.contracts.model import Column, Mode, Table
from pricing_lake.errors import ContractError, SourceSchemaError

REASON_COLUMN = "_reason"
"""Reserved input column: a reason the producer already knows (an image that could not be fetched), or null.

Other columns whose names begin with an underscore are the producer's own notes on a row: no table stores them, and
quarantined rows keep them.
"""

_ISO = r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?"
_OFFSET = r"(?:[zZ]|[+-]\d{2}:\d{2})"
_NUMBER = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$"


@dataclass(frozen=True)
class Cast:
    """Rows in the contract's types, and per reason a mask (true = broken), all as long as the input."""

    rows: pa.Table
    broken: Mapping[str, pl.Series]


def cast_rows(table: Table, raw: pa.Table) -> Cast:
    """Cast `raw` to the own columns of `table`.

    Values that cannot be read become null and are named `<column>_unparseable`, or `<column>_out_of_range` when they
    are numbers that the type cannot hold exactly. A column the contract does not know is left out, unless its mode is
    freeze. Raises SourceSchemaError for a missing required column and
    ContractError for a column the contract does not know.
    """
    _check_columns(table, raw)
    arrays: list[pa.ChunkedArray] = []
    broken: dict[str, pl.Series] = {}
    for column in table.columns:
        if column.name not in raw.column_names:
            arrays.append(pa.chunked_array([pa.nulls(raw.num_rows, column.type.arrow)]))
            continue
        array, failures = _cast_column(column, _storage(raw.column(column.name)))
        arrays.append(array)
        broken.update(failures)
    nullable = pa.schema([field.with_nullable(True) for field in own_arrow_schema(table)])
    return Cast(pa.table(arrays, schema=nullable), broken)


def _check_columns(table: Table, raw: pa.Table) -> None:
    missing = sorted(c.name for c in table.columns if c.required and c.name not in raw.column_names)
    if missing:
        raise SourceSchemaError(
            f"{table.id}: received no column {', '.join(missing)}; it got {', '.join(raw.column_names)}"
        )
    unknown = unknown_columns(table, raw)
    if unknown and table.mode is Mode.FREEZE:
        raise ContractError(
            f"{table.id}: received unknown column {', '.join(unknown)}; declare it in the contract or drop it"
        )


def unknown_columns(table: Table, raw: pa.Table) -> tuple[str, ...]:
    """Received columns that the contract does not know."""
    return tuple(sorted(name for name in set(raw.column_names) - set(table.names) if not name.startswith("_")))


def _storage(array: pa.ChunkedArray) -> pa.ChunkedArray:
    """Plain storage of an extension array: drivers deliver NUMERIC, JSON and UUID as text in an extension type."""
    if isinstance(array.type, pa.BaseExtensionType):
        return pa.chunked_array([chunk.storage for chunk in array.chunks], type=array.type.storage_type)
    return array


def _cast_column(column: Column, array: pa.ChunkedArray) -> tuple[pa.ChunkedArray, dict[str, pl.Series]]:
    target = column.type.arrow
    if array.type == target:
        return array, {}
    if not _is_text(array.type):
        try:
            return array.cast(target), {}
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            array = _as_text(array)
    if _is_text(target):
        return array.cast(target), {}
    return _parse_text(column, array)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _as_text(array: pa.ChunkedArray) -> pa.ChunkedArray:
    return pl.Series(pl.from_arrow(array)).cast(pl.String).to_arrow()


def _plain_instants(text: pl.Series) -> pa.Array | None:
    """UTC instants when all of `text` is ISO-8601 to the second, all with an offset or all without; else None.

    Such text means the same to the type's own parser, which takes thirty times as long.
    """
    for pattern, kind in ((_ISO + _OFFSET, pa.timestamp("us", "UTC")), (_ISO, pa.timestamp("us"))):
        if text.str.contains(f"^{pattern}$").all():
            try:
                return text.to_arrow().cast(kind)
            except pa.ArrowInvalid:  # a day or a time that does not exist
                return None
    return None


def _parse_text(column: Column, array: pa.ChunkedArray) -> tuple[pa.ChunkedArray, dict[str, pl.Series]]:
    """Text to the target type: at once when every value fits, else value by value with the misfits named."""
    text = pl.Series(pl.from_arrow(array)).alias("text")
    if pa.types.is_timestamp(column.type.arrow):
        instants = _plain_instants(text)
        if instants is not None:
            return pa.chunked_array([instants.cast(column.type.arrow)]), {}
    parsed = pl.select(column.type.parse(pl.lit(text).str.strip_chars())).to_series()
    unread = parsed.is_null() & text.is_not_null()
    failures = {}
    if unread.any():
        is_number = text.str.contains(_NUMBER).fill_null(value=False)
        if pa.types.is_decimal(column.type.arrow) or pa.types.is_integer(column.type.arrow):
            failures[f"{column.name}_out_of_range"] = unread & is_number
            unread = unread & ~is_number
        failures[f"{column.name}_unparseable"] = unread
    cast = parsed.to_arrow()
    return pa.chunked_array([cast.cast(column.type.arrow)]), {
        name: mask for name, mask in failures.items() if mask.any()
    }
