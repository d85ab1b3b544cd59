"""Rollback: a table set back to one of its earlier snapshots, its stamp with it, and its verdicts made to agree.

A day that is again what an earlier proof passed has that proof again. Any other day that changed is refused until it is
run again: nobody ever judged what it holds now, or it holds nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import uuid4

from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import FileScanTask
from pyiceberg.table import Table as IcebergTable
from pyiceberg.table.snapshots import Snapshot, ancestors_of
from pyiceberg.table.update.snapshot import ManageSnapshots

from pricing_lake.contracts.model import Severity, Table
from pricing_lake.errors import CommitConflictError, ConfigurationError
from pricing_lake.lake.as_of import at_snapshot
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.history import history, moment_of
from pricing_lake.lake.increment_batch import BATCH
from pricing_lake.lake.increment_lanes import IncrementLanes
from pricing_lake.lake.live_files import window_tasks
from pricing_lake.lake.publish import Publication
from pricing_lake.lake.quarantine import ErrorLanes, lane_hash
from pricing_lake.lake.reader import holds
from pricing_lake.lake.verdicts import RuleResult, Verdict, VerdictStore, now_utc
from pricing_lake.lake.watermark import STAMP, stamp_of
from pricing_lake.lake.window import PartitionWindow

ROLLED_BACK = "rolled_back"
LaneOf = Callable[[PartitionWindow], Sequence[str]]
_FIRST = 1
"""Sequence number of a table's first snapshot."""


@dataclass(frozen=True)
class RollbackPlan:
    """What a rollback would do. `undone` are the snapshots it takes back, the newest first.

    Partitions in `proved_again` have an earlier proof of what they will hold, those in `refused` have none. `stamp` is
    where a feed reads on, None for its beginning or for a table that is no feed.
    """

    target: Snapshot
    undone: tuple[Snapshot, ...]
    proved_again: tuple[str, ...]
    refused: tuple[str, ...]
    stamp: str | None


def target_of(table: IcebergTable, to: int | datetime | None) -> Snapshot:
    """The snapshot to go back to: by id, the one current at a time, or the one before the current one.

    Raises ConfigurationError when the current state does not stand on any such snapshot.
    """
    stands_on = list(history(table))
    if isinstance(to, int):
        found = next((snapshot for snapshot in stands_on if snapshot.snapshot_id == to), None)
    elif to is None:
        found = stands_on[1] if len(stands_on) > 1 else None
    else:
        found = next((snapshot for snapshot in stands_on if moment_of(snapshot) <= to), None)
    if found is None:
        named = "no snapshot before the current one" if to is None else f"no snapshot {to} that its state stands on"
        known = ", ".join(f"{s.snapshot_id} of {moment_of(s):%Y-%m-%d %H:%M:%S}" for s in stands_on[:5])
        raise ConfigurationError(f"{table.name()[-1]} has {named}; the newest are {known or 'none'}")
    return found


