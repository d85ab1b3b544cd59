"""Content identity: a hash per row and one per partition, over own columns only and independent of row order.

Run metadata never takes part, so publishing the same rows again is recognised as no change.
"""

import hashlib

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from pricing_lake.contracts.model import Table

_FIELD, _NULL = "\x1f", "\x00"


def row_hashes(table: Table, rows: pa.Table) -> pa.Array:
    """A 32-digit BLAKE2b hash of each row's own columns, as text.

    A list of numbers enters as its 64-bit checksum (`vector_checksums`): hashing 8 KB of embedding text per row
    would cost more than writing it.
    """
    if not rows.num_rows:
        return pa.array([], pa.string())
    flat = {
        column.name: (
            pa.chunked_array([vector_checksums(rows.column(column.name))])
            if pa.types.is_list(column.type.arrow) and pa.types.is_primitive(column.type.arrow.value_type)
            else rows.column(column.name)
        )
        for column in table.columns
    }
    frame = pl.DataFrame(pl.from_arrow(pa.table(flat)))
    lists = [name for name, kind in frame.schema.items() if isinstance(kind, pl.List)]
    frame = frame.with_columns(pl.col(name).list.join("\x1e") for name in lists)
    texts = frame.select(
        pl.concat_str([pl.col(name).cast(pl.String).fill_null(_NULL) for name in frame.columns], separator=_FIELD)
    ).to_series()
    return pa.array([hashlib.blake2b(text.encode(), digest_size=16).hexdigest() for text in texts], pa.string())


def content_hash(hashes: pa.Array) -> str:
    """Hash of a partition's rows from their row hashes, whatever order the rows came in."""
    digest = hashlib.blake2b(digest_size=16)
    for text in pc.take(hashes, pc.sort_indices(hashes)).to_pylist():
        digest.update(text.encode())
    return digest.hexdigest()


def vector_checksums(lists: pa.ChunkedArray) -> pa.Array:
    """A 64-bit checksum per list: the sum of its 64-bit words times fixed odd weights, modulo 2**64.

    Odd weights are invertible modulo 2**64, so changing any single number changes the sum; null stays null.
    """
    return (
        pa.concat_arrays([_checksums(chunk) for chunk in lists.chunks])
        if lists.num_chunks
        else pa.array([], pa.uint64())
    )


def _checksums(lists: pa.ListArray) -> pa.Array:
    offsets = lists.offsets.to_numpy()
    words = (
        np.asarray(lists.values).astype(np.int64, copy=False)
        if not pa.types.is_floating(lists.type.value_type)
        else np.asarray(lists.values)
    )
    words = words.view(np.uint64)
    lengths = np.diff(offsets)
    sums = np.zeros(len(lists), dtype=np.uint64)
    for length in np.unique(lengths):
        if length:
            weights = _weights(int(length))
            where = np.flatnonzero(lengths == length)
            starts = offsets[where]
            contiguous = len(where) > 0 and np.array_equal(np.diff(starts), np.full(len(where) - 1, length))
            block = (
                words[starts[0] : starts[0] + len(where) * length].reshape(-1, length)
                if contiguous
                else words[starts[:, None] + np.arange(length)]
            )
            sums[where] = block @ weights + np.uint64(length)
    return pa.array(sums, pa.uint64(), mask=np.asarray(lists.is_null()))


def _weights(length: int) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """`length` fixed odd 64-bit weights; PCG64's raw stream is stable across numpy versions by its own promise."""
    return np.random.PCG64(20_240_101).random_raw(length).astype(np.uint64) | np.uint64(1)
