"""Content identity: equal rows hash equal whatever their order; any change in any own column shows."""

import hashlib
import struct
from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from pricing_lake.contracts.model import Column, Layer, Owner, Table
from pricing_lake.contracts.record_hash import content_hash, row_hashes
from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake.contracts.types import (
    BOOLEAN,
    DATE,
    DOUBLE,
    INSTANT,
    LONG,
    MONEY,
    TEXT,
    TEXT_LIST,
    TIMESTAMP,
    LogicalType,
)
from pricing_lake_tests.lake.conftest import day, sales


def test_row_order_does_not_matter_and_content_does() -> None:
    rows = sales(day(1), 30)
    mixed = rows.take(np.random.default_rng(1).permutation(30))
    assert content_hash(row_hashes(SALES_HISTORY, rows)) == content_hash(row_hashes(SALES_HISTORY, mixed))
    assert content_hash(row_hashes(SALES_HISTORY, rows)) != content_hash(row_hashes(SALES_HISTORY, rows.slice(1)))


@pytest.mark.parametrize("name", [name for name in SALES_HISTORY.names if name != "embedding"])
def test_every_column_takes_part(name: str) -> None:
    rows = sales(day(1), 1)
    number = rows.column_names.index(name)
    field = rows.schema.field(name)
    value = rows.column(name)[0].as_py()
    other = {str: "other", Decimal: Decimal("77.77"), type(None): "some"}.get(
        type(value), day(1).end.replace(tzinfo=None)
    )
    changed = rows.set_column(number, field, pa.array([other], field.type))
    assert row_hashes(SALES_HISTORY, rows) != row_hashes(SALES_HISTORY, changed)


def test_one_number_of_an_embedding_takes_part() -> None:
    rows = sales(day(1), 1)
    vector = rows.column("embedding")[0].as_py()
    vector[1000] = np.nextafter(vector[1000], 1.0)
    number = rows.column_names.index("embedding")
    field = rows.schema.field("embedding")
    changed = rows.set_column(number, field, pa.array([vector], field.type))
    assert row_hashes(SALES_HISTORY, rows) != row_hashes(SALES_HISTORY, changed)


def test_null_empty_and_neighbouring_values_differ() -> None:
    def hashed(brand: str | None, category: str) -> str:
        rows = sales(day(1), 1).set_column(3, "brand", pa.array([brand], pa.string()))
        return str(row_hashes(SALES_HISTORY, rows.set_column(2, "category", pa.array([category])))[0])

    assert len({hashed(None, "a"), hashed("", "a"), hashed("a", ""), hashed("", "aa")}) == 4


def one_column_each(*kinds: LogicalType) -> Table:
    columns = [Column(f"c{number}", kind, "any", required=number == 0) for number, kind in enumerate(kinds)]
    return Table(Layer.MARTS, "any", "any", Owner.PRICING, ("c0",), "c0", tuple(columns))


def hashes_of(table: Table, *rows: tuple[object, ...]) -> list[str]:
    columns = zip(table.columns, zip(*rows, strict=True), strict=True)
    arrays = {column.name: pa.array(values, column.type.arrow) for column, values in columns}
    hashed: list[str] = row_hashes(table, pa.table(arrays)).to_pylist()
    return hashed


def test_the_hashed_bytes_are_these_whatever_library_wrote_them() -> None:
    """Stored hashes outlive upgrades: when this fails, every published day would look changed."""
    moment = datetime(2026, 3, 2, 10, tzinfo=UTC)
    table = one_column_each(TEXT, BOOLEAN, DATE, INSTANT, TIMESTAMP, MONEY, DOUBLE, LONG, LONG, TEXT_LIST, TEXT)
    row = ("größe", True, date(2026, 3, 2), moment, moment.replace(tzinfo=None), Decimal("12.50"), 1.5, -7, None)
    microseconds = 1_772_445_600_000_000
    numbers = struct.pack("<?xixqxqx16sxdxqxqB", True, 20_514, *2 * [microseconds], money(1_250), 1.5, -7, 0, 1)
    expected = b"\xff".join([numbers, "größe".encode(), b"2\xfda\xfd", b"\xfe"])
    assert hashes_of(table, (*row, ["a", ""], None)) == [hashlib.sha256(expected).hexdigest()[:32]]


def money(cents: int) -> bytes:
    return cents.to_bytes(16, "little", signed=True)


def test_no_text_can_pass_for_a_boundary_or_a_null() -> None:
    marks = ("\x00", "\x1e", "\x1f", "\xfd", "\xfe", "\xff")
    rows = [pair for mark in marks for pair in (("a" + mark, "b"), ("a", mark + "b"), ("a", mark))]
    hashes = hashes_of(one_column_each(TEXT, TEXT), *rows, ("a", None), ("a", ""), ("a", "b"))
    assert len(set(hashes)) == len(rows) + 3


def test_lists_of_text_differ_in_every_way() -> None:
    lists = (None, [], [""], ["", ""], ["a", "b"], ["b", "a"], ["ab"], ["a\x1eb"])
    hashes = hashes_of(one_column_each(TEXT, TEXT_LIST), *(("a", items) for items in lists))
    assert len(set(hashes)) == len(lists)


def test_chunks_and_slices_do_not_matter() -> None:
    rows = sales(day(1), 30)
    chunked = pa.concat_tables([rows.slice(0, 7), rows.slice(7, 0), rows.slice(7)])
    whole, pieces = row_hashes(SALES_HISTORY, rows), row_hashes(SALES_HISTORY, chunked)
    assert whole == pieces
    assert content_hash(whole.slice(5, 9)) == content_hash(pieces.slice(5, 9).take(list(range(8, -1, -1))))
    assert row_hashes(SALES_HISTORY, rows.slice(5, 9)) == whole.slice(5, 9)
