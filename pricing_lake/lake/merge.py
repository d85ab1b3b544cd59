"""MERGE by key and record hash: which rows are new, which replace a stored one, and which files that touches.

Decides on keys and hashes alone, so that no embedding is read for a row that did not change; commits nothing.
pyiceberg's `Table.upsert` compares whole rows in Python and is slow beyond a thousand of them.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.io.pyarrow import ArrowScan
from pyiceberg.manifest import DataFile
from pyiceberg.table import FileScanTask
from pyiceberg.table import Table as IcebergTable

from pricing_lake.contracts.model import Table
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.live_files import window_tasks
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.lake.writer import WRITERS, StagedFile, write_beside

HASH = "record_hash"


@dataclass(frozen=True)
class Merge:
    """What a merge comes to: numbers of the incoming rows that go in, and per touched file the positions that go out.

    `unchanged` counts incoming rows that the table holds already, and `older` those that a newer stored one outranks.
    """

    incoming: np.ndarray
    outgoing: tuple[tuple[FileScanTask, np.ndarray], ...]
    unchanged: int
    older: int

    @property
    def replaced(self) -> int:
        """Stored rows that go out."""
        return sum(len(positions) for _, positions in self.outgoing)


def plan_merge(
    table: IcebergTable, contract: Table, windows: Sequence[PartitionWindow], rows: pa.Table, hashes: pa.Array
) -> Merge:
    """Compare `rows` (unique by key, all of them in `windows`) with what the table holds in those windows.

    A stored row of the same key and another hash is replaced, unless its `newest_first` columns rank it higher.
    """
    order = [name for name in contract.newest_first if name not in contract.key]
    names = [*contract.key, *order]
    found = {t.file.file_path: t for tasks in window_tasks(table, contract, windows).values() for t in tasks}
    tasks = list(found.values())
    stored = _stored(table, tasks, [*names, HASH])
    incoming = pl.DataFrame(pl.from_arrow(rows.select(names))).with_columns(
        pl.Series(HASH, pl.from_arrow(hashes), dtype=pl.String)
    )
    met = incoming.with_row_index("row").join(stored, on=list(contract.key), how="left", suffix="_stored")
    known = pl.col("file").is_not_null()
    same = known & (pl.col(HASH) == pl.col(f"{HASH}_stored"))
    older = pl.lit(value=False)
    if order:
        newest = order[0]
        older = known & ~same & (pl.col(newest) < pl.col(f"{newest}_stored")).fill_null(value=False)
    judged = met.select("row", "file", "position", known=known, same=same, older=older)
    entering = judged.filter(~pl.col("same") & ~pl.col("older"))
    leaving = entering.filter("known").sort("file", "position")
    outgoing = tuple(
        (tasks[int(number)], group["position"].to_numpy())
        for (number,), group in leaving.group_by("file", maintain_order=True)
    )
    return Merge(
        np.sort(entering["row"].unique().to_numpy()), outgoing, int(judged["same"].sum()), int(judged["older"].sum())
    )


def write_survivors(lake: Lake, table: IcebergTable, contract: Table, merge: Merge) -> list[StagedFile]:
    """The rows of touched files that stay, each file's written beside it, metadata and all; WRITERS files at a time."""

    def rewrite(touched: tuple[FileScanTask, np.ndarray]) -> StagedFile | None:
        task, positions = touched
        whole = _scan(table, table.schema().column_names).to_table([task])
        numbers = np.delete(np.arange(whole.num_rows), positions)
        return write_beside(lake, table, contract, task.file, whole, numbers) if len(numbers) else None

    with ThreadPoolExecutor(min(WRITERS, max(1, len(merge.outgoing)))) as pool:
        return [file for file in pool.map(rewrite, merge.outgoing) if file]


def replaced_files(merge: Merge) -> list[DataFile]:
    """The files that go out."""
    return [task.file for task, _ in merge.outgoing]


def _stored(table: IcebergTable, tasks: Sequence[FileScanTask], names: Sequence[str]) -> pl.DataFrame:
    """Keys, order and hashes of every row in `tasks`, with the number of its file and its position there."""
    scan = _scan(table, names)
    schema = scan.to_table([]).schema
    parts = [pl.DataFrame(pl.from_arrow(pa.Table.from_batches([], schema))).with_columns(_place(0))]
    for number, task in enumerate(tasks):
        part = scan.to_table([task])
        parts.append(pl.DataFrame(pl.from_arrow(part)).with_columns(_place(number)))
    return pl.concat(parts)


def _place(number: int) -> list[pl.Expr]:
    return [pl.lit(number, pl.Int64).alias("file"), pl.int_range(pl.len(), dtype=pl.Int64).alias("position")]


def _scan(table: IcebergTable, names: Sequence[str]) -> ArrowScan:
    return ArrowScan(table.metadata, table.io, table.schema().select(*names), AlwaysTrue(), case_sensitive=True)


def rows_at(rows: pa.Table, numbers: np.ndarray) -> pa.Table:
    """The rows with these ascending numbers; all of them without a copy."""
    return rows if len(numbers) == rows.num_rows else rows.filter(_mask(rows.num_rows, numbers))


def _mask(length: int, numbers: np.ndarray) -> pa.Array:
    mask = np.zeros(length, dtype=bool)
    mask[numbers] = True
    return pc.fill_null(pa.array(mask), False)