@dataclass(frozen=True)
class Rollback:
    """One table and the snapshot it is to be set back to."""

    lake: Lake
    contract: Table
    snapshot_id: int

    def plan(self) -> RollbackPlan:
        """What would happen. Writes nothing. Raises ConfigurationError when it cannot."""
        table = self.lake.table(self.contract)
        target = target_of(table, self.snapshot_id)
        undone = _undone(table, target)
        stamp = _stamp_at(table, target) if self.contract.incremental else None
        lanes = IncrementLanes(self.lake.proofs, self.contract.id)
        batches = _batches(undone)
        verdicts = self._verdicts(
            at_snapshot(table, target.snapshot_id), "plan", lambda day: lanes.of_day(day.first_day, but=batches)
        )
        return RollbackPlan(
            target,
            undone,
            tuple(verdict.partition for verdict in verdicts if verdict.passed),
            tuple(verdict.partition for verdict in verdicts if not verdict.passed),
            stamp,
        )

    def run(self, run_id: str) -> Publication:
        """Set the table back and write the verdicts of the partitions that changed by it.

        Killed in between and run again it ends in the same state; meanwhile readers refuse those partitions. Raises
        CommitConflictError when another writer was faster, ConfigurationError when the stamp of then is not known.
        """
        table = self.lake.table(self.contract)
        target = target_of(table, self.snapshot_id)
        batches = _batches(_undone(table, target))
        lanes = IncrementLanes(self.lake.proofs, self.contract.id)
        if batches:
            lanes.withdraw(batches)  # proposals again: should the commit fail, the next collect puts them in force
            self._commit(table, target)
            lanes.withdraw(batches)
        verdicts = self._verdicts(self.lake.table(self.contract), run_id, lambda day: lanes.of_day(day.first_day))
        for verdict in verdicts:
            VerdictStore(self.lake.proofs).write(verdict)
        return Publication(tuple(verdicts), target.snapshot_id, frozenset(v.partition for v in verdicts))

    def _commit(self, table: IcebergTable, target: Snapshot) -> None:
        try:
            with table.transaction() as transaction:
                ManageSnapshots(transaction).rollback_to_snapshot(target.snapshot_id).commit()
                if self.contract.incremental:
                    stamp = _stamp_at(table, target)
                    if stamp is not None:
                        transaction.set_properties({STAMP: stamp})
                    elif stamp_of(table) is not None:
                        transaction.remove_properties(STAMP)
        except CommitFailedException as error:
            raise CommitConflictError(
                f"{self.contract.id}: another run committed meanwhile; look and try again"
            ) from error

    def _verdicts(self, table: IcebergTable, run_id: str, lane_of: LaneOf) -> list[Verdict]:
        """A new verdict for every partition whose standing one no longer says what `table` and lanes hold."""
        store = VerdictStore(self.lake.proofs)
        latest = store.latest(self.contract.id, store.partitions(self.contract.id))
        windows = [PartitionWindow.of_key(self.contract, key) for key in sorted(latest)]
        tasks = window_tasks(table, self.contract, windows)
        histories = store.histories(self.contract.id)
        found = []
        for window in windows:
            standing = latest[window.key]
            agrees = self._agreement(window, tasks[window.key], lane_of)
            if standing.passed and not agrees(standing):
                proof = next(
                    (one for one in histories[window.key] if one.passed and agrees(one) and self._has_lane(one)), None
                )
                found.append(self._refused(window, run_id) if proof is None else self._proved_again(proof, run_id))
        return found

    def _agreement(
        self, window: PartitionWindow, tasks: Sequence[FileScanTask], lane_of: LaneOf
    ) -> Callable[[Verdict], bool]:
        """Whether a verdict says what the partition holds: its rows, and what a feed has set aside on that day."""
        if not self.contract.incremental:
            return lambda verdict: holds(tasks, verdict)
        hashed = lane_hash(lane_of(window))
        return lambda verdict: holds(tasks, verdict) and verdict.lane_hash == hashed

    def _has_lane(self, proof: Verdict) -> bool:
        """Whether the rows that an earlier proof speaks of still lie in its lane."""
        lines = ErrorLanes(self.lake.proofs).lines(self.contract.id, proof.partition, proof.batch_id)
        return lane_hash(list(lines)) == proof.lane_hash

    def _proved_again(self, proof: Verdict, run_id: str) -> Verdict:
        results = tuple(result for result in proof.results if result.rule != ROLLED_BACK)
        note = f"set back to snapshot {self.snapshot_id}; the proof is of {proof.evaluated_at:%Y-%m-%d %H:%M:%S} UTC"
        again = RuleResult(ROLLED_BACK, Severity.WARN, passed=True, note=note)
        return replace(proof, run_id=run_id, evaluated_at=now_utc(), results=(*results, again))

    def _refused(self, window: PartitionWindow, run_id: str) -> Verdict:
        note = (
            f"set back to snapshot {self.snapshot_id}, which no proof of this partition describes; materialize it again"
        )
        result = RuleResult(ROLLED_BACK, Severity.CRITICAL, passed=False, note=note)
        version = self.contract.version
        return Verdict(self.contract.id, window.key, str(uuid4()), run_id, version, now_utc(), (result,))


def _undone(table: IcebergTable, target: Snapshot) -> tuple[Snapshot, ...]:
    undone = []
    for snapshot in history(table):
        if snapshot.snapshot_id == target.snapshot_id:
            break
        undone.append(snapshot)
    return tuple(undone)


def _batches(undone: Sequence[Snapshot]) -> set[str]:
    return {snapshot.summary.additional_properties.get(BATCH, "") for snapshot in undone if snapshot.summary}


def _stamp_at(table: IcebergTable, target: Snapshot) -> str | None:
    """How far the source had been read at `target`; None when it had not been read at all."""
    last = target
    for last in ancestors_of(target, table.metadata):
        stamp = last.summary.additional_properties.get(STAMP) if last.summary else None
        if stamp is not None:
            return str(stamp)
    if last.sequence_number != _FIRST:
        raise ConfigurationError(
            f"{table.name()[-1]}: how far its source was read at snapshot {target.snapshot_id} is no longer known; "
            "choose a newer snapshot"
        )
    return None
