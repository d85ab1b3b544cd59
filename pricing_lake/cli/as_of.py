"""`--as-of`: a moment, or a snapshot of a table, as a person types it. Reading at it is `lake.as_of`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pyiceberg.table import Table as IcebergTable

AS_OF = "--as-of"


@dataclass(frozen=True)
class AsOf:
    """Where to read: every table at `moment`, but those named at their snapshots; now where nothing is said."""

    moment: datetime | None = None
    snapshots: Mapping[str, int] = field(default_factory=dict)

    def of(self, name: str, table: "IcebergTable") -> "IcebergTable":
        """The table called `name` where it is to be read. Raises QueryError when that is not kept."""
        from pricing_lake.lake.as_of import as_of, at_snapshot

        if name in self.snapshots:
            return at_snapshot(table, self.snapshots[name])
        return table if self.moment is None else as_of(table, self.moment)


class Moment(click.ParamType[datetime]):
    """A moment; without an offset it is UTC, and a day is its first moment."""

    name = "YYYY-MM-DD[THH:MM[:SS]]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The moment in UTC, or a usage error."""
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a time; write it as 2026-01-31T12:00Z, UTC", param, ctx)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


MOMENT = Moment()


def where(words: Sequence[str], table: str = "") -> AsOf:
    """What the words name: one moment, `TABLE=SNAPSHOT` for a table, a bare snapshot id where there is one `table`."""
    moment: datetime | None = None
    snapshots: dict[str, int] = {}
    for word in words:
        name, equals, snapshot = word.rpartition("=")
        if (equals or table) and snapshot.isdecimal():
            snapshots[name.rpartition("/")[2] or table] = int(snapshot)
        elif equals:
            raise click.BadParameter(f"{word!r}: a snapshot id is a number; write TABLE=ID", param_hint=AS_OF)
        elif moment is not None:
            raise click.BadParameter(f"{word!r} is a second time; give one", param_hint=AS_OF)
        else:
            moment = MOMENT.convert(word, None, None)
    return AsOf(moment, snapshots)
