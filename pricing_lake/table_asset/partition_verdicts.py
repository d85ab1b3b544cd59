"""Verdicts into Dagster's event log, one per partition, also in range runs. The only place that knows how.

By itself Dagster 1.13 records a check of a range run once, with partition=None, and its page shows "Skipped". What
works (seen through the daemon and the browser): materializations first, then one evaluation per day that points at its
materialization, then the aggregate, then the failure. `test_partition_verdicts` tells when Dagster mends it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import dagster as dg

from pricing_lake.checks.materialization_targets import latest_targets
from pricing_lake.contracts.model import Grain, Table
from pricing_lake.table_asset.column_schema import asset_key

if TYPE_CHECKING:
    from pricing_lake.lake.publish import Publication
    from pricing_lake.lake.verdicts import Verdict

GATE = "gate"
QUARANTINE = "quarantine"
Event = dg.MaterializeResult[None] | dg.AssetCheckResult


def check_specs(table: Table, partitions: dg.PartitionsDefinition[str] | None) -> list[dg.AssetCheckSpec]:
    """The generated checks of a table: the gate, and how much was set aside."""
    return [
        dg.AssetCheckSpec(
            GATE,
            asset=asset_key(table),
            description="Every critical rule of the partition held; a refused partition changes nothing.",
            blocking=True,
            partitions_def=partitions,
        ),
        dg.AssetCheckSpec(
            QUARANTINE,
            asset=asset_key(table),
            description=f"At most {table.max_bad_share:.0%} of the rows were quarantined, each with its reasons.",
            partitions_def=partitions,
        ),
    ]


def record_publication(context: dg.AssetExecutionContext, table: Table, publication: "Publication") -> Iterator[Event]:
    """Record materializations, then the verdict of each partition, then the aggregate. Raises Failure when refused."""
    key = asset_key(table)
    good = [verdict for verdict in publication.verdicts if verdict.passed]
    if publication.refused:
        for verdict in good:
            context.log_event(
                dg.AssetMaterialization(key, partition=verdict.partition, metadata=_figures(verdict, publication))
            )
    else:
        for verdict in good:
            context.add_asset_metadata(_figures(verdict, publication), asset_key=key, partition_key=verdict.partition)
        yield dg.MaterializeResult(asset_key=key)
    _record_each(context, key, table, publication.verdicts)
    yield from _aggregate(key, table, publication)
    if publication.refused:
        lines = "\n".join(verdict.explain() for verdict in publication.refused)
        raise dg.Failure(
            f"refused partitions of {table.id}: {_days(publication.refused)}\n{lines}", allow_retries=False
        )


def record_whole(context: dg.AssetExecutionContext, table: Table, publication: "Publication") -> Iterator[Event]:
    """The same for a table that is one whole: its one verdict, on no partition. Raises Failure when refused."""
    key = asset_key(table)
    verdict = publication.verdicts[0]
    if verdict.passed:
        yield dg.MaterializeResult(
            asset_key=key,
            metadata={**_figures(verdict, publication), "dagster/row_count": dg.MetadataValue.int(verdict.good_rows)},
        )
    for name, held, severity, metadata in _outcomes(table, verdict):
        yield dg.AssetCheckResult(asset_key=key, check_name=name, passed=held, severity=severity, metadata=metadata)
    if not verdict.passed:
        raise dg.Failure(verdict.explain(), allow_retries=False)


def record_in_job(context: dg.OpExecutionContext, table: Table, publication: "Publication") -> None:
    """The same of a job that is not the asset's own (a replay, a rollback): materializations, then verdicts."""
    key = asset_key(table)
    whole = table.every is Grain.WHOLE
    for verdict in publication.verdicts:
        if verdict.passed:
            partition = None if whole else verdict.partition
            context.log_event(
                dg.AssetMaterialization(key, partition=partition, metadata=_figures(verdict, publication))
            )
    if not whole:
        _record_each(context, key, table, publication.verdicts)
        return
    for verdict in publication.verdicts:
        for name, held, severity, metadata in _outcomes(table, verdict):
            context.log_event(
                dg.AssetCheckEvaluation(  # type: ignore[arg-type]  # it logs more than it declares
                    key, name, held, metadata, severity=severity, blocking=name == GATE
                )
            )


def _aggregate(key: dg.AssetKey, table: Table, publication: "Publication") -> Iterator[dg.AssetCheckResult]:
    """The run's own results; without them Dagster calls the checks' outputs missing."""
    yield dg.AssetCheckResult(
        asset_key=key,
        check_name=GATE,
        passed=not publication.refused,
        metadata={
            "partitions_of_run": len(publication.verdicts),
            "refused_of_run": _days(publication.refused) or "none",
        },
    )
    yield dg.AssetCheckResult(
        asset_key=key,
        check_name=QUARANTINE,
        passed=all(_share_holds(table, verdict) for verdict in publication.verdicts),
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"quarantined_rows_of_run": sum(verdict.quarantined_rows for verdict in publication.verdicts)},
    )


