"""Rows of a table in a given order, a few thousand at a time. Copies each value once; knows nothing of Iceberg.

A whole-table `take` copies every embedding before the first byte is written and costs twice the write itself;
gathering slices into one reused buffer keeps the copy in the processor's cache.
"""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

ROWS_AT_ONCE = 4_096


class RowGatherer:
    """Yields slices of `rows` for given row numbers. One gatherer serves one thread: its buffers are reused."""

    def __init__(self, rows: pa.Table) -> None:
        self._wide = {
            name: WideColumn(rows.column(name).combine_chunks())
            for name in rows.column_names
            if _is_wide(rows.column(name))
        }
        self._narrow = rows.drop_columns(list(self._wide))
        self._names = rows.column_names

    def slices(self, order: np.ndarray) -> Iterator[pa.Table]:
        """Tables of at most ROWS_AT_ONCE rows, in `order`. A slice is valid until the next one is asked for."""
        for start in range(0, len(order), ROWS_AT_ONCE):
            rows = order[start : start + ROWS_AT_ONCE]
            narrow = self._narrow.take(pa.array(rows))
            yield pa.table(
                [self._wide[name].gather(rows) if name in self._wide else narrow.column(name) for name in self._names],
                names=self._names,
            )


def _is_wide(column: pa.ChunkedArray) -> bool:
    """Lists of doubles of one length (nulls apart): the shape that is gathered as a matrix."""
    if not (pa.types.is_list(column.type) and pa.types.is_float64(column.type.value_type)):
        return False
    lengths = {int(length) for chunk in column.chunks for length in np.unique(np.diff(chunk.offsets.to_numpy()))} - {0}
    return len(lengths) == 1


class WideColumn:
    """A column of equally long vectors as a matrix, with null rows set aside."""

    def __init__(self, lists: pa.Array) -> None:
        array = lists.chunk(0) if isinstance(lists, pa.ChunkedArray) else lists
        offsets = array.offsets.to_numpy()
        self._type = array.type
        self._valid = np.diff(offsets) > 0
        self._null = array.is_null().to_numpy(zero_copy_only=False)
        self._length = int(np.diff(offsets)[self._valid][0])
        values = array.values.slice(int(offsets[0]), int(offsets[-1] - offsets[0])).to_numpy()
        self._matrix = values.reshape(-1, self._length)
        self._row_of = np.cumsum(self._valid) - 1
        self._buffer = np.empty((ROWS_AT_ONCE, self._length))

    def gather(self, rows: np.ndarray) -> pa.Array:
        """The vectors of `rows`, in that order, in the reused buffer."""
        valid = self._valid[rows]
        count = int(valid.sum())
        np.take(self._matrix, self._row_of[rows[valid]], axis=0, out=self._buffer[:count], mode="clip")
        offsets = np.zeros(len(rows) + 1, dtype=np.int32)
        np.cumsum(valid * self._length, out=offsets[1:])
        return pa.ListArray.from_arrays(
            pa.array(offsets),
            pa.array(self._buffer[:count].reshape(-1)),
            type=self._type,
            mask=pa.array(self._null[rows]) if self._null.any() else None,
        )
