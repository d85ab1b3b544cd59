"""One item of Carousel's table as a row of sale columns: keys taken apart, values as text. Reads no table."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from pricing_lake.contracts.bronze_carousel import RAW_CAROUSEL_SALES
from pricing_lake.contracts.cast import REASON_COLUMN
from pricing_lake.errors import ConfigurationError
from pricing_lake.sources.dynamodb_values import read_value
from pricing_lake.sources.window import Control

NAME = "carousel"
PARTITION_KEY = "PK"
SORT_KEY = "SK"
KEY_COLUMNS = ("sale_id", "tenant_id", "product_id")
"""Columns that an item's keys hold: `TENANT#{tenant_id}#PRODUCT#{product_id}` and `SALE#{date}#{sale_id}`."""
ATTRIBUTE_COLUMNS = tuple(name for name in RAW_CAROUSEL_SALES.names if name not in KEY_COLUMNS)
"""Columns that an item holds as attributes, by default under the same names."""
SCHEMA = pa.schema([(name, pa.string()) for name in (*KEY_COLUMNS, *ATTRIBUTE_COLUMNS, REASON_COLUMN)])

_PARTITION = re.compile(r"TENANT#(?P<tenant_id>[^#]+)#PRODUCT#(?P<product_id>.+)", re.DOTALL)
_SORT = re.compile(r"SALE#(?P<date>[^#]+)#(?P<sale_id>.+)", re.DOTALL)

Item = Mapping[str, Any]
"""An item as DynamoDB writes it: attribute name to typed value."""


@dataclass(frozen=True)
class ItemsRead:
    """One window of sales being read; see `window.Read`."""

    schema: pa.Schema
    control: Control
    batches: Iterator[pa.RecordBatch]


@dataclass(frozen=True)
class ItemColumns:
    """Which attribute holds which column; a column that is not named keeps its name.

    Raises ConfigurationError naming every column that Carousel does not have as an attribute.
    """

    attributes: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        unknown = sorted(set(self.attributes) - set(ATTRIBUTE_COLUMNS))
        if unknown:
            raise ConfigurationError(
                f"fix the attributes of Carousel: {', '.join(unknown)} is none of {', '.join(ATTRIBUTE_COLUMNS)}"
            )

    def batch(self, items: Iterable[Item]) -> pa.RecordBatch:
        """Return items as rows of `SCHEMA`: text, with the reason of the first thing wrong with an item, or null."""
        rows = [self._row(item) for item in items]
        columns = zip(*rows, strict=True) if rows else [[] for _ in SCHEMA]
        return pa.RecordBatch.from_arrays([pa.array(column, pa.string()) for column in columns], schema=SCHEMA)

    def _row(self, item: Item) -> tuple[str | None, ...]:
        tenant_id, product_id, sale_id, reason = _taken_apart(item)
        values = []
        for column in ATTRIBUTE_COLUMNS:
            name = self.attributes.get(column, column)
            text, is_plain = read_value(item[name]) if name in item else (None, True)
            values.append(text)
            if not is_plain:
                reason = reason or f"{column}_wrong_type"
        return (sale_id, tenant_id, product_id, *values, reason)


def sale_date(item: Item) -> str | None:
    """Return the date text in an item's sort key, or None when the key has another shape."""
    sort = _SORT.fullmatch(read_value(item.get(SORT_KEY)).text or "")
    return sort["date"] if sort else None


def _taken_apart(item: Item) -> tuple[str | None, str | None, str | None, str | None]:
    """Return tenant, product, sale and reason; a key of another shape stands whole where a part of it should."""
    partition_text, sort_text = (
        read_value(item[name]).text if name in item else None for name in (PARTITION_KEY, SORT_KEY)
    )
    partition, sort = _PARTITION.fullmatch(partition_text or ""), _SORT.fullmatch(sort_text or "")
    reason = None if partition and sort else "sort_key_malformed" if partition else "partition_key_malformed"
    return (
        partition["tenant_id"] if partition else partition_text,
        partition["product_id"] if partition else None,
        sort["sale_id"] if sort else sort_text,
        reason,
    )
