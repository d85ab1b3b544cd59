"""How far an incremental source has been read: a stamp in the table's own properties. Reads no source, writes no row.

The stamp changes in the very commit that brings the rows, so there is no moment at which one is there without the
other. Copies elsewhere (Parameter Store, consumer groups) are mirrors for operators and are never read back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pyiceberg.manifest import DataFile
from pyiceberg.table import Table as IcebergTable

from pricing_lake.errors import ConfigurationError
from pricing_lake.lake.writer import StagedFile

STAMP = "pricing.stamp"
"""Table property that holds the stamp; each snapshot's summary keeps it too, as history that may expire."""


def stamp_of(table: IcebergTable) -> str | None:
    """The stamp that `table` was loaded with; None before the first increment."""
    return table.properties.get(STAMP)


def commit_with_stamp(
    table: IcebergTable,
    staged: Sequence[StagedFile],
    replaced: Sequence[DataFile],
    properties: Mapping[str, str],
    stamp: str | None,
) -> int:
    """One snapshot: `staged` in, `replaced` out, the stamp moved (None leaves it); returns the snapshot's id.

    The commit stands on the snapshot that `table` was loaded with. A snapshot is made even without files, for a stamp
    that moved alone must also make a second reader of the same stretch lose; its summary says the stamp that holds from
    then on, moved or not, so that a rollback to it knows where to read on. Raises pyiceberg's CommitFailedException
    when anybody committed since.
    """
    stamped = {} if stamp is None else {STAMP: stamp}
    standing = stamp or stamp_of(table)
    summary = {**properties, **({STAMP: standing} if standing is not None else {})}
    with table.transaction() as transaction:
        with transaction.update_snapshot(snapshot_properties=summary).overwrite() as overwrite:
            for old in replaced:
                overwrite.delete_data_file(old)
            for new in staged:
                overwrite.append_data_file(new.data_file)
        if stamped:
            transaction.set_properties(stamped)
    snapshot = table.current_snapshot()
    return snapshot.snapshot_id if snapshot else 0


@dataclass(frozen=True)
class Watermark:
    """The rule by which the next stretch of a source's change time is chosen.

    A row carries the time its transaction began, but is seen only when that commits: reading "later than the latest
    seen" loses it for ever. So `lag` keeps the reader behind the source's clock, and every stretch begins `overlap`
    (at least the longest transaction) before the stamp; what it meets again is merged by key and changes nothing.
    `step` bounds one stretch, so that a first load never becomes one batch.

    Raises ConfigurationError when a duration is negative or the step is not longer than the overlap.
    """

    beginning: datetime
    lag: timedelta = timedelta(minutes=5)
    overlap: timedelta = timedelta(minutes=30)
    step: timedelta = timedelta(days=7)

    def __post_init__(self) -> None:
        if min(self.lag, self.overlap) < timedelta(0) or self.step <= timedelta(0):
            raise ConfigurationError(
                "a watermark's lag and overlap must not be negative, and its step must be positive"
            )

    def stretch(self, stamp: str | None, now: datetime) -> tuple[datetime, datetime] | None:
        """The next half-open stretch to read, given the stamp and the source's own clock; None when caught up."""
        read_until = self.beginning if stamp is None else max(parse_stamp(stamp), self.beginning)
        until = min(now - self.lag, read_until + self.step)
        if until <= read_until:
            return None
        return max(self.beginning, read_until - self.overlap), until


def time_stamp(moment: datetime) -> str:
    """A moment as a stamp. Stamps of two moments compare like the moments."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def parse_stamp(stamp: str) -> datetime:
    """The moment of a stamp. Raises ConfigurationError when it is none: somebody changed the table's property."""
    try:
        moment = datetime.fromisoformat(stamp)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ConfigurationError(f"table property {STAMP} is {stamp!r}, which is no time in UTC; restore it")
    return moment
