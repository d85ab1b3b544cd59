"""A table as it was: the same table at one of its snapshots, for any reader. Nothing can be committed to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pyiceberg.catalog.noop import NoopCatalog
from pyiceberg.table import StaticTable
from pyiceberg.table import Table as IcebergTable
from pyiceberg.table.refs import MAIN_BRANCH, SnapshotRef, SnapshotRefType

from pricing_lake.errors import QueryError
from pricing_lake.lake.history import snapshot_at


@dataclass(frozen=True)
class AsOf:
    """Where to read: every table at `moment`, but those named at their snapshots; now where nothing is said."""

    moment: datetime | None = None
    snapshots: Mapping[str, int] = field(default_factory=dict)

    def of(self, name: str, table: IcebergTable) -> IcebergTable:
        """The table called `name` where it is to be read. Raises QueryError when that is not kept."""
        if name in self.snapshots:
            return at_snapshot(table, self.snapshots[name])
        return table if self.moment is None else as_of(table, self.moment)

    def of_all(self, tables: Mapping[str, IcebergTable], who: str) -> dict[str, IcebergTable]:
        """Each of the `tables` that `who` reads, where it is to be read. Raises QueryError, also for any other one."""
        for name in self.snapshots.keys() - tables.keys():
            raise QueryError(f"--as-of names {name}, which {who} does not read; it reads {', '.join(tables)}")
        return {name: self.of(name, table) for name, table in tables.items()}


def where(words: Sequence[str], table: str = "") -> AsOf:
    """What the words name: one moment, `TABLE=SNAPSHOT` for a table, a bare snapshot id where there is one `table`.

    Raises QueryError for any other word and for a second moment.
    """
    moment: datetime | None = None
    snapshots: dict[str, int] = {}
    for word in words:
        name, equals, snapshot = word.rpartition("=")
        if (equals or table) and snapshot.isdecimal():
            snapshots[name.rpartition("/")[2] or table] = int(snapshot)
        elif equals:
            raise QueryError(f"{word!r}: a snapshot id is a number; write TABLE=ID")
        elif moment is not None:
            raise QueryError(f"{word!r} is a second time; give one")
        else:
            moment = moment_in(word)
    return AsOf(moment, snapshots)


def moment_in(text: str) -> datetime:
    """The moment in UTC that a text names; without an offset it is UTC, and a day is its first moment."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise QueryError(f"{text!r} is not a time; write it as 2026-01-31T12:00Z, UTC") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


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
