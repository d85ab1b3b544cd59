"""Rows as bytes: the same for equal rows however Arrow stores them, different for rows that differ anywhere."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing_lake.contracts.row_bytes import row_bytes, vector_checksums

KINDS: dict[str, tuple[pa.DataType, st.SearchStrategy[Any]]] = {
    "flag": (pa.bool_(), st.booleans()),
    "number": (pa.int64(), st.integers(-2, 2)),
    "day": (pa.date32(), st.dates(date(1969, 12, 30), date(1970, 1, 2))),
    "moment": (pa.timestamp("us", "UTC"), st.datetimes(datetime(1970, 1, 1), timezones=st.just(UTC))),
    "price": (pa.decimal128(18, 2), st.decimals(-1, 1, places=2)),
    "share": (pa.float64(), st.sampled_from([0.0, 0.5, -1.0])),
    "name": (pa.string(), st.sampled_from(["", "a", "\x00", "\xff", "a\xff"])),
    "words": (pa.list_(pa.string()), st.lists(st.sampled_from(["", "a", "\xfd"]), max_size=2)),
    "vector": (pa.list_(pa.float64()), st.lists(st.sampled_from([0.0, 1.0]), max_size=2)),
}
SCHEMA = pa.schema([(name, kind) for name, (kind, _) in KINDS.items()])
ROWS = st.lists(st.fixed_dictionaries({n: st.none() | values for n, (_, values) in KINDS.items()}), max_size=12)


def bytes_of(rows: pa.Table) -> list[bytes]:
    return [row for batch in rows.to_batches() for row in row_bytes(batch).to_pylist()]


@given(ROWS)
def test_bytes_are_equal_exactly_where_rows_are(rows: list[dict[str, Any]]) -> None:
    found = bytes_of(pa.Table.from_pylist(rows, SCHEMA))
    for one, other in zip(rows, found, strict=True):
        for another, its in zip(rows, found, strict=True):
            assert (one == another) == (other == its)


@given(ROWS, st.integers(0, 12))
def test_slices_and_chunks_do_not_matter(rows: list[dict[str, Any]], cut: int) -> None:
    whole = pa.Table.from_pylist(rows, SCHEMA)
    assert bytes_of(pa.concat_tables([whole.slice(0, cut), whole.slice(cut)])) == bytes_of(whole)
    assert bytes_of(whole.slice(cut)) == bytes_of(whole)[cut:]


def test_what_lies_below_a_null_does_not_count() -> None:
    """Arrow leaves the value of a null to chance: a mask keeps the old one, a builder writes zero."""
    values = pa.array([1, 2], pa.int64())
    known = pa.array([True, False])
    masked = pa.Array.from_buffers(pa.int64(), 2, [known.buffers()[1], values.buffers()[1]])
    assert masked.to_pylist() == [1, None]
    built = pa.array([1, None], pa.int64())
    assert bytes_of(pa.table({"number": masked})) == bytes_of(pa.table({"number": built}))


@pytest.mark.parametrize("column", [pa.array(["a", None]), pa.array([1, None]), pa.nulls(2, pa.decimal128(10, 2))])
def test_columns_of_one_kind_alone(column: pa.Array) -> None:
    rows = bytes_of(pa.table({"only": column}))
    assert len(rows) == 2
    assert (len(set(rows)) == 1) == (column.null_count == 2)


def test_a_decimal_counts_with_all_its_digits() -> None:
    kind = pa.decimal128(38, 18)
    near = [Decimal("0.100000000000000001"), Decimal("0.100000000000000002"), Decimal("-0.100000000000000001")]
    assert len(set(bytes_of(pa.table({"rate": pa.array(near, kind)})))) == 3


def test_checksums_of_sliced_and_ragged_lists() -> None:
    lists = pa.array([[1.0, 2.0], None, [], [3.0], [1.0, 2.0], [2.0, 1.0]], pa.list_(pa.float64()))
    sums = vector_checksums(pa.chunked_array([lists])).to_pylist()
    assert sums[1] is None
    assert sums[0] == sums[4] != sums[5]
    assert vector_checksums(pa.chunked_array([lists.slice(3)])).to_pylist() == sums[3:]
