"""The snapshots a table is made of, and which of them was current when. Changes nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise

from pyiceberg.table import Table as IcebergTable
from pyiceberg.table.snapshots import Snapshot, ancestors_of

from pricing_lake.errors import QueryError


def history(table: IcebergTable) -> Iterator[Snapshot]:
    """The current snapshot and those it stands on, the newest first, as far back as housekeeping has left them."""
    yield from ancestors_of(table.current_snapshot(), table.metadata)


def moment_of(snapshot: Snapshot) -> datetime:
    """When the snapshot was committed."""
    return datetime.fromtimestamp(snapshot.timestamp_ms / 1_000, UTC)


def snapshot_at(table: IcebergTable, moment: datetime) -> Snapshot | None:
    """The snapshot that was current at `moment`; None when the table had none yet.

    Raises QueryError when housekeeping has expired it: an older one that is still there (a tagged one) is not the
    answer.
    """
    asked = int(moment.timestamp() * 1_000)
    log = table.metadata.snapshot_log
    before = [entry for entry in log if entry.timestamp_ms <= asked]
    if not log or (not before and _is_first_ever(table, log[0].snapshot_id)):
        return None
    if not before or _has_gap_after(table, len(before) - 1):
        oldest = next((entry for number, entry in enumerate(log) if not _has_gap_after(table, number)), log[-1])
        known = datetime.fromtimestamp(oldest.timestamp_ms / 1_000, UTC)
        raise QueryError(
            f"{table.name()[-1]}: what it held at {moment:%Y-%m-%d %H:%M:%S} UTC is no longer kept; "
            f"the oldest is of {known:%Y-%m-%d %H:%M:%S} UTC"
        )
    return table.snapshot_by_id(before[-1].snapshot_id)


def _is_first_ever(table: IcebergTable, snapshot_id: int) -> bool:
    snapshot = table.snapshot_by_id(snapshot_id)
    return snapshot is not None and snapshot.sequence_number == 1


def _has_gap_after(table: IcebergTable, number: int) -> bool:
    """Whether entries between this one and the next were expired: the next neither stands on it nor goes back."""
    entries = table.metadata.snapshot_log[number : number + 2]
    for entry, following in pairwise(entries):
        one, other = table.snapshot_by_id(entry.snapshot_id), table.snapshot_by_id(following.snapshot_id)
        if one is None or other is None:
            return True
        goes_back = other.snapshot_id in {s.snapshot_id for s in ancestors_of(one, table.metadata)}
        return other.parent_snapshot_id != one.snapshot_id and not goes_back
    return False
