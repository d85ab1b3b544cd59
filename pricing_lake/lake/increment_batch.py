"""One increment on its way into its table: merge, stage, ONE commit with the stamp. Judging is `increment`'s part."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date
from uuid import uuid4

import numpy as np
import polars as pl
import pyarrow as pa
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table as IcebergTable

from pricing_lake.contracts.model import Table
from pricing_lake.contracts.record_hash import content_hash, row_hashes
from pricing_lake.errors import CommitConflictError
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.feed import Increment
from pricing_lake.lake.history import history
from pricing_lake.lake.increment_lanes import IncrementLanes
from pricing_lake.lake.merge import HASH, Merge, plan_merge, replaced_files, rows_at, write_survivors
from pricing_lake.lake.quarantine import lane_lines
from pricing_lake.lake.verdicts import now_utc
from pricing_lake.lake.watermark import commit_with_stamp, stamp_of
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.lake.writer import StagedFile, discard, stage_files

BATCH = "pricing.batch-id"
"""Property of a snapshot: the batch that made it, whose lane is thereby in force."""


@dataclass
class IncrementBatch:
    """One increment on its way in; `table` is loaded once, so that the commit stands on the stamp that was read.

    Lanes of what was committed before are in force from here on: nobody else commits in between, or this one fails.
    Raises CommitConflictError when the table's stamp is no longer `after`, which the increment follows.
    """

    lake: Lake
    contract: Table
    increment: Increment
    run_id: str
    after: str | None
    table: IcebergTable = field(init=False)
    batch_id: str = field(init=False)

    def __post_init__(self) -> None:
        self.table = self.lake.table(self.contract)
        if self.increment.stamp is not None and stamp_of(self.table) != self.after:
            raise CommitConflictError(
                f"{self.contract.id} {self.increment.name}: another run moved the stamp meanwhile; run it again"
            )
        # Never derived from the increment: two attempts at one must not share file names, or the loser's clean-up
        # deletes what the winner committed.
        self.batch_id = str(uuid4())
        accept_lanes(self.lake, self.contract, self.table)

    @property
    def taken(self) -> date:
        """The day on which rows that are set aside are counted."""
        return self.increment.taken.astimezone(UTC).date()

    def propose_lane(self, quarantined: pa.Table) -> int:
        """Propose the rows that were set aside as this batch's lane; returns how many.

        Rows of an overlap that an earlier increment set aside are left out.
        """
        lines = lane_lines(self.contract, quarantined, self.lake.masking)
        lanes = IncrementLanes(self.lake.proofs, self.contract.id)
        if self.increment.met_since:
            lines = lanes.not_met(lines, self.increment.met_since.astimezone(UTC).date())
        lanes.propose(self.batch_id, self.taken, lines)
        return len(lines)

    def commit(self, good: pa.Table, set_aside: int) -> tuple[int, Merge, tuple[PartitionWindow, ...], int | None]:
        """Merge usable rows; returns rows that went in, the merge, the days that changed, the snapshot if any.

        The day on which rows were set aside is one of those days; their number alone makes a snapshot too, for that
        puts their lane in force. Raises CommitConflictError when somebody committed since the table was loaded.
        """
        days = days_of(self.contract, good)
        hashes = row_hashes(self.contract, good)
        merge = self._merge(days, good, hashes)
        entering, entering_hashes = rows_at(good, merge.incoming), hashes.take(pa.array(merge.incoming))
        days = days_of(self.contract, entering)
        if not (entering.num_rows or set_aside or self.increment.commits_alone):
            return 0, merge, (), None
        staged: list[StagedFile] = []
        try:
            staged += self._stage(days, entering, entering_hashes)
            staged += write_survivors(self.lake, self.table, self.contract, merge)
            if set_aside:
                days = sorted({*days, PartitionWindow.of_day(self.taken)})
            snapshot = self._commit(staged, replaced_files(merge), days)
        except BaseException:
            discard(self.table, staged)
            raise
        if set_aside:
            IncrementLanes(self.lake.proofs, self.contract.id).accept({self.batch_id})
        return entering.num_rows, merge, tuple(days), snapshot

    def _merge(self, days: Sequence[PartitionWindow], good: pa.Table, hashes: pa.Array) -> Merge:
        """Tables that cannot be corrected are appended to: their stamp alone keeps rows from coming twice."""
        if self.contract.correctable and days:
            return plan_merge(self.table, self.contract, days, good, hashes)
        return Merge(np.arange(good.num_rows), (), 0, 0)

    def _stage(self, days: Sequence[PartitionWindow], rows: pa.Table, hashes: pa.Array) -> list[StagedFile]:
        constants = {
            "_ingest_ts": pa.scalar(now_utc(), pa.timestamp("us", "UTC")),
            "_batch_id": pa.scalar(self.batch_id),
            "_source_system": pa.scalar(self.increment.candidate.source_system),
        }
        stored = rows.append_column(HASH, hashes) if self.contract.correctable else rows
        numbers = _numbers_by_day(self.contract, rows)
        staged: list[StagedFile] = []
        for day in days:
            which = numbers[day.key]
            own = {**constants, "_run_date": pa.scalar(day.first_day)}
            digest = content_hash(hashes.take(which))
            staged += stage_files(self.lake, self.table, self.contract, day, stored.take(which), own, digest)
        return staged

    def _commit(
        self, staged: Sequence[StagedFile], replaced: Sequence[DataFile], days: Sequence[PartitionWindow]
    ) -> int:
        properties = {
            "pricing.run-id": self.run_id,
            BATCH: self.batch_id,
            "pricing.increment": self.increment.name,
            "pricing.partitions": ",".join(day.key for day in days),
            "pricing.contract-version": str(self.contract.version),
            "pricing.source-rows": str(self.increment.candidate.source_rows),
        }
        try:
            return commit_with_stamp(self.table, staged, replaced, properties, self.increment.stamp)
        except CommitFailedException as error:
            raise CommitConflictError(
                f"{self.contract.id} {self.increment.name}: another run committed meanwhile; run it again"
            ) from error


def accept_lanes(lake: Lake, contract: Table, table: IcebergTable) -> None:
    """Put lanes in force whose batch is committed though its run died before it said so.

    A snapshot that was rolled back is still listed, but nothing of it is in the table.
    """
    summaries = (snapshot.summary for snapshot in history(table) if snapshot.summary)
    committed = {summary.additional_properties.get(BATCH, "") for summary in summaries}
    IncrementLanes(lake.proofs, contract.id).accept(committed)


def days_of(contract: Table, rows: pa.Table) -> list[PartitionWindow]:
    """The days that rows belong to, by their window column, in order."""
    days = pl.Series(pl.from_arrow(rows.column(contract.window))).cast(pl.Date).unique().sort()
    return [PartitionWindow.of_day(day) for day in days]


def _numbers_by_day(contract: Table, rows: pa.Table) -> Mapping[str, pa.Array]:
    days = pl.Series("day", pl.from_arrow(rows.column(contract.window))).cast(pl.Date)
    groups = days.to_frame().with_row_index("row").group_by("day").agg("row")
    return {day.isoformat(): pa.array(numbers, pa.int64()) for day, numbers in groups.iter_rows()}
