"""Publish: the one way any table of any layer changes. Candidate → split → gate → proof → stage → ONE commit.

Order is what makes it safe. The error lane and the verdict are written first, keyed by batch, so that a run killed
anywhere and started again ends in the same state; files are staged unseen; a single snapshot makes them visible.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import uuid4

import pyarrow as pa
from pyiceberg.table import Table as IcebergTable

from pricing_lake.contracts.model import Table
from pricing_lake.contracts.record_hash import content_hash, row_hashes
from pricing_lake.contracts.split import split_rows
from pricing_lake.errors import RefusedError, SourceSchemaError
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.commit import replace_windows
from pricing_lake.lake.figures import figures_of
from pricing_lake.lake.gate import Candidate, Replayed, judge, refused
from pricing_lake.lake.live_files import published_hash, window_tasks
from pricing_lake.lake.quarantine import ErrorLanes, lane_hash, lane_lines
from pricing_lake.lake.source_schema import SourceSchema
from pricing_lake.lake.verdicts import RuleResult, Verdict, VerdictStore, cost_name, now_utc
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
    """State of one publish while it runs; `live` and `latest` say what the table holds and what was last proved."""

    lake: Lake
    contract: Table
    run_id: str
    batch_id: str
    started: datetime
    table: IcebergTable
    live: Mapping[str, str | None]
    latest: Mapping[str, Verdict]
    source_schema: SourceSchema

    def judge(
        self, window: PartitionWindow, produce: Callable[[PartitionWindow], Candidate]
    ) -> tuple[Verdict, list[StagedFile] | None]:
        """Verdict of one partition, and its staged files, or None when nothing is to be committed for it."""
        try:
            candidate = produce(window)
            split = split_rows(self.contract, candidate.rows, window.bounds(self.contract))
        except RefusedError as error:
            return self._prove(self._verdict(window, refused("upstream_published", str(error))), []), None
        except SourceSchemaError as error:
            return self._prove(self._verdict(window, self.source_schema.refuse(error)), []), None
        columns = self.source_schema.judge(candidate.source_columns, self.latest.get(window.key))
        hashes = row_hashes(self.contract, split.good)
        earlier = candidate.replayed or Replayed()
        lines = [*lane_lines(self.contract, split.quarantined, self.lake.masking), *earlier.lines]
        verdict = replace(
            self._verdict(window, (*judge(self.contract, candidate, split), *columns)),
            source_rows=candidate.source_rows,
            good_rows=split.good.num_rows,
            quarantined_rows=len(lines),
            duplicate_rows=split.duplicates + earlier.duplicates,
            excluded=dict(candidate.excluded),
            reasons=candidate.reasons_with(split),
            figures={
                **figures_of(self.contract, window, split.good, now_utc()),
                **{cost_name(name): value for name, value in candidate.costs.items()},
            },
            content_hash=content_hash(hashes),
            lane_hash=lane_hash(lines),
            control=dict(candidate.control),
            source_columns=dict(candidate.source_columns),
        )
        proved = self._prove(verdict, lines)
        if not proved.passed or self._is_live(verdict):
            return proved, None
        return proved, self._stage(window, candidate, split.good, hashes, verdict)

    def _verdict(self, window: PartitionWindow, results: tuple[RuleResult, ...]) -> Verdict:
        return Verdict(
            self.contract.id, window.key, self.batch_id, self.run_id, self.contract.version, now_utc(), results
        )

    def _prove(self, verdict: Verdict, lines: Sequence[str]) -> Verdict:
        """Write lane, then verdict: the proof that outlives this process. An equal proof that stands is kept."""
        standing = self.latest.get(verdict.partition)
        if standing and standing.says_the_same_as(verdict) and (not verdict.passed or self._is_live(verdict)):
            return standing
        ErrorLanes(self.lake.proofs).write(self.contract.id, verdict.partition, self.batch_id, lines)
        VerdictStore(self.lake.proofs).write(verdict)
        return verdict

    def _is_live(self, verdict: Verdict) -> bool:
        """Whether the table already holds exactly what was judged."""
        live = self.live[verdict.partition]
        return live == verdict.content_hash or (live == "" and verdict.good_rows == 0)

    def _stage(
        self, window: PartitionWindow, candidate: Candidate, good: pa.Table, hashes: pa.Array, verdict: Verdict
    ) -> list[StagedFile]:
        rows = good.append_column("record_hash", hashes) if self.contract.correctable else good
        constants = {
            "_ingest_ts": pa.scalar(self.started, pa.timestamp("us", "UTC")),
            "_batch_id": pa.scalar(self.batch_id),
            "_source_system": pa.scalar(candidate.source_system),
            "_run_date": pa.scalar(window.first_day),
        }
        return stage_files(self.lake, self.table, self.contract, window, rows, constants, verdict.content_hash)


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
    store = VerdictStore(lake.proofs)
    latest = store.latest(contract.id, [window.key for window in windows])
    schema = SourceSchema(store, contract.id)
    batch = _Batch(lake, contract, run_id, str(uuid4()), now_utc(), table, live, latest, schema)
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
    control = {window.key: by_key[window.key].control for window in windows if by_key[window.key].control}
    if control:
        properties["pricing.source-control"] = json.dumps(control)
    return replace_windows(batch.lake, batch.contract, windows, files, properties)
