"""Rows that are older than their contract keeps them: whole partitions, with a verdict that says where they went."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from pyiceberg.table import Table as IcebergTable

from pricing_lake.contracts.model import Severity, Table
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.commit import replace_windows
from pricing_lake.lake.increment import last_days
from pricing_lake.lake.live_files import window_tasks
from pricing_lake.lake.verdicts import RuleResult, Verdict, VerdictStore, now_utc
from pricing_lake.lake.watermark import STAMP, stamp_of
from pricing_lake.lake.window import PartitionWindow

EXPIRED = "retention"


def expired_partitions(lake: Lake, table: IcebergTable, contract: Table, now: datetime) -> list[PartitionWindow]:
    """Partitions that ended longer ago than the contract keeps rows and still hold some, the oldest first."""
    if contract.retention.days is None:
        return []
    keys = sorted(VerdictStore(lake.proofs).partitions(contract.id))
    windows = [PartitionWindow.of_key(contract, key) for key in keys]
    old = [window for window in windows if window.end < now - timedelta(days=contract.retention.days)]
    tasks = window_tasks(table, contract, old)
    return [window for window in old if tasks[window.key]]


def delete_rows(lake: Lake, contract: Table, windows: Sequence[PartitionWindow], run_id: str) -> None:
    """Delete every row of these partitions, in one commit. Their verdicts come first: no reader takes them for empty.

    Raises CommitConflictError when another writer keeps changing the same partitions.
    """
    if not windows:
        return
    note = f"its rows were older than {contract.retention.days} days and are deleted"
    result = RuleResult(EXPIRED, Severity.CRITICAL, passed=False, note=note)
    for window in windows:
        VerdictStore(lake.proofs).write(
            Verdict(contract.id, window.key, str(uuid4()), run_id, contract.version, now_utc(), (result,))
        )
    replace_windows(lake, contract, windows, [], _properties(lake, contract, windows, run_id))


def _properties(lake: Lake, contract: Table, windows: Sequence[PartitionWindow], run_id: str) -> dict[str, str]:
    """For a feed also what its last commit said: where it reads on, and which days it changed."""
    told = {"pricing.run-id": run_id, "pricing.expired": ",".join(window.key for window in windows)}
    if not contract.incremental:
        return told
    table = lake.table(contract)
    stamp = stamp_of(table)
    told["pricing.partitions"] = ",".join(window.key for window in last_days(table))
    return told if stamp is None else {**told, STAMP: stamp}
