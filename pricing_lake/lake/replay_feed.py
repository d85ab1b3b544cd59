"""Replay of a feed: rows that increments set aside on some days through today's contract, merged by key.

A feed's lanes are not of one publish, and its rows may be of other days than the one they were taken on. So a lane is
judged as an increment without a stamp, and rewritten when that increment is committed. The lane of a feed that only
appends holds messages as received: they are decoded again, and one commit takes them from lane to table.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time

from pricing_lake.contracts.as_arrow import own_arrow_schema
from pricing_lake.contracts.model import Table
from pricing_lake.errors import ConfigurationError
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.feed import Increment
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.increment import left_unsaid
from pricing_lake.lake.increment_batch import IncrementBatch
from pricing_lake.lake.increment_lanes import IncrementLanes
from pricing_lake.lake.lane_letters import ReadLetters, rejudge_letters
from pricing_lake.lake.lane_rows import Rejudged, rejudge
from pricing_lake.lake.publish import Publication
from pricing_lake.lake.quarantine import count_reasons
from pricing_lake.lake.replay import ReplayedDay, source_system_of
from pricing_lake.lake.settle import settle, settled_days
from pricing_lake.lake.verdicts import now_utc
from pricing_lake.lake.window import PartitionWindow


@dataclass(frozen=True)
class FeedReplay:
    """Rows that a feed set aside on some days. `calendar` bounds the days that rows may be of; `gone` as in `Replay`.

    The stamp stays. `letters` decodes the lanes of a feed that only appends. Nothing but the lane keeps such a row from
    coming twice, so a lane is read and rewritten against the table as it was loaded before: whoever commits in between
    makes this replay lose. Raises ConfigurationError for such a feed without `letters`.
    """

    lake: Lake
    contract: Table
    windows: Sequence[PartitionWindow]
    calendar: PartitionWindow
    gone: Collection[str] = ()
    letters: ReadLetters | None = None

    def __post_init__(self) -> None:
        if not self.contract.correctable and self.letters is None:
            raise ConfigurationError(
                f"{self.contract.id} only appends, and its lanes hold messages as received, which nobody decodes; "
                "mend the producer and have the messages sent once more"
            )

    def plan(self) -> list[ReplayedDay]:
        """What would become of each day's lane. Writes nothing."""
        return [_told(window, *self._judged(window)) for window in self.windows]

    def run(self, run_id: str) -> tuple[Publication, list[ReplayedDay]]:
        """One commit per day whose lane changes; days that were settled before are settled anew.

        Raises CommitConflictError when another run committed meanwhile: run it again.
        """
        started = now_utc()
        left = left_unsaid(self.lake, self.contract, self.lake.table(self.contract), run_id)
        grown, days, snapshot = {*self.windows, *(day for one in left for day in one.settled)}, [], None
        for window in self.windows:
            batch = self._batch(window, run_id)
            lines, judged = self._judged(window)
            days.append(_told(window, lines, judged))
            if days[-1].changed:
                changed, snapshot = self._commit(batch, window, lines, judged)
                grown.update(changed)
        verdicts = settle(self.lake, self.contract, settled_days(self.lake, self.contract, sorted(grown)), run_id)
        changed_days = frozenset(verdict.partition for verdict in verdicts if verdict.evaluated_at >= started)
        return Publication(tuple(verdicts), snapshot, changed_days), days

    def _batch(self, window: PartitionWindow, run_id: str) -> IncrementBatch:
        """The commit to be. It comes before the lane is read: it holds the table that the lane must agree with."""
        taken = datetime.combine(window.first_day, time(), UTC)
        nothing = own_arrow_schema(self.contract).empty_table()
        source = self.letters.source_system if self.letters else source_system_of(self.lake.table(self.contract))
        candidate = Candidate(nothing, source_system=source)
        increment = Increment(f"replay of {window.key}", candidate, taken, stamp=None)
        return IncrementBatch(self.lake, self.contract, increment, run_id, after=None)

    def _judged(self, window: PartitionWindow) -> tuple[list[str], Rejudged]:
        lines = IncrementLanes(self.lake.proofs, self.contract.id).of_day(window.first_day)
        bounds = self.calendar.bounds(self.contract)
        if self.letters is not None and not self.contract.correctable:
            return lines, rejudge_letters(self.contract, lines, bounds, self.letters)
        return lines, rejudge(self.contract, lines, None, bounds, self.gone)

    def _commit(
        self, batch: IncrementBatch, window: PartitionWindow, lines: Sequence[str], judged: Rejudged
    ) -> tuple[tuple[PartitionWindow, ...], int | None]:
        """Put in what is usable now; the commit puts the rewritten lane in the place of the old one."""
        batch.increment = replace(batch.increment, candidate=replace(batch.increment.candidate, rows=judged.usable))
        lanes = IncrementLanes(self.lake.proofs, self.contract.id)
        lanes.propose_instead(batch.batch_id, window.first_day, judged.lines)
        _, _, days, snapshot = batch.commit(judged.usable, set_aside=len(lines))
        return days, snapshot


def _told(window: PartitionWindow, lines: Sequence[str], judged: Rejudged) -> ReplayedDay:
    regained = len(lines) - len(judged.lines)
    changed = bool(regained or judged.reasons_changed)
    reasons: Counter[str] = count_reasons(judged.lines)
    return ReplayedDay(window.key, regained, 0, reasons, changed, judged.masked)
