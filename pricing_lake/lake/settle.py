"""Settling days of an incremental table: a verdict per day over what its increments brought. Collects nothing."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import uuid4

from pyiceberg.table import FileScanTask

from pricing_lake.contracts.model import Severity, Table
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.increment_lanes import IncrementLanes
from pricing_lake.lake.live_files import published_hash, window_tasks
from pricing_lake.lake.quarantine import ErrorLanes, lane_hash, reasons_of
from pricing_lake.lake.verdicts import RuleResult, Verdict, VerdictStore, now_utc
from pricing_lake.lake.window import PartitionWindow

READ_TO_ITS_END = "read_to_its_end"


def settle(
    lake: Lake,
    contract: Table,
    windows: Sequence[PartitionWindow],
    run_id: str,
    read_until: datetime | None = None,
) -> list[Verdict]:
    """Say what each day holds now: rows by their own time, quarantined rows by the day they were taken.

    Rows were judged when they came, so a settled day passes, unless the contract calls an empty day an outage, or its
    source was read only until `read_until`, before the day ended: then it may have rows of that day which nobody read.
    Where None says nothing of that, it is as the standing verdict says. A standing verdict that says the same is kept.
    """
    table = lake.table(contract)
    tasks = window_tasks(table, contract, windows)
    store = VerdictStore(lake.proofs)
    standing = store.latest(contract.id, [window.key for window in windows])
    return [
        _settled(lake, contract, window, run_id, tasks[window.key], standing.get(window.key), read_until)
        for window in windows
    ]


def settled_days(lake: Lake, contract: Table, windows: Iterable[PartitionWindow]) -> list[PartitionWindow]:
    """Those of `windows` that have been settled before: they are closed, and others may have read them."""
    listed = list(windows)
    standing = VerdictStore(lake.proofs).latest(contract.id, [window.key for window in listed])
    return [window for window in listed if window.key in standing]


def _settled(
    lake: Lake,
    contract: Table,
    window: PartitionWindow,
    run_id: str,
    tasks: Sequence[FileScanTask],
    standing: Verdict | None,
    read_until: datetime | None,
) -> Verdict:
    lines = IncrementLanes(lake.proofs, contract.id).of_day(window.first_day)
    rows = sum(task.file.record_count for task in tasks)
    verdict = Verdict(
        contract.id,
        window.key,
        str(uuid4()),
        run_id,
        contract.version,
        now_utc(),
        (_not_empty(contract, rows + len(lines)), *_read_to_its_end(window, read_until, standing)),
        source_rows=rows + len(lines),
        good_rows=rows,
        quarantined_rows=len(lines),
        reasons=dict(Counter(reason for line in lines for reason in reasons_of(line))),
        figures={"files": float(len(tasks))},
        content_hash=published_hash(tasks) or "",
        lane_hash=lane_hash(lines),
    )
    if standing and standing.says_the_same_as(verdict):
        return standing
    ErrorLanes(lake.proofs).write(contract.id, window.key, verdict.batch_id, lines)
    VerdictStore(lake.proofs).write(verdict)
    return verdict


def _read_to_its_end(
    window: PartitionWindow, read_until: datetime | None, standing: Verdict | None
) -> tuple[RuleResult, ...]:
    """The broken rule; nothing where it holds."""
    if read_until is None:
        return tuple(result for result in (standing.results if standing else ()) if result.rule == READ_TO_ITS_END)
    if read_until >= window.end:
        return ()
    note = (
        f"its source was read until {read_until:%Y-%m-%d %H:%M:%S} UTC, before the day was over there; "
        "materialize it again a little later"
    )
    return (RuleResult(READ_TO_ITS_END, Severity.CRITICAL, passed=False, note=note),)


def _not_empty(contract: Table, rows: int) -> RuleResult:
    passed = rows > 0 or contract.allow_empty
    note = "" if passed else "no rows: an outage, or a day the source has not filled yet"
    return RuleResult("not_empty", Severity.CRITICAL, passed, checked_rows=rows, value=rows, note=note)
