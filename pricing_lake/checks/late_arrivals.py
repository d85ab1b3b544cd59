"""Which published days no longer are what their source holds: late rows, corrections, deletions. Runs nothing.

Evidence is the source's own control of the whole day beside the one that the day was published with. So it does not
matter when a change was made, stamped or committed, and a day that was told twice is known to be the same.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from pricing_lake.contracts.model import Table
from pricing_lake.errors import ChangesUnknownError
from pricing_lake.sources.window import Window

if TYPE_CHECKING:
    from pricing_lake.lake.verdicts import Verdict, VerdictStore
    from pricing_lake.sources.changed_days import ChangedDays

ROWS = "rows"


@dataclass(frozen=True)
class LateDay:
    """A day to be run again. `evidence` is the same as long as neither the source nor the published day changes."""

    day: str
    evidence: str
    why: str


@dataclass(frozen=True)
class Question:
    """What a source is asked: rows updated in [since, until), of any day, and the last days themselves."""

    since: datetime
    until: datetime
    look_back_days: int

    @property
    def look_back(self) -> set[str]:
        """The days that are held against the source whether it tells a change of them or not."""
        last = self.until.date()
        return {(last - timedelta(days=back)).isoformat() for back in range(1, self.look_back_days + 1)}


def late_days(
    verdicts: "VerdictStore", table: Table, source: "ChangedDays", calendar: Collection[str], question: Question
) -> list[LateDay]:
    """Days of `calendar` that were published (or refused) and differ from what `source` holds now, oldest first.

    A day is held against the source when the source tells a change of it, or when it lies in the look-back. Raises what
    asking the source raises.
    """
    told = _told(source, question)
    known = verdicts.partitions(table.id).intersection(calendar)
    standing = verdicts.latest(table.id, known & (told | question.look_back))
    return list(_late(source, told, {day: standing[day] for day in sorted(standing)}))


def _told(source: "ChangedDays", question: Question) -> set[str]:
    try:
        changed = source.changed_days(question.since, question.until)
    except ChangesUnknownError:
        return set()  # the look-back is compared all the same
    return {day.isoformat() for day, _ in changed}


def _late(source: "ChangedDays", told: set[str], standing: Mapping[str, "Verdict"]) -> Iterator[LateDay]:
    for day, verdict in standing.items():
        now = source.control(Window.of_day(date.fromisoformat(day))).figures
        # A verdict of before the lake kept controls knows the rows alone.
        then = verdict.control or {ROWS: str(verdict.source_rows)}
        unproved = day in told and not verdict.control
        changes = [_change(name, then, now) for name in then if then[name] != now.get(name)]
        if verdict.control:
            changes += [_change(name, then, now) for name in now if name not in then]
        if changes or unproved:
            yield LateDay(day, _evidence(verdict, now), "; ".join(changes) or "updated since it was published")


def _change(name: str, then: Mapping[str, str], now: Mapping[str, str]) -> str:
    return f"{name} {then.get(name, 'unknown')} → {now.get(name, 'unknown')}"


def _evidence(verdict: "Verdict", now: Mapping[str, str]) -> str:
    figures = "\n".join(f"{name}={value}" for name, value in sorted(now.items()))
    return hashlib.sha256(f"{verdict.batch_id}\n{figures}".encode()).hexdigest()[:16]
