"""Replay: quarantined rows of published days through today's contract, without asking a source. Feeds: `replay_feed`.

A row that passes now joins the day's published rows, the others stay in the lane with their reasons of today. It goes
through `publish` like any delivery: same split, same gate, same proof, one commit.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
from pyiceberg.table import Table as IcebergTable

from pricing_lake.contracts.model import Grain, Table
from pricing_lake.errors import ConfigurationError, RefusedError
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.gate import REPLAYED, Candidate, Replayed
from pricing_lake.lake.lane_rows import rejudge
from pricing_lake.lake.publish import Publication, publish
from pricing_lake.lake.quarantine import ErrorLanes, count_reasons
from pricing_lake.lake.reader import PublishedPartitions
from pricing_lake.lake.verdicts import Verdict, VerdictStore
from pricing_lake.lake.window import PartitionWindow

_UNKNOWN_COLUMN = "unknown_column."
_SOURCE_SYSTEM = "_source_system"


@dataclass(frozen=True)
class ReplayedDay:
    """What replaying one day comes to. `regained` rows of its lane are usable now, `reasons` say why others are not.

    `fail_now` counts published rows that today's contract refuses: they go into the lane. `masked` rows of the lane
    cannot be judged, for their personal data is not there.
    """

    partition: str
    regained: int
    fail_now: int
    reasons: Counter[str]
    changed: bool
    masked: int = 0


@dataclass(frozen=True)
class Replay:
    """Quarantined rows of some days of one table. `gone` names reasons that were rules and are no longer.

    Raises RefusedError for a day that cannot be replayed (refused, or not published: its good rows are at the source
    alone), ConfigurationError for a table that cannot; both before anything is written.
    """

    lake: Lake
    contract: Table
    windows: Sequence[PartitionWindow]
    gone: Collection[str] = ()
    published: PublishedPartitions = field(init=False)

    def __post_init__(self) -> None:
        require_replayable(self.contract)
        published = PublishedPartitions(self.lake, self.contract, self.windows)
        store = VerdictStore(self.lake.proofs)
        for window in self.windows:
            published.verdicts |= _standing(store, published, window)
            published.require(window)  # before anything is written: a refusal by `publish` would become the verdict
        object.__setattr__(self, "published", published)

    def plan(self) -> list[ReplayedDay]:
        """What would become of each day. Writes nothing."""
        return [self._day(window)[0] for window in self.windows]

    def run(self, run_id: str) -> tuple[Publication, list[ReplayedDay]]:
        """Publish the days that change, in one commit; a day that does not change keeps its proof."""
        days = self.plan()
        changing = [window for window, day in zip(self.windows, days, strict=True) if day.changed]
        return publish(self.lake, self.contract, changing, lambda window: self._day(window)[1], run_id), days

    def _day(self, window: PartitionWindow) -> tuple[ReplayedDay, Candidate]:
        verdict = self.published.verdicts[window.key]
        rows = self.published.read(window)
        lines = list(ErrorLanes(self.lake.proofs).lines(self.contract.id, window.key, verdict.batch_id))
        if len(lines) != verdict.quarantined_rows:
            raise RefusedError(
                f"{self.contract.id} {window.key}: its lane has {len(lines):,} rows, its verdict counted "
                f"{verdict.quarantined_rows:,}; materialize that day again"
            )
        judged = rejudge(self.contract, lines, rows, window.bounds(self.contract), self.gone)
        regained = len(lines) - len(judged.lines)
        changed = bool(regained or judged.fail_beside or judged.reasons_changed)
        candidate = Candidate(
            pa.concat_tables([rows.cast(judged.usable.schema), judged.usable]),
            source_system=self._source_system(window),
            excluded=verdict.excluded,
            expected_rows=verdict.source_rows,
            control=verdict.control,
            source_columns=verdict.source_columns,
            unread=_unread(verdict),
            empty_because=next((r.note for r in verdict.results if r.rule == "not_empty"), ""),
            replayed=Replayed(judged.lines, verdict.duplicate_rows, regained),
        )
        day = ReplayedDay(window.key, regained, judged.fail_beside, count_reasons(judged.lines), changed, judged.masked)
        return day, candidate

    def _source_system(self, window: PartitionWindow) -> str:
        """Where the day's rows came from, as the day says, else any row of the table."""
        column = _SOURCE_SYSTEM
        found = self.published.read(window, (column,)).column(column)
        return str(found[0]) if len(found) else source_system_of(self.published.table)


def source_system_of(table: IcebergTable) -> str:
    """Where any row of the table came from; the lake itself where it has none."""
    found = table.scan(selected_fields=(_SOURCE_SYSTEM,), limit=1).to_arrow().column(_SOURCE_SYSTEM)
    return str(found[0]) if len(found) else "lake"


def require_replayable(contract: Table) -> None:
    """Raise ConfigurationError for a table whose rows cannot be judged without making them again."""
    again = f"make its days again with `pricing-lake replay {contract.id} --from-bronze --day DAY`"
    if contract.every is not Grain.DAY:
        raise ConfigurationError(f"{contract.id} has no days; {again}")
    if contract.references:
        raise ConfigurationError(f"{contract.id} refers to other tables, which may have changed; {again}")


def _standing(store: VerdictStore, published: PublishedPartitions, window: PartitionWindow) -> dict[str, Verdict]:
    """The verdict to start from, when it is not the latest: a replay died before its commit, or was refused."""
    latest = published.verdicts.get(window.key)
    if latest is None or not _is_replay(latest):
        return {}
    earlier = store.of_partition(published.contract.id, window.key)
    held = (verdict for verdict in earlier if (verdict.passed and published.holds(verdict)) or not _is_replay(verdict))
    return {window.key: next(held, latest)}


def _is_replay(verdict: Verdict) -> bool:
    return any(result.rule == REPLAYED for result in verdict.results)


def _unread(verdict: Verdict) -> tuple[str, ...]:
    """Columns of the source that the lake does not know, as the day's warnings name them."""
    rules = (result.rule for result in verdict.results)
    return tuple(rule.removeprefix(_UNKNOWN_COLUMN) for rule in rules if rule.startswith(_UNKNOWN_COLUMN))
