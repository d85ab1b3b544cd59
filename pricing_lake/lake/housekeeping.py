"""Housekeeping of one table, chore by chore. What each one removes, and what it must never touch, is in `chores`.

Order matters: rows that are too old go first, small files are merged, snapshots expire; then what they left behind is
no longer led to. pyiceberg 0.12 cannot rewrite manifests; writers merge them as they commit (`commit.manifest-merge`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pyiceberg.exceptions import CommitFailedException

from pricing_lake.contracts.model import Table
from pricing_lake.errors import CommitConflictError
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.chores.old_proofs import old_proofs, remove_proofs
from pricing_lake.lake.chores.old_rows import delete_rows, expired_partitions
from pricing_lake.lake.chores.orphans import orphans, remove
from pricing_lake.lake.chores.small_files import compact, small_files
from pricing_lake.lake.chores.snapshots import expire, expired_snapshots
from pricing_lake.lake.verdicts import now_utc


@dataclass
class Kept:
    """What housekeeping of one table came to, or would come to. `busy` says why a chore waits for the next time."""

    table: str
    expired_partitions: int = 0
    merged_files: int = 0
    snapshots: int = 0
    orphans: int = 0
    orphan_bytes: int = 0
    verdicts: int = 0
    lane_files: int = 0
    busy: str = ""

    @property
    def any(self) -> bool:
        """Whether there is anything to do."""
        counts = (self.expired_partitions, self.merged_files, self.snapshots, self.orphans, self.verdicts)
        return any((*counts, self.lane_files))


@dataclass(frozen=True)
class Housekeeping:
    """One table and the time as of which things are old."""

    lake: Lake
    contract: Table
    now: datetime

    @classmethod
    def at_once(cls, lake: Lake, contract: Table) -> "Housekeeping":
        """As of now."""
        return cls(lake, contract, now_utc())

    def plan(self) -> Kept:
        """What would be removed. Deletes nothing; a file that is freed by a merge of the same run is not counted."""
        kept = Kept(self.contract.id)
        proofs = old_proofs(self.lake.proofs, self.contract, self.now)
        kept.verdicts, kept.lane_files = len(proofs.verdicts), len(proofs.lanes)
        if not self.lake.exists(self.contract):
            return kept
        table = self.lake.table(self.contract)
        kept.expired_partitions = len(expired_partitions(self.lake, table, self.contract, self.now))
        kept.merged_files = sum(day.files for day in small_files(self.lake, table, self.contract, self.now))
        doomed = expired_snapshots(table, self.contract, self.now)
        kept.snapshots = len(doomed)
        found = orphans(table, self.now, without={snapshot.snapshot_id for snapshot in doomed})
        kept.orphans, kept.orphan_bytes = len(found), sum(info.size for info in found)
        return kept

    def run(self, run_id: str) -> Kept:
        """Do it. A table that somebody is writing to keeps what it has: that chore waits for the next time."""
        kept = Kept(self.contract.id)
        if self.lake.exists(self.contract):
            for chore in (self._delete_rows, self._merge_files, self._expire):
                _unless_busy(chore, kept, run_id)
            table = self.lake.table(self.contract)
            found = orphans(table, self.now)
            kept.orphan_bytes = sum(info.size for info in found)
            kept.orphans = remove(table, found)
        proofs = old_proofs(self.lake.proofs, self.contract, self.now)
        remove_proofs(self.lake.proofs, proofs)
        kept.verdicts, kept.lane_files = len(proofs.verdicts), len(proofs.lanes)
        return kept

    def _delete_rows(self, kept: Kept, run_id: str) -> None:
        windows = expired_partitions(self.lake, self.lake.table(self.contract), self.contract, self.now)
        delete_rows(self.lake, self.contract, windows, run_id)
        kept.expired_partitions = len(windows)

    def _merge_files(self, kept: Kept, run_id: str) -> None:
        table = self.lake.table(self.contract)
        days = small_files(self.lake, table, self.contract, self.now)
        compact(self.lake, self.contract, table, days, run_id)
        kept.merged_files = sum(day.files for day in days)

    def _expire(self, kept: Kept, _: str) -> None:
        table = self.lake.table(self.contract)
        doomed = expired_snapshots(table, self.contract, self.now)
        expire(table, doomed)
        kept.snapshots = len(doomed)


def _unless_busy(chore: Callable[[Kept, str], None], kept: Kept, run_id: str) -> None:
    try:
        chore(kept, run_id)
    except (CommitConflictError, CommitFailedException) as error:
        kept.busy = "; ".join(filter(None, (kept.busy, str(error).partition("\n")[0])))
