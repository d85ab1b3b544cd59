"""Runs partitions one by one inside this process, and says what each run published and refused. Prints nothing."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import dagster as dg

from pricing_lake.cli.clients import lake_of
from pricing_lake.cli.interruption import watch_for_interruption
from pricing_lake.contracts.all import TABLES, table_called
from pricing_lake.contracts.model import Grain, Layer, Table
from pricing_lake.definitions import build_defs, table_assets
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.verdicts import Verdict, VerdictStore
from pricing_lake.lake.window import WHOLE_KEY
from pricing_lake.stage import Stage
from pricing_lake.table_asset.column_schema import asset_key
from pricing_lake.table_asset.partition_verdicts import GATE

COUNTS = {
    "rows": "dagster/partition_row_count",
    "quarantined": "quarantined_rows",
    "duplicates": "duplicate_rows",
    "excluded": "excluded_rows",
}
COMMAND_TAG = "pricing_lake/command"
_NAMES = {table.name for table in TABLES}


@dataclass(frozen=True)
class Published:
    """What one table's partition holds after the run; `changed` is false when its content was there already."""

    rows: int
    quarantined: int
    duplicates: int
    excluded: int
    changed: bool


@dataclass(frozen=True)
class PartitionOutcome:
    """What became of one partition. `errors` are failures that are no verdict, one line per table id."""

    key: str
    seconds: float = 0.0
    published: Mapping[str, Published] = field(default_factory=dict)
    refused: tuple[Verdict, ...] = ()
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether everything that was asked for is published."""
        return not self.refused and not self.errors

    @property
    def changed(self) -> bool:
        """Whether any table has other content than before."""
        return any(table.changed for table in self.published.values())

    @property
    def verdict(self) -> str:
        """One word: passed, REFUSED (a rule on the whole partition did not hold) or FAILED (something broke)."""
        return "passed" if self.passed else "FAILED" if self.errors else "REFUSED"

    @property
    def why(self) -> str:
        """Why it is not published, or nothing."""
        lines = [verdict.explain() for verdict in self.refused]
        return "; ".join(lines + [f"{table}: {text}" for table, text in self.errors.items()])

    def joined(self, later: "PartitionOutcome") -> "PartitionOutcome":
        """Join this outcome with that of a later run of the same partition over other tables."""
        return PartitionOutcome(
            self.key,
            self.seconds + later.seconds,
            {**self.published, **later.published},
            self.refused + later.refused,
            {**self.errors, **later.errors},
        )


@dataclass(frozen=True)
class PartitionRunner:
    """Runs any tables for one partition on one stage and Dagster instance; `log_level` is that of Dagster's console."""

    stage: Stage
    instance: dg.DagsterInstance
    log_level: str = "CRITICAL"
    command: str = "materialize"
    """The command that asks for the runs: Dagit shows it as a tag of theirs."""

    def run(self, key: str, tables: Sequence[Table]) -> PartitionOutcome:
        """Run `tables` for the partition. Raises KeyboardInterrupt after Ctrl-C, which Dagster keeps to itself.

        A refusal stops its run before the tables that are made of verdicts, so these then run on their own.
        """
        outcome = self._run_once(key, tables)
        left = [t for t in tables if t.id not in outcome.published and t.id not in outcome.errors and _tells_why(t)]
        return outcome.joined(self._run_once(key, left)) if left and outcome.refused else outcome

    def run_whole(self, tables: Sequence[Table]) -> PartitionOutcome:
        """Run tables that are one whole, each of them once."""
        return self._run_once(WHOLE_KEY, tables)

    def _run_once(self, key: str, tables: Sequence[Table]) -> PartitionOutcome:
        started = time.monotonic()
        with watch_for_interruption() as interrupted:
            result = self._job.execute_in_process(
                instance=self.instance,
                partition_key=None if key == WHOLE_KEY else key,
                asset_selection=[asset_key(table) for table in tables],
                run_config={"loggers": {"console": {"config": {"log_level": self.log_level}}}},
                tags={COMMAND_TAG: self.command},
                raise_on_error=False,
            )
            if interrupted():
                raise KeyboardInterrupt
        failed = {_table_id(event.step_key): event for event in result.all_events if event.is_step_failure}
        judged = {c.asset_key.to_user_string() for c in result.get_asset_check_evaluations() if _is_refusal(c)}
        return PartitionOutcome(
            key=key,
            seconds=time.monotonic() - started,
            published={
                event.asset_key.to_user_string(): _published(event.materialization.metadata)
                for event in result.get_asset_materialization_events()
                if event.asset_key is not None
            },
            refused=tuple(self._verdict(table, key) for table in failed if table in judged),
            errors={table: reason_of(event) for table, event in failed.items() if table not in judged},
        )

    def _verdict(self, table_id: str, key: str) -> Verdict:
        return VerdictStore(self._lake.proofs).latest(table_id, [key])[key]

    @cached_property
    def _job(self) -> dg.JobDefinition:
        return build_defs(self.stage).resolve_implicit_global_asset_job_def()

    @cached_property
    def _lake(self) -> Lake:
        return lake_of(self.stage)


def made_of_wholes() -> frozenset[str]:
    """Ids of the day tables that read a whole table, or a day table that does: they are run after the wholes."""
    found: set[str] = set()
    for asset in table_assets():
        if asset.contract.every is Grain.DAY and any(t.every is Grain.WHOLE or t.id in found for t in asset.reads):
            found.add(asset.contract.id)
    return frozenset(found)


def _is_refusal(check: dg.AssetCheckEvaluation) -> bool:
    return check.check_name == GATE and not check.passed


def _tells_why(table: Table) -> bool:
    """Whether a table is made of verdicts alone, directly or through the quality tables."""
    reads = {asset.contract.id: asset.reads for asset in table_assets()}[table.id]
    return table.layer is Layer.QUALITY or {upstream.layer for upstream in reads} == {Layer.QUALITY}


def _table_id(step_key: str | None) -> str:
    """The table that a step makes; of a check that several tables share, the step's own name."""
    name = (step_key or "").partition("__")[2]
    return table_called(name).id if name in _NAMES else str(step_key)


def _published(metadata: Mapping[str, Any]) -> Published:
    counts = {name: int(metadata[label].value) for name, label in COUNTS.items()}
    return Published(**counts, changed=bool(metadata["changed"].value))


def reason_of(event: dg.DagsterEvent) -> str:
    """Why a step failed, as one line: the last error of its chain, or what it said when it gave up on purpose."""
    failure = event.step_failure_data
    if failure.user_failure_data and failure.user_failure_data.description:
        return str(failure.user_failure_data.description)
    error = failure.error
    while error is not None and error.cause is not None:
        error = error.cause
    return " ".join(error.message.split()) if error else "it broke without a word; see the run in the UI"
