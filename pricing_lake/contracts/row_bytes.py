"""Rows as bytes, so that a hash can be taken of them: equal bytes for equal rows, and for no others. Hashes nothing."""

from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

# Bytes that occur in no UTF-8 text, so that no value can pass for the boundary between two, or for a null.
_NEXT_COLUMN, _NULL, _NEXT_ITEM = b"\xff", b"\xfe", b"\xfd"


def row_bytes(batch: pa.RecordBatch) -> pa.Array:
    """Each row as bytes: first its values of fixed width as they are stored, then its texts, each in column order.

    Numbers and times enter as stored, so that no library's text format decides; every one of them is followed by a
    byte that is 1 for null. Their stretch is equally long in all rows, so nothing in it can pass for a boundary.
    """
    columns = [_checksums(column) if _is_vector(column.type) else column for column in batch.columns]
    fixed = [column for column in columns if _is_fixed(column.type)]
    texts = [_text_bytes(column) for column in columns if not _is_fixed(column.type)]
    joined = [_fixed_bytes(fixed, batch.num_rows), *texts, _NEXT_COLUMN]
    return pc.binary_join_element_wise(*joined, null_handling="replace", null_replacement=_NULL)


def vector_checksums(lists: pa.ChunkedArray) -> pa.Array:
    """A 64-bit checksum per list: the sum of its 64-bit words times fixed odd weights, modulo 2**64.

    Odd weights are invertible modulo 2**64, so changing any single number changes the sum; null stays null.
    """
    return pa.concat_arrays([pa.array([], pa.uint64()), *(_checksums(chunk) for chunk in lists.chunks)])


def _is_vector(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) and pa.types.is_primitive(kind.value_type))


def _is_fixed(kind: pa.DataType) -> bool:
    return bool(pa.types.is_primitive(kind) or pa.types.is_decimal(kind))


def _fixed_bytes(columns: list[pa.Array], height: int) -> pa.Array:
    """Values of fixed width one after the other, each followed by whether it is null, as one value a row."""
    stored = [column.cast(pa.uint8()) if pa.types.is_boolean(column.type) else column for column in columns]
    widths = [column.type.bit_width // 8 for column in stored]
    packed = np.zeros((height, sum(widths) + len(widths)), dtype=np.uint8)
    start = 0
    for column, width in zip(stored, widths, strict=True):
        if height:
            raw = np.frombuffer(column.buffers()[1], np.uint8, height * width, column.offset * width)
            packed[:, start : start + width] = raw.reshape(height, width)
        if column.null_count:
            null = column.is_null().to_numpy(zero_copy_only=False)
            packed[null, start : start + width] = 0  # what lies below a null is nobody's
            packed[null, start + width] = 1
        start += width + 1
    ends = np.arange(height + 1, dtype=np.int32) * np.int32(packed.shape[1])
    return pa.Array.from_buffers(pa.binary(), height, [None, pa.py_buffer(ends), pa.py_buffer(packed)])


def _text_bytes(values: pa.Array) -> pa.Array:
    if pa.types.is_list(values.type):
        items = pc.binary_join(values.cast(pa.list_(pa.binary())), _NEXT_ITEM)
        lengths = pc.list_value_length(values).cast(pa.string()).cast(pa.binary())
        return pc.binary_join_element_wise(lengths, items, _NEXT_ITEM)
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
