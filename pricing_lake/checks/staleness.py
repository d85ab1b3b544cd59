"""Whether a table of days is as new as it should be by now. Wholes are in `staleness_of_wholes`; no Dagster is here.

Judged is the table, never a run: a backfill of old days makes nothing older, and a lake that has ended owes no day.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum
from typing import TYPE_CHECKING

from pricing_lake.contracts.model import Table
from pricing_lake.errors import RefusedError
from pricing_lake.lake.window import PartitionWindow

if TYPE_CHECKING:
    from pyiceberg.table import Table as IcebergTable

    from pricing_lake.lake.catalog import Lake
    from pricing_lake.lake.verdicts import Verdict, VerdictStore

LATE_ROWS_DAYS = 4
"""Days without a row that are usual at most: the longest weekend, from Maundy Thursday to Easter Monday."""
STALE_ROWS_DAYS = 14
"""No shop shuts for longer; Online Retail was closed for 11 days over Christmas 2010."""
LOOK_BACK_DAYS = 31
"""Where no published day, or no row, is found within these days, it is not looked for any further."""


class Age(IntEnum):
    """How bad it is: the greater, the worse."""

    FRESH = 0
    LATE = 1
    STALE = 2


@dataclass(frozen=True)
class Freshness:
    """What was found of one table; `text` is one line, `days_late` is zero where no day is missing."""

    age: Age
    text: str
    days_late: int = 0


@dataclass(frozen=True)
class Due:
    """The lake's days and the moment as of which a table is judged, UTC."""

    start: date
    last: date | None
    now: datetime

    def day(self, table: Table) -> date | None:
        """The newest day that should be there: the table's hours are over since it ended. None when no day is due.

        So it is in a lake that is younger than that, and in one whose last day was due before.
        """
        newest = (self.now - timedelta(hours=table.fresh_within_hours)).date() - timedelta(days=1)
        return newest if self.start <= newest <= (self.last or newest) else None

    def nothing(self) -> Freshness:
        """What is said where no day is due."""
        over = self.last is not None and self.last < self.now.date()
        return Freshness(Age.FRESH, f"the lake ends on {self.last}" if over else "no day is due yet")

    def hours_since(self, moment: datetime) -> float:
        """Hours from then to now."""
        return (self.now - moment).total_seconds() / 3600


@dataclass(frozen=True)
class DayTable:
    """A table of days in a lake, and what it owes."""

    lake: "Lake"
    table: Table
    due: Due

    def judge(self) -> Freshness:
        """LATE when the newest due day is not published, STALE when the one before it is not either.

        A table whose newest day was published within its hours is being filled or caught up: that is LATE at most.
        Where the due day is published, the age of the newest row counts.
        """
        day = self.due.day(self.table)
        if day is None:
            return self.due.nothing()
        judged = sorted((date.fromisoformat(key) for key in self._verdicts.partitions(self.table.id)), reverse=True)
        if not judged:
            return Freshness(Age.FRESH, "nothing was ever published")
        try:
            verdict = self._require(day)
        except RefusedError as error:
            return self._missing(day, str(error), judged)
        return self._rows(day, verdict, judged)

    def _missing(self, day: date, why: str, judged: Sequence[date]) -> Freshness:
        others = [other for other in judged[:LOOK_BACK_DAYS] if other != day]
        newest = next((found for found in self._read(others) if found.passed), None)
        if newest is None:
            return Freshness(Age.STALE, f"none of the newest {LOOK_BACK_DAYS} judged days is published; {why}")
        newest_day = date.fromisoformat(newest.partition)
        days_late = max(1, (day - newest_day).days)
        is_growing = self.due.hours_since(newest.evaluated_at) <= self.table.fresh_within_hours
        age = Age.LATE if is_growing or days_late == 1 else Age.STALE
        doing = "; days are being published" if is_growing else ""
        return Freshness(age, f"{why}; the newest published day is {newest_day}{doing}", days_late)

    def _rows(self, day: date, verdict: "Verdict", judged: Iterable[date]) -> Freshness:
        """How old the newest row is, of a table whose due day is there: its source may have died in silence."""
        if verdict.good_rows:
            return Freshness(Age.FRESH, f"{day} is published with {verdict.good_rows:,} rows")
        since = day - timedelta(days=LOOK_BACK_DAYS)
        lately = [other for other in judged if since <= other]
        found = next((one for one in self._read(lately) if one.passed and one.good_rows), None)
        if found is None and not _has_rows(self.lake.table(self.table)):
            return Freshness(Age.FRESH, f"{day} is published; the table never had a row")
        newest = date.fromisoformat(found.partition) if found else since
        days = max(0, (day - newest).days)
        age = Age.FRESH if days <= LATE_ROWS_DAYS else Age.LATE if days <= STALE_ROWS_DAYS else Age.STALE
        told = f"the newest rows are of {newest}" if found else f"no row is of the {LOOK_BACK_DAYS} days before"
        advice = "; see whether its source still delivers" if age else ""
        return Freshness(age, f"{day} is published and empty; {told}{advice}")

    def _require(self, day: date) -> "Verdict":
        from pricing_lake.lake.reader import PublishedPartitions  # here, so that loading the graph stays quick

        window = PartitionWindow.of_day(day)
        return PublishedPartitions(self.lake, self.table, [window]).require(window)

    def _read(self, days: Iterable[date]) -> Iterator["Verdict"]:
        """Verdicts of these days; each is read when it is asked for."""
        for day in days:
            yield from self._verdicts.latest(self.table.id, [day.isoformat()]).values()

    @property
    def _verdicts(self) -> "VerdictStore":
        from pricing_lake.lake.verdicts import VerdictStore  # here, so that loading the graph stays quick

        return VerdictStore(self.lake.proofs)


def _has_rows(table: "IcebergTable") -> bool:
    snapshot = table.current_snapshot()
    told = snapshot.summary.additional_properties if snapshot and snapshot.summary else {}
    return int(told.get("total-records", "0")) > 0
