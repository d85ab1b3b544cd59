"""Verdicts after an erasure: what a day holds now, so that its readers find what they are told. Erases nothing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from pricing_lake.contracts.model import Grain, Table
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.live_files import published_hash, window_tasks
from pricing_lake.lake.quarantine import ErrorLanes, count_reasons, lane_hash
from pricing_lake.lake.settle import settle, settled_days
from pricing_lake.lake.verdicts import Verdict, VerdictStore, now_utc
from pricing_lake.lake.window import PartitionWindow

ERASED = "erased"
"""Rows of a day that were erased since it was published count as left out, under this name."""


def amend(lake: Lake, contract: Table, erased_at: Mapping[str, datetime], run_id: str) -> None:
    """Say anew what these partitions hold, since rows of theirs were erased at that time.

    A partition that was judged later, or never, or whose verdict says so already, is left alone.
    """
    windows = [_window_called(contract, key) for key in sorted(erased_at)]
    if contract.incremental:
        settle(lake, contract, settled_days(lake, contract, windows), run_id)
        return
    store = VerdictStore(lake.proofs)
    tasks = window_tasks(lake.table(contract), contract, windows) if lake.exists(contract) else {}
    for key, verdict in store.latest(contract.id, erased_at).items():
        if verdict.evaluated_at > erased_at[key]:
            continue
        lines = list(ErrorLanes(lake.proofs).lines(contract.id, key, verdict.batch_id))
        rows, content = verdict.good_rows, verdict.content_hash
        if verdict.passed and key in tasks:
            rows = sum(task.file.record_count for task in tasks[key])
            content = published_hash(tasks[key]) or ""
        erased = verdict.good_rows - rows + verdict.quarantined_rows - len(lines)
        if erased:
            store.write(_after(verdict, erased, rows, content, lines, run_id))


def _after(verdict: Verdict, erased: int, rows: int, content: str, lines: Sequence[str], run_id: str) -> Verdict:
    return replace(
        verdict,
        run_id=run_id,
        evaluated_at=now_utc(),
        good_rows=rows,
        quarantined_rows=len(lines),
        excluded=dict(Counter(verdict.excluded) + Counter({ERASED: erased})),
        reasons=dict(count_reasons(lines)),
        content_hash=content,
        lane_hash=lane_hash(lines),
    )


def _window_called(contract: Table, key: str) -> PartitionWindow:
    return PartitionWindow.whole() if contract.every is Grain.WHOLE else PartitionWindow.of_day(date.fromisoformat(key))
