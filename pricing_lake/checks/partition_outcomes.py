"""A hand-written check's outcome per partition into Dagster's event log, also in range runs. No check lives here.

Dagster 1.13 by itself records a check of a range run once, without a partition; see `table_asset.partition_verdicts`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import dagster as dg

from pricing_lake.checks.materialization_targets import latest_targets

_WORST_FIRST = (dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN)


@dataclass(frozen=True)
class Outcome:
    """What a check says of one partition; `description` is one line."""

    passed: bool
    description: str
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR
    metadata: Mapping[str, dg.MetadataValue] = field(default_factory=dict)


def record_outcomes(
    context: dg.AssetCheckExecutionContext, asset: dg.AssetKey, check: str, outcomes: Mapping[str, Outcome]
) -> dg.AssetCheckResult:
    """Log one evaluation per partition (at least one); return the aggregate that Dagster demands, the worst of them."""
    now = datetime.now(UTC).timestamp()
    targets = latest_targets(context.instance, asset, dict.fromkeys(outcomes, now), own={})
    for partition, outcome in outcomes.items():
        evaluation = dg.AssetCheckEvaluation(
            asset_key=asset,
            check_name=check,
            passed=outcome.passed,
            partition=partition,
            severity=outcome.severity,
            description=outcome.description,
            metadata=dict(outcome.metadata),
            target_materialization_data=targets.get(partition),
        )
        context.op_execution_context.log_event(evaluation)  # type: ignore[arg-type]  # it logs more than it declares
    return _worst(asset, check, outcomes)


def _worst(asset: dg.AssetKey, check: str, outcomes: Mapping[str, Outcome]) -> dg.AssetCheckResult:
    failed = {partition: outcome for partition, outcome in outcomes.items() if not outcome.passed}
    ranked = sorted((failed or outcomes).items(), key=lambda item: _WORST_FIRST.index(item[1].severity))
    partition, worst = ranked[0]
    alone = len(outcomes) == 1
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=check,
        passed=not failed,
        severity=worst.severity,
        description=worst.description if alone else f"{partition}: {worst.description}",
        metadata=worst.metadata if alone else {"partitions": len(outcomes), "failed": len(failed)},
    )
