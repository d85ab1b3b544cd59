"""One snapshot per publish: staged files in, the windows' old files out. Writes only survivors of shared files."""

from collections.abc import Mapping, Sequence

import numpy as np
from pyiceberg.exceptions import CommitFailedException, ValidationException
from pyiceberg.expressions import Not
from pyiceberg.io.pyarrow import ArrowScan
from pyiceberg.table import FileScanTask
from pyiceberg.table import Table as IcebergTable

from pricing_lake.contracts.model import Table
from pricing_lake.errors import CommitConflictError
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.live_files import is_within, window_tasks
from pricing_lake.lake.predicates import covering_predicate
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.lake.writer import StagedFile, discard, write_beside


def replace_windows(
    lake: Lake,
    contract: Table,
    windows: Sequence[PartitionWindow],
    staged: Sequence[StagedFile],
    properties: Mapping[str, str],
) -> int:
    """Replace exactly the rows of `windows` by the staged files, in one snapshot; returns its id.

    The delete predicate only scopes conflict detection: writers of other windows never collide, and the second of two
    writers of one window loses. It re-plans once, since the loser's rows are as complete as the winner's; then raises
    CommitConflictError. Rows of other windows in a shared file are rewritten beside it.
    """
    for attempt in (1, 2):
        table = lake.table(contract)
        try:
            return _commit(lake, table, contract, windows, staged, properties)
        except (ValidationException, CommitFailedException) as error:
            if attempt == 2:
                keys = ", ".join(window.key for window in windows[:3])
                raise CommitConflictError(
                    f"{contract.id} {keys}: another writer keeps changing the same partitions; run it again"
                ) from error
    raise AssertionError("unreachable")


def _commit(
    lake: Lake,
    table: IcebergTable,
    contract: Table,
    windows: Sequence[PartitionWindow],
    staged: Sequence[StagedFile],
    properties: Mapping[str, str],
) -> int:
    old = {t.file.file_path: t for tasks in window_tasks(table, contract, windows).values() for t in tasks}
    survivors = [
        kept
        for task in old.values()
        if not is_within(table, contract, task.file, windows)
        for kept in _survivors(lake, table, contract, task, windows)
    ]
    try:
        with table.transaction() as transaction:
            update = transaction.update_snapshot(snapshot_properties=dict(properties)).overwrite()
            with update as overwrite:
                overwrite.delete_by_predicate(covering_predicate(contract, windows))
                for task in old.values():
                    overwrite.delete_data_file(task.file)
                for file in (*staged, *survivors):
                    overwrite.append_data_file(file.data_file)
    except Exception:
        discard(table, survivors)
        raise
    snapshot = table.current_snapshot()
    return snapshot.snapshot_id if snapshot else 0


def _survivors(
    lake: Lake, table: IcebergTable, contract: Table, task: FileScanTask, windows: Sequence[PartitionWindow]
) -> list[StagedFile]:
    """Rows of a shared file that lie outside `windows`, written again in the same Iceberg partition."""
    scan = ArrowScan(
        table.metadata, table.io, table.schema(), Not(covering_predicate(contract, windows)), case_sensitive=True
    )
    rows = scan.to_table([task])
    return [write_beside(lake, table, contract, task.file, rows, np.arange(rows.num_rows))] if rows.num_rows else []
