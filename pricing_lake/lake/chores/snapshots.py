"""Snapshots that nobody keeps any more. Their files go with the orphans: pyiceberg expires metadata alone."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import islice

from pyiceberg.table import Table as IcebergTable
from pyiceberg.table.snapshots import Snapshot

from pricing_lake.contracts.model import Table
from pricing_lake.lake.history import history, moment_of

AT_LEAST = timedelta(days=7)
"""However many snapshots a table makes, a week of them can be gone back to."""


def expired_snapshots(table: IcebergTable, contract: Table, now: datetime) -> list[Snapshot]:
    """Snapshots that are neither among the newest that the contract keeps, nor young, nor tagged, oldest first.

    One that was rolled back is not part of the history, and is kept for its age alone.
    """
    kept = {snapshot.snapshot_id for snapshot in islice(history(table), contract.retention.snapshots)}
    kept |= {reference.snapshot_id for reference in table.metadata.refs.values()}
    return [
        snapshot
        for snapshot in table.metadata.snapshots
        if snapshot.snapshot_id not in kept and moment_of(snapshot) < now - AT_LEAST
    ]


def expire(table: IcebergTable, snapshots: Sequence[Snapshot]) -> None:
    """Forget these snapshots, in one commit. Raises pyiceberg's CommitFailedException when the table is busy."""
    if snapshots:
        table.maintenance.expire_snapshots().by_ids([snapshot.snapshot_id for snapshot in snapshots]).commit()
