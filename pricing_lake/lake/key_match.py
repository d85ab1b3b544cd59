"""Rows of a long history that have one of some keys, found without holding the history. Which keys is asked elsewhere.

First only the key column is streamed through a semi join, then only the row groups that hold a match are read whole:
memory holds a few files' keys, the places of the matches and the matches themselves, whatever the history's length.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from polars.io.plugins import register_io_source
from pyiceberg.table import FileScanTask

from pricing_lake.lake.file_rows import READERS, FileRows

ROWS_AT_ONCE = 262_144
"""A file of more rows is never read at once, nor are more rows of it."""
_PLACE = {"file": pl.UInt32, "row": pl.UInt32}
_Keys = list[pa.Table] | None
_Kind = pl.DataType | type[pl.DataType]


@dataclass(frozen=True)
class KeyMatch:
    """`rows` whose `key`, which is one of their columns, is among `keys`; a null is no key."""

    rows: FileRows
    key: str
    keys: pl.Series

    def read(self, tasks: Sequence[FileScanTask]) -> pa.Table:
        """The matching rows: those of plain files in the order of `tasks`, then those that the Iceberg reader finds."""
        if self.keys.drop_nulls().is_empty():
            return self.rows.target.empty_table()
        left: list[FileScanTask] = []
        places = self._joined(self._key_frames(tasks, left), {self.key: self.keys.dtype, **_PLACE})
        found = places.group_by("file", maintain_order=False).agg(pl.col("row").sort()).sort("file")
        with ThreadPoolExecutor(READERS) as pool:
            parts = list(pool.map(self._rows_at, [tasks[number] for number in found["file"]], found["row"]))
        return pa.concat_tables([self.rows.target.empty_table(), *parts, self._left_to_iceberg(left)])

    def _joined(self, frames: Iterator[pl.DataFrame], schema: Mapping[str, _Kind]) -> pl.DataFrame:
        """Those rows of `frames` that have one of the keys; the keys are hashed once."""
        failures: list[Exception] = []

        def source(*_: object) -> Iterator[pl.DataFrame]:
            try:
                yield from frames
            except Exception as error:
                failures.append(error)

        wanted = self.keys.drop_nulls().unique().alias(self.key).to_frame().lazy()
        history = register_io_source(source, schema=dict(schema))
        found = history.join(wanted, on=self.key, how="semi").collect(engine="streaming")
        if failures:  # raised here, for Polars would make it an error of its own
            raise failures[0]
        return found

    def _key_frames(self, tasks: Sequence[FileScanTask], left: list[FileScanTask]) -> Iterator[pl.DataFrame]:
        """The keys of every plain file with their places; the other files are put into `left`."""
        for number, (task, batches) in enumerate(zip(tasks, _ahead(self._keys_of, tasks), strict=True)):
            if batches is None:
                left.append(task)
                continue
            row = 0
            for batch in batches if batches else self._keys_of_large(task):
                keys = pl.Series(self.key, pl.from_arrow(batch.column(self.key))).to_frame()
                rows = pl.int_range(row, row + keys.height, dtype=pl.UInt32)
                yield keys.with_columns(file=pl.lit(number, pl.UInt32), row=rows)
                row += keys.height

    def _keys_of(self, task: FileScanTask) -> _Keys:
        """The key column of a file; nothing of a large one, None of a file that is not plain."""
        with self.rows.opened(task) as file:
            if file is None:
                return None
            return [file.read([self.key])] if file.metadata.num_rows <= ROWS_AT_ONCE else []

    def _keys_of_large(self, task: FileScanTask) -> Iterator[pa.RecordBatch]:
        with self.rows.opened(task) as file:
            assert file is not None  # noqa: S101  # it was plain a moment ago, and files never change
            yield from file.iter_batches(ROWS_AT_ONCE, columns=[self.key])

    def _rows_at(self, task: FileScanTask, places: pl.Series) -> pa.Table:
        """The rows at these ascending places of a file that lie in the window."""
        with self.rows.opened(task) as file:
            assert file is not None  # noqa: S101  # as above
            parts = [
                file.read_row_groups(groups, list(self.rows.names)).take(rows)
                for groups, rows in _row_groups(file.metadata, places.to_numpy())
            ]
        return self.rows.within(pa.concat_tables(parts).cast(self.rows.target))

    def _left_to_iceberg(self, left: Sequence[FileScanTask]) -> pa.Table:
        if not left:
            return self.rows.target.empty_table()
        frames = (pl.DataFrame(pl.from_arrow(rows)) for rows in self.rows.by_iceberg(left))
        schema = pl.DataFrame(pl.from_arrow(self.rows.target.empty_table())).schema
        return self._joined(frames, schema).to_arrow().cast(self.rows.target)


def _row_groups(metadata: pq.FileMetaData, places: np.ndarray) -> Iterator[tuple[list[int], np.ndarray]]:
    """Row groups that hold `places`, few enough for one read, each lot with the places counted from its first row."""
    sizes = np.array([metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)])
    stops = np.cumsum(sizes)
    hit, firsts = np.unique(np.searchsorted(stops, places, side="right"), return_index=True)
    # Lots are cut where another ROWS_AT_ONCE rows have come together.
    lots = np.cumsum(sizes[hit]) // ROWS_AT_ONCE
    held = np.cumsum(sizes[hit]) - sizes[hit]
    of_place = np.repeat(np.arange(len(hit)), np.diff(np.append(firsts, len(places))))
    among_hit = places - (stops - sizes)[hit][of_place] + held[of_place]
    for lot in np.unique(lots):
        groups = np.flatnonzero(lots == lot)
        inside = (of_place >= groups[0]) & (of_place <= groups[-1])
        yield hit[groups].tolist(), among_hit[inside] - held[groups[0]]


def _ahead(read: Callable[[FileScanTask], _Keys], tasks: Sequence[FileScanTask]) -> Iterator[_Keys]:
    """What `read` makes of each task, in order, READERS files ahead of the one that is taken."""
    coming = iter(tasks)
    with ThreadPoolExecutor(READERS) as pool:
        waiting = deque(pool.submit(read, task) for task in islice(coming, READERS))
        while waiting:
            answer = waiting.popleft().result()
            waiting.extend(pool.submit(read, task) for task in islice(coming, 1))
            yield answer
