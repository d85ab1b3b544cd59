"""Content identity: a hash per row and one per partition, over own columns only and independent of row order.

Run metadata never takes part, so publishing the same rows again is recognised as no change.
"""

import hashlib
from collections.abc import Sequence
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pricing_lake.contracts.model import Table

# Bytes that occur in no UTF-8 text, so that no value can pass for the boundary between two, or for a null.
_NEXT_COLUMN, _NULL, _NEXT_ITEM = b"\xff", b"\xfe", b"\xfd"
ROWS_AT_ONCE = 16_384
_DIGITS = 32


def row_hashes(table: Table, rows: pa.Table) -> pa.Array:
    """A 32-digit BLAKE2b hash of each row's own columns, as text.

    A list of numbers enters as its 64-bit checksum (`vector_checksums`): hashing 8 KB of embedding text per row
    would cost more than writing it.
    """
    text = pa.py_buffer(digests(rows, table.names, _DIGITS // 2).hex().encode())
    ends = pa.py_buffer(np.arange(0, (rows.num_rows + 1) * _DIGITS, _DIGITS, dtype=np.int32))
    return pa.Array.from_buffers(pa.string(), rows.num_rows, [None, ends, text])


def digests(rows: pa.Table, names: Sequence[str], size: int) -> bytes:
    """A BLAKE2b of `size` bytes of these columns of each row, one after the other.

    A copy of one hasher costs three quarters of a new one; threads and processes gain nothing at 100 bytes a row.
    """
    new = hashlib.blake2b(digest_size=size).copy
    found: list[bytes] = []
    for batch in rows.select(list(names)).to_batches(max_chunksize=ROWS_AT_ONCE):
        for row in row_bytes(batch).to_pylist():
            hasher = new()
            hasher.update(row)
            found.append(hasher.digest())
    return b"".join(found)


def content_hash(hashes: pa.Array) -> str:
    """Hash of a partition's rows from their row hashes, whatever order the rows came in."""
    digits = hashes.cast(pa.binary(_DIGITS))
    texts = np.frombuffer(digits.buffers()[1], f"S{_DIGITS}", len(digits), digits.offset * _DIGITS)
    return hashlib.blake2b(np.sort(texts).tobytes(), digest_size=_DIGITS // 2).hexdigest()


def vector_checksums(lists: pa.ChunkedArray) -> pa.Array:
    """A 64-bit checksum per list: the sum of its 64-bit words times fixed odd weights, modulo 2**64.

    Odd weights are invertible modulo 2**64, so changing any single number changes the sum; null stays null.
    """
    return pa.concat_arrays([pa.array([], pa.uint64()), *(_checksums(chunk) for chunk in lists.chunks)])


def row_bytes(batch: pa.RecordBatch) -> pa.Array:
    """Each row as bytes; two rows have the same bytes only when they are equal in every column."""
    columns = [_value_bytes(column) for column in batch.columns]
    return pc.binary_join_element_wise(*columns, _NEXT_COLUMN, null_handling="replace", null_replacement=_NULL)


def _value_bytes(values: pa.Array) -> pa.Array:
    """One column's values as bytes. Times and doubles enter as their stored integers: no library's format decides."""
    kind = values.type
    if pa.types.is_list(kind) and pa.types.is_primitive(kind.value_type):
        values = _checksums(values)
    elif pa.types.is_list(kind):
        items = pc.binary_join(values.cast(pa.list_(pa.binary())), _NEXT_ITEM)
        return pc.binary_join_element_wise(_value_bytes(pc.list_value_length(values)), items, _NEXT_ITEM)
    elif pa.types.is_temporal(kind):
        values = values.view(pa.int32() if kind.bit_width == 32 else pa.int64())
    elif pa.types.is_floating(kind):
        values = values.view(pa.int64())
    return values.cast(pa.string()).cast(pa.binary())


def _checksums(lists: pa.ListArray) -> pa.Array:
    offsets = lists.offsets.to_numpy()
    numbers = np.asarray(lists.values.slice(offsets[0], offsets[-1] - offsets[0]))
    words = (numbers if numbers.dtype == np.float64 else numbers.astype(np.int64, copy=False)).view(np.uint64)
    starts, lengths = offsets[:-1] - offsets[0], np.diff(offsets)
    sums = np.zeros(len(lists), dtype=np.uint64)
    for length in np.unique(lengths[lengths > 0]).tolist():
        where = np.flatnonzero(lengths == length)
        first, last = starts[where[0]], starts[where[-1]] + length
        adjacent = last - first == len(where) * length
        block = words[first:last].reshape(-1, length) if adjacent else words[starts[where, None] + np.arange(length)]
        sums[where] = block @ _weights(length) + np.uint64(length)
    return pa.array(sums, pa.uint64(), mask=np.asarray(lists.is_null()))


@cache
def _weights(length: int) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """`length` fixed odd 64-bit weights; PCG64's raw stream is stable across numpy versions by its own promise."""
    return np.random.PCG64(20_240_101).random_raw(length).astype(np.uint64) | np.uint64(1)