def _days(verdicts: Sequence["Verdict"]) -> str:
    return ", ".join(verdict.partition for verdict in verdicts)


def _record_each(
    context: dg.AssetExecutionContext | dg.OpExecutionContext,
    key: dg.AssetKey,
    table: Table,
    verdicts: Sequence["Verdict"],
) -> None:
    evaluated = {verdict.partition: verdict.evaluated_at.timestamp() for verdict in verdicts}
    own = {verdict.partition: context.run.run_id for verdict in verdicts if verdict.passed}
    # A refused day points at what an earlier run published, if any did.
    targets = latest_targets(context.instance, key, evaluated, own)
    for verdict in verdicts:
        for name, held, severity, metadata in _outcomes(table, verdict):
            context.log_event(
                dg.AssetCheckEvaluation(  # type: ignore[arg-type]  # as above
                    asset_key=key,
                    check_name=name,
                    passed=held,
                    partition=verdict.partition,
                    blocking=name == GATE,
                    severity=severity,
                    metadata=metadata,
                    target_materialization_data=targets.get(verdict.partition),
                )
            )


def _outcomes(
    table: Table, verdict: "Verdict"
) -> Iterator[tuple[str, bool, dg.AssetCheckSeverity, dict[str, dg.MetadataValue]]]:
    """Both checks of one verdict: name, whether it held, how bad it is when not, and what to show."""
    yield GATE, verdict.passed, dg.AssetCheckSeverity.ERROR, _rules(verdict)
    yield QUARANTINE, _share_holds(table, verdict), dg.AssetCheckSeverity.WARN, _reasons(verdict)


def _share_holds(table: Table, verdict: "Verdict") -> bool:
    return verdict.quarantined_rows <= table.max_bad_share * max(1, verdict.source_rows)


def _figures(verdict: "Verdict", publication: "Publication") -> dict[str, dg.MetadataValue]:
    """Numbers of one partition; Dagster plots them over partitions."""
    figures: dict[str, dg.MetadataValue] = {
        "dagster/partition_row_count": dg.MetadataValue.int(verdict.good_rows),
        "source_rows": dg.MetadataValue.int(verdict.source_rows),
        "quarantined_rows": dg.MetadataValue.int(verdict.quarantined_rows),
        "duplicate_rows": dg.MetadataValue.int(verdict.duplicate_rows),
        "excluded_rows": dg.MetadataValue.int(verdict.excluded_rows),
        "changed": dg.MetadataValue.bool(verdict.partition in publication.changed),
        "batch_id": dg.MetadataValue.text(verdict.batch_id),
    }
    if "embedding_coverage" in verdict.figures:
        figures["embedding_coverage"] = dg.MetadataValue.float(verdict.figures["embedding_coverage"])
    figures |= {name: dg.MetadataValue.float(value) for name, value in verdict.figures.items() if name[:5] == "cost."}
    if verdict.reasons:
        figures["quarantine"] = _counts("reason", verdict.reasons)
    if verdict.excluded:
        figures["excluded"] = _counts("reason", verdict.excluded)
    return figures


def _rules(verdict: "Verdict") -> dict[str, dg.MetadataValue]:
    lines = ["| rule | severity | held | note |", "| --- | --- | --- | --- |"]
    lines += [
        f"| {r.rule} | {r.severity} | {'yes' if r.passed else '**no**'} | {r.note.replace('|', '/')} |"
        for r in verdict.results
    ]
    why = {} if verdict.passed else {"why": dg.MetadataValue.text(verdict.explain())}
    return why | {
        "rules": dg.MetadataValue.md("\n".join(lines)),
        "good_rows": dg.MetadataValue.int(verdict.good_rows),
        "batch_id": dg.MetadataValue.text(verdict.batch_id),
    }


def _reasons(verdict: "Verdict") -> dict[str, dg.MetadataValue]:
    share = verdict.quarantined_rows / max(1, verdict.source_rows)
    metadata: dict[str, dg.MetadataValue] = {
        "quarantined_rows": dg.MetadataValue.int(verdict.quarantined_rows),
        "quarantined_share": dg.MetadataValue.float(round(share, 6)),
    }
    return metadata | ({"reasons": _counts("reason", verdict.reasons)} if verdict.reasons else {})


def _counts(heading: str, counts: Mapping[str, int]) -> dg.MetadataValue:
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return dg.MetadataValue.md(
        "\n".join([f"| {heading} | rows |", "| --- | --- |", *(f"| {name} | {count:,} |" for name, count in ranked)])
    )
