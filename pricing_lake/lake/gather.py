"""Rows of a table by row number, a stretch at a time. Copies each value once; knows nothing of Iceberg.

A whole-table `take` copies every embedding before the first byte is written and costs twice the write itself;
gathering slices into one reused buffer keeps the copy small, however the table is chunked.
"""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

WIDE_ROWS_AT_ONCE = 4_096
"""Of rows with vectors: 32 MB of them."""
ROWS_AT_ONCE = 65_536
"""Of rows without."""


class RowGatherer:
    """Yields slices of `rows` for given row numbers. Threads may share one: each `slices` has its own buffer."""

    def __init__(self, rows: pa.Table) -> None:
        wide = [name for name in rows.column_names if _is_wide(rows.column(name))]
        self._wide = {name: _WideColumn(rows.column(name)) for name in wide}
        self._narrow = rows.drop_columns(wide)
        self._names = rows.column_names
        self._rows_at_once = WIDE_ROWS_AT_ONCE if wide else ROWS_AT_ONCE

    def slices(self, order: np.ndarray) -> Iterator[pa.Table]:
        """Tables of a stretch of rows; `order` ascends. A slice is valid until the next one is asked for."""
        height = min(self._rows_at_once, len(order))
        buffers = {name: np.empty((height, column.length)) for name, column in self._wide.items()}
        for start in range(0, len(order), self._rows_at_once):
            rows = order[start : start + self._rows_at_once]
            # `take` joins all chunks of what it is given: give it only the stretch it needs.
            near = self._narrow.slice(rows[0], rows[-1] - rows[0] + 1).take(pa.array(rows - rows[0]))
            columns = [
                self._wide[name].gather(rows, buffers[name]) if name in buffers else near.column(name)
                for name in self._names
            ]
            yield pa.table(columns, names=self._names)


def _is_wide(column: pa.ChunkedArray) -> bool:
    """Lists of doubles of one length (nulls apart): the shape that is gathered as a matrix."""
    if not (pa.types.is_list(column.type) and pa.types.is_float64(column.type.value_type)):
        return False
    lengths = {int(length) for chunk in column.chunks for length in np.unique(np.diff(chunk.offsets.to_numpy()))} - {0}
    return len(lengths) == 1


class _WideColumn:
    """A column of equally long vectors as one matrix per chunk, none of them a copy."""

    def __init__(self, lists: pa.ChunkedArray) -> None:
        sizes = np.concatenate([np.diff(chunk.offsets.to_numpy()) for chunk in lists.chunks])
        self.length = int(sizes.max())
        self._type = lists.type
        self._filled = sizes > 0
        self._null = lists.is_null().to_numpy() if lists.null_count else None
        self._matrices = [_matrix(chunk, self.length) for chunk in lists.chunks]
        self._row_of = np.cumsum(self._filled) - 1
        self._starts = np.cumsum([0, *(len(matrix) for matrix in self._matrices)])

    def gather(self, rows: np.ndarray, buffer: np.ndarray) -> pa.Array:
        """The vectors of ascending `rows`, in `buffer`."""
        filled = self._filled[rows]
        vectors = self._row_of[rows[filled]]
        cuts = np.searchsorted(vectors, self._starts)
        for matrix, first, start, stop in zip(self._matrices, self._starts, cuts, cuts[1:], strict=False):
            if start < stop:
                np.take(matrix, vectors[start:stop] - first, axis=0, out=buffer[start:stop], mode="clip")
        offsets = np.zeros(len(rows) + 1, dtype=np.int32)
        np.cumsum(filled * self.length, out=offsets[1:])
        return pa.ListArray.from_arrays(
            pa.array(offsets),
            pa.array(buffer[: len(vectors)].reshape(-1)),
            type=self._type,
            mask=None if self._null is None else pa.array(self._null[rows]),
        )


def _matrix(lists: pa.ListArray, length: int) -> np.ndarray:
    """The vectors of one chunk as rows, nulls left out, in the chunk's own memory."""
    offsets = lists.offsets.to_numpy()
    values = lists.values.slice(int(offsets[0]), int(offsets[-1] - offsets[0])).to_numpy()
    return np.asarray(values.reshape(-1, length))
