"""Collecting increments: split → gate → dead letters → lane → stage → ONE commit with the stamp → verdicts of days.

A day of such a table grows and is closed later: `settle` says what a day holds. Killed anywhere and started again, the
same stretch is read again from the same stamp, and ends in the same state.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice

from pyiceberg.table import Table as IcebergTable

from pricing_lake.contracts.model import Table
from pricing_lake.contracts.split import split_rows
from pricing_lake.errors import RefusedError
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.feed import Feed, Increment
from pricing_lake.lake.gate import judge
from pricing_lake.lake.increment_batch import IncrementBatch, accept_lanes
from pricing_lake.lake.settle import settle, settled_days
from pricing_lake.lake.verdicts import RuleResult
from pricing_lake.lake.watermark import stamp_of
from pricing_lake.lake.window import PartitionWindow


@dataclass(frozen=True)
class Collected:
    """What one increment came to. `days` are those that it changed; `snapshot_id` is None when none did.

    `unchanged` rows were met before, set aside or not; `quarantined` are new. `settled` are those of the days that were
    settled before and are settled anew.
    """

    name: str
    received: int
    added: int
    replaced: int
    unchanged: int
    quarantined: int
    days: tuple[PartitionWindow, ...]
    snapshot_id: int | None
    settled: tuple[PartitionWindow, ...] = ()
    results: tuple[RuleResult, ...] = field(repr=False, default=())


def collect(
    lake: Lake, contract: Table, feed: Feed, calendar: PartitionWindow, run_id: str, most: int
) -> list[Collected]:
    """Commit what follows the table's stamp, at most `most` increments. `calendar` bounds the days that rows may be of.

    Raises RefusedError when an increment fails a critical rule, CommitConflictError when another reader was faster;
    both leave the table and its stamp as they were.
    """
    table = lake.table(contract)
    stamp = stamp_of(table)
    done = left_unsaid(lake, contract, table, run_id)
    for increment in islice(feed.increments(stamp), most):
        collected = publish_increment(lake, contract, increment, calendar, run_id, after=stamp)
        stamp = stamp if collected.snapshot_id is None else increment.stamp
        done.append(_with_days_settled(lake, contract, collected, run_id))
    return done


def read_again(
    lake: Lake,
    contract: Table,
    feed: Feed,
    windows: Sequence[PartitionWindow],
    calendar: PartitionWindow,
    run_id: str,
) -> list[Collected]:
    """Read past days again and merge what they hold by now; the stamp stays. Raises as `collect` does."""
    done: list[Collected] = []
    for window in windows:
        increment = feed.again(window.start, window.end)
        if increment is not None:
            collected = publish_increment(lake, contract, increment, calendar, run_id, after=None)
            done.append(_with_days_settled(lake, contract, collected, run_id))
    return done


def _with_days_settled(lake: Lake, contract: Table, collected: Collected, run_id: str) -> Collected:
    """Settle anew those of the changed days that were settled before: others may have read them."""
    days = settled_days(lake, contract, collected.days)
    settle(lake, contract, days, run_id)
    return replace(collected, settled=tuple(days))


def left_unsaid(lake: Lake, contract: Table, table: IcebergTable, run_id: str) -> list[Collected]:
    """What a run left that died between its commit and its verdicts: lanes, and days whose verdict is no longer true.

    Nothing when no run died there.
    """
    accept_lanes(lake, contract, table)
    days = settled_days(lake, contract, last_days(table))
    verdicts = settle(lake, contract, days, run_id)
    anew = tuple(day for day, verdict in zip(days, verdicts, strict=True) if verdict.run_id == run_id)
    return [Collected("left by a run that died", 0, 0, 0, 0, 0, anew, None, anew)] if anew else []


def last_days(table: IcebergTable) -> list[PartitionWindow]:
    """The days that the table's last snapshot changed."""
    snapshot = table.current_snapshot()
    properties = snapshot.summary.additional_properties if snapshot and snapshot.summary else {}
    return [
        PartitionWindow.of_day(date.fromisoformat(key))
        for key in properties.get("pricing.partitions", "").split(",")
        if key
    ]


def publish_increment(
    lake: Lake, contract: Table, increment: Increment, calendar: PartitionWindow, run_id: str, after: str | None
) -> Collected:
    """Judge and commit one increment that follows the stamp `after`; see `collect` for what is raised."""
    batch = IncrementBatch(lake, contract, increment, run_id, after)
    candidate = increment.candidate
    split = split_rows(contract, candidate.rows, calendar.bounds(contract))
    results = judge(contract, candidate, split)
    broken = [f"{r.rule}: {r.note}" for r in results if not r.passed and r.severity == "critical"]
    if broken:
        raise RefusedError(f"{contract.id} {increment.name} refused: {'; '.join(broken)}")
    aside = split.quarantined
    if increment.set_aside and aside.num_rows:
        aside = increment.set_aside(aside, run_id)
    set_aside = batch.propose_lane(aside)
    added, merge, days, snapshot = batch.commit(split.good, set_aside)
    return Collected(
        increment.name,
        candidate.source_rows,
        added,
        merge.replaced,
        merge.unchanged + merge.older + split.duplicates + aside.num_rows - set_aside,
        set_aside,
        days,
        snapshot,
        results=results,
    )
