"""Whether a table that is one whole is as new as what it is made of, and reaches its last day. Knows no Dagster."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pricing_lake.checks.staleness import Age, Due, Freshness
from pricing_lake.contracts.model import Table
from pricing_lake.lake.window import WHOLE_KEY, PartitionWindow

if TYPE_CHECKING:
    from pricing_lake.lake.catalog import Lake

RUN_HOURS = 2
"""A whole may be older than its sources for as long as the run that brings both may take."""
_NO_NEW_CONTENT = ("pricing.compacted", "pricing.expired")
"""Housekeeping says so in its snapshots: they change no row that others are made of."""


@dataclass(frozen=True)
class WholeTable:
    """A whole, the tables it is made of, and when a run last made it (None: no run is known).

    Equal content writes no new proof, so the proof alone does not tell when the table was made. `reaches_days` says
    that its window column is a calendar, of which no day may be missing at the end.
    """

    lake: "Lake"
    table: Table
    made_of: tuple[Table, ...]
    due: Due
    made: datetime | None = None
    reaches_days: bool = False

    def judge(self) -> Freshness:
        """LATE when what it is made of changed more than RUN_HOURS ago and it was not made since.

        STALE when that is longer ago than the table's hours. A calendar must reach the due day, too.
        """
        from pricing_lake.lake.verdicts import VerdictStore  # here, so that loading the graph stays quick

        proofs = VerdictStore(self.lake.proofs).of_partition(self.table.id, WHOLE_KEY)
        newest = next(proofs, None)
        if newest is None:
            return Freshness(Age.FRESH, "nothing was ever published")
        proof = newest if newest.passed else next((older for older in proofs if older.passed), None)
        if proof is None:
            return Freshness(Age.STALE, f"it was never published; {newest.explain()}")
        made = max(proof.evaluated_at, self.made or proof.evaluated_at)
        why = "" if newest.passed else f"; {newest.explain()}"
        found = [self._behind(made, why)] + ([self._reach()] if self.reaches_days else [])
        return max(found, key=lambda one: one.age)

    def _behind(self, made: datetime, why: str) -> Freshness:
        changes = [(moment, table.id) for table in self.made_of for moment in _changes(self.lake, table, made)]
        told = f"made {made:%Y-%m-%d %H:%M} UTC"
        if not changes:
            return Freshness(Age.FRESH, f"{told}; nothing that it is made of changed since")
        since, changed = min(changes)
        hours = self.due.hours_since(since)
        if hours <= RUN_HOURS:
            return Freshness(Age.FRESH, f"{told}; {changed} changed since, and its run may be under way")
        age = Age.LATE if hours <= self.table.fresh_within_hours else Age.STALE
        return Freshness(age, f"{told}; {changed} changed {hours:.0f} hours ago; materialize {self.table.id}{why}")

    def _reach(self) -> Freshness:
        """Whether its last day is the due one or later; a table without rows has none to be held against."""
        from pricing_lake.lake.reader import PublishedTable  # here, so that loading the graph stays quick

        day = self.due.day(self.table)
        if day is None:
            return self.due.nothing()
        window = self.table.window
        days = PublishedTable(self.lake, self.table).until(PartitionWindow.whole(), [window]).column(window)
        last = max(days.unique().to_pylist(), default=None)
        if last is None:
            return Freshness(Age.FRESH, "it has no rows")
        if last >= day:
            return Freshness(Age.FRESH, f"it reaches {last}")
        days_late = (day - last).days
        age = Age.LATE if days_late == 1 else Age.STALE
        return Freshness(age, f"it ends on {last} and should reach {day}; materialize {self.table.id}", days_late)


def _changes(lake: "Lake", table: Table, after: datetime) -> Iterator[datetime]:
    """When other content of `table` became the current one, later than `after`: publishes, rollbacks, erasures."""
    if not lake.exists(table):
        return
    stored = lake.table(table)
    for entry in stored.metadata.snapshot_log:
        moment = datetime.fromtimestamp(entry.timestamp_ms / 1_000, UTC)
        snapshot = stored.snapshot_by_id(entry.snapshot_id)
        told = snapshot.summary.additional_properties if snapshot and snapshot.summary else {}
        if moment > after and not any(name in told for name in _NO_NEW_CONTENT):
            yield moment
