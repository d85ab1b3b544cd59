"""Publish: the one way any table of any layer changes. Candidate → split → gate → proof → stage → ONE commit.

Order is what makes it safe. The error lane and the verdict are written first, keyed by batch, so that a run killed
anywhere and started again ends in the same state; files are staged unseen; a single snapshot makes them visible.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

import pyarrow as pa
from pyiceberg.table import Table as IcebergTable

from pricing_lake.contracts.model import Table
from pricing_lake.contracts.record_hash import content_hash, row_hashes
from pricing_lake.contracts.split import Split, split_rows
from pricing_lake.errors import RefusedError
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.commit import replace_windows
from pricing_lake.lake.figures import figures_of
from pricing_lake.lake.gate import Candidate, judge, refused
from pricing_lake.lake.live_files import published_hash, window_tasks
from pricing_lake.lake.quarantine import ErrorLanes
from pricing_lake.lake.verdicts import RuleResult, Verdict, VerdictStore, now_utc
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.lake.writer import StagedFile, discard, stage_files


@dataclass(frozen=True)
class Publication:
    """What one publish did: a verdict per partition, and the snapshot, or None when no content changed."""

    verdicts: tuple[Verdict, ...]
    snapshot_id: int | None
    changed: frozenset[str]

    @property
    def refused(self) -> tuple[Verdict, ...]:
        """Verdicts of the partitions that were refused."""
        return tuple(verdict for verdict in self.verdicts if not verdict.passed)


@dataclass
class _Batch:
    """State of one publish while it runs."""

    lake: Lake
    contract: Table
    run_id: str
    batch_id: str
    started: datetime
    table: IcebergTable
    live: Mapping[str, str | None]

    def judge(
        self, window: PartitionWindow, produce: Callable[[PartitionWindow], Candidate]
    ) -> tuple[Verdict, list[StagedFile] | None]:
        """Verdict of one partition, and its staged files, or None when nothing is to be committed for it."""
        try:
            candidate = produce(window)
        except RefusedError as error:
            return self._prove(window, refused("upstream_published", str(error))), None
        split = split_rows(self.contract, candidate.rows, window.bounds(self.contract))
        results = judge(self.contract, candidate, split)
        hashes = row_hashes(self.contract, split.good)
        verdict = self._prove(window, results, candidate, split, content_hash(hashes))
        if not verdict.passed or self._is_unchanged(window, verdict):
            return verdict, None
        rows = split.good
        if self.contract.correctable:
            rows = rows.append_column("record_hash", hashes)
        constants = {
            "_ingest_ts": pa.scalar(self.started, pa.timestamp("us", "UTC")),
            "_batch_id": pa.scalar(self.batch_id),
            "_source_system": pa.scalar(candidate.source_system),
            "_run_date": pa.scalar(window.first_day),
        }
        return verdict, stage_files(self.lake, self.table, self.contract, window, rows, constants, verdict.content_hash)

    def _is_unchanged(self, window: PartitionWindow, verdict: Verdict) -> bool:
        live = self.live[window.key]
        return live == verdict.content_hash or (live == "" and verdict.good_rows == 0)

    def _prove(
        self,
        window: PartitionWindow,
        results: tuple[RuleResult, ...],
        candidate: Candidate | None = None,
        split: Split | None = None,
        digest: str = "",
    ) -> Verdict:
        """Write lane, then verdict: the proof that outlives this process."""
        verdict = Verdict(
            self.contract.id, window.key, self.batch_id, self.run_id, self.contract.version, now_utc(), results
        )
        if candidate is not None and split is not None:
            verdict = Verdict(
                **{
                    **vars(verdict),
                    "source_rows": candidate.source_rows,
                    "good_rows": split.good.num_rows,
                    "quarantined_rows": split.quarantined.num_rows,
                    "duplicate_rows": split.duplicates,
                    "excluded": dict(candidate.excluded),
                    "reasons": dict(split.reasons),
                    "figures": figures_of(self.contract, window, split.good, verdict.evaluated_at),
                    "content_hash": digest,
                }
            )
            ErrorLanes(self.lake.proofs).write(self.contract, window.key, self.batch_id, split.quarantined)
        VerdictStore(self.lake.proofs).write(verdict)
        return verdict


def publish(
    lake: Lake,
    contract: Table,
    windows: Sequence[PartitionWindow],
    produce: Callable[[PartitionWindow], Candidate],
    run_id: str,
) -> Publication:
    """Publish `windows` of one table. A refused partition changes nothing and holds up no other.

    `produce` gives the candidate of one window; a RefusedError from it refuses that window alone. Windows are produced,
    judged and staged one after another, so memory holds one of them. Equal content commits nothing. Any other error
    drops what was staged and is raised: the table is as it was.
    """
    table = lake.table(contract)
    tasks = window_tasks(table, contract, windows)
    live = {key: (published_hash(files) if files else "") for key, files in tasks.items()}
    batch = _Batch(lake, contract, run_id, str(uuid4()), now_utc(), table, live)
    verdicts: list[Verdict] = []
    staged: dict[str, list[StagedFile]] = {}
    try:
        for window in windows:
            verdict, files = batch.judge(window, produce)
            verdicts.append(verdict)
            if files is not None:
                staged[window.key] = files
        changed = [window for window in windows if window.key in staged]
        files = [file for group in staged.values() for file in group]
        snapshot = _commit(batch, changed, files, verdicts) if changed else None
    except BaseException:
        discard(table, [file for group in staged.values() for file in group])
        raise
    return Publication(tuple(verdicts), snapshot, frozenset(staged))


def _commit(
    batch: _Batch, windows: Sequence[PartitionWindow], files: Sequence[StagedFile], verdicts: Sequence[Verdict]
) -> int:
    by_key = {verdict.partition: verdict for verdict in verdicts}
    properties = {
        "pricing.run-id": batch.run_id,
        "pricing.batch-id": batch.batch_id,
        "pricing.partitions": ",".join(window.key for window in windows),
        "pricing.contract-version": str(batch.contract.version),
        "pricing.content-hash": ",".join(by_key[window.key].content_hash for window in windows),
        "pricing.source-rows": ",".join(str(by_key[window.key].source_rows) for window in windows),
    }
    return replace_windows(batch.lake, batch.contract, windows, files, properties)
