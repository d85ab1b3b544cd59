"""Compaction of feeds: the many small files of a closed day into one per Iceberg partition. Changes no row.

What a day holds is told by the names of its files. So the merged files carry the very hash that the many had together:
the day's verdict stays true, and no reader runs again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

import numpy as np
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.io.pyarrow import ArrowScan
from pyiceberg.manifest import DataFile
from pyiceberg.table import FileScanTask
from pyiceberg.table import Table as IcebergTable

from pricing_lake.contracts.model import Table
from pricing_lake.errors import CommitConflictError
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.increment import last_days
from pricing_lake.lake.live_files import file_name, is_within, published_hash, window_tasks
from pricing_lake.lake.verdicts import VerdictStore
from pricing_lake.lake.watermark import commit_with_stamp
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.lake.writer import StagedFile, discard, write_beside

CLOSED_FOR = timedelta(days=2)
LARGEST = 256 * 1024 * 1024
"""Bytes of one partition of one day; what is larger needs no merging, and would not fit in memory twice."""
DAYS_AT_ONCE = 31


@dataclass(frozen=True)
class SmallFiles:
    """A closed day and its files to merge, by Iceberg partition; `digest` is what they say together, if anything."""

    window: PartitionWindow
    groups: tuple[tuple[FileScanTask, ...], ...]
    digest: str | None

    @property
    def files(self) -> int:
        """Files that become one per group."""
        return sum(len(group) for group in self.groups)


def small_files(lake: Lake, table: IcebergTable, contract: Table, now: datetime) -> list[SmallFiles]:
    """Closed days of a feed with more files than Iceberg partitions, the oldest first, at most DAYS_AT_ONCE."""
    if not contract.incremental:
        return []
    keys = sorted(VerdictStore(lake.proofs).partitions(contract.id))
    windows = [PartitionWindow.of_key(contract, key) for key in keys]
    closed = [window for window in windows if window.end < now - CLOSED_FOR]
    tasks = window_tasks(table, contract, closed)
    days = [_of_day(table, contract, window, tasks[window.key]) for window in closed]
    return [day for day in days if day is not None][:DAYS_AT_ONCE]


def compact(lake: Lake, contract: Table, table: IcebergTable, days: Sequence[SmallFiles], run_id: str) -> int | None:
    """Merge them in one commit that stands on `table` as it was looked at; returns the snapshot's id.

    The stamp stays, and so does the word on which days the commit before changed: a run may have died right after it.
    Raises CommitConflictError when anybody committed meanwhile; the next time will do.
    """
    if not days:
        return None
    staged: list[StagedFile] = []
    replaced: list[DataFile] = []
    try:
        for day in days:
            staged += _merged(lake, table, contract, day)
            replaced += [task.file for group in day.groups for task in group]
        properties = {
            "pricing.run-id": run_id,
            "pricing.compacted": ",".join(day.window.key for day in days),
            "pricing.partitions": ",".join(window.key for window in last_days(table)),
        }
        return commit_with_stamp(table, staged, replaced, properties, stamp=None)
    except CommitFailedException as error:
        discard(table, staged)
        raise CommitConflictError(f"{contract.id} is busy; its small files wait for the next housekeeping") from error
    except BaseException:
        discard(table, staged)
        raise


def _of_day(
    table: IcebergTable, contract: Table, window: PartitionWindow, tasks: Sequence[FileScanTask]
) -> SmallFiles | None:
    groups: dict[str, list[FileScanTask]] = {}
    for task in tasks:
        groups.setdefault(repr(task.file.partition), []).append(task)
    sizes = [sum(task.file.file_size_in_bytes for task in group) for group in groups.values()]
    mergeable = all(not t.delete_files and is_within(table, contract, t.file, [window]) for t in tasks)
    if len(tasks) <= len(groups) or not mergeable or max(sizes, default=0) > LARGEST:
        return None
    digest = published_hash(tasks)
    # Named files say what they hold together, so all of the day's are written again; others only where there are many.
    chosen = [group for group in groups.values() if digest is not None or len(group) > 1]
    return SmallFiles(window, tuple(tuple(group) for group in chosen), digest)


def _merged(lake: Lake, table: IcebergTable, contract: Table, day: SmallFiles) -> list[StagedFile]:
    scan = ArrowScan(table.metadata, table.io, table.schema(), AlwaysTrue(), case_sensitive=True)
    batch, count = str(uuid4()), len(day.groups)
    files = []
    for index, group in enumerate(day.groups, start=1):
        rows = scan.to_table(group)
        name = None if day.digest is None else file_name(day.window, day.digest, index, count, batch)
        numbers = np.arange(rows.num_rows)
        files.append(write_beside(lake, table, contract, group[0].file, rows, numbers, name))
    return files
