"""A table as it was: the same table at one of its snapshots, for any reader. Nothing can be committed to it."""

from datetime import datetime

from pyiceberg.catalog.noop import NoopCatalog
from pyiceberg.table import StaticTable
from pyiceberg.table import Table as IcebergTable
from pyiceberg.table.refs import MAIN_BRANCH, SnapshotRef, SnapshotRefType

from pricing_lake.errors import QueryError
from pricing_lake.lake.history import snapshot_at


def at_snapshot(table: IcebergTable, snapshot_id: int | None) -> IcebergTable:
    """`table` with this snapshot as its current one, in the schema it was written with; None is before the first.

    It has no catalog: pyiceberg would take a commit to it for one to the table as it is now. Raises QueryError for a
    snapshot that the table does not have.
    """
    if snapshot_id is None:
        changes: dict[str, object] = {"current_snapshot_id": None, "refs": {}}
    else:
        snapshot = table.snapshot_by_id(snapshot_id)
        if snapshot is None:
            raise QueryError(f"{table.name()[-1]} has no snapshot {snapshot_id}; `pricing-lake rollback` lists them")
        head = SnapshotRef.model_validate({"snapshot-id": snapshot_id, "type": SnapshotRefType.BRANCH})
        changes = {"current_snapshot_id": snapshot_id, "refs": {MAIN_BRANCH: head}}
        if snapshot.schema_id is not None:
            changes["current_schema_id"] = snapshot.schema_id
    metadata = table.metadata.model_copy(update=changes)
    return StaticTable(table.name(), metadata, table.metadata_location, table.io, NoopCatalog(table.catalog.name))


def as_of(table: IcebergTable, moment: datetime) -> IcebergTable:
    """`table` as it was at `moment`. Raises QueryError when that is no longer kept."""
    snapshot = snapshot_at(table, moment)
    return at_snapshot(table, snapshot.snapshot_id if snapshot else None)
