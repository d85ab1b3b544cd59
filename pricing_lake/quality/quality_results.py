"""quality/quality_results: the verdicts of a day as rows, for trends and alerts. The JSON files stay the proof."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from pricing_lake.contracts.all import JUDGED_TABLES
from pricing_lake.contracts.as_arrow import own_arrow_schema
from pricing_lake.contracts.quality import QUALITY_RESULTS
from pricing_lake.lake.verdicts import Verdict, VerdictStore
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.resources.lake import LakeResource
from pricing_lake.table_asset import table_asset


@table_asset(QUALITY_RESULTS, reads=JUDGED_TABLES)
def quality_results(window: PartitionWindow, lake: LakeResource) -> pa.Table:
    """Every rule, reason and figure of the day's latest verdict per table, refused days included.

    It reads the JSON proofs and no table, so that no table is written by every asset.
    """
    proofs = VerdictStore(lake.open().proofs)
    rows = [
        {"day": window.first_day, **row}
        for table in JUDGED_TABLES
        for verdict in proofs.latest(table.id, [window.key]).values()
        for row in verdict_rows(verdict)
    ]
    return pa.Table.from_pylist(rows, own_arrow_schema(QUALITY_RESULTS))


def verdict_rows(verdict: Verdict) -> Iterator[dict[str, Any]]:
    """One verdict as rows: its rules, then its quarantine reasons, then its figures."""
    common = {
        "table_id": verdict.table_id,
        "batch_id": verdict.batch_id,
        "run_id": verdict.run_id,
        "contract_version": verdict.contract_version,
        "evaluated_at": verdict.evaluated_at,
    }
    for result in verdict.results:
        yield common | {
            "rule": result.rule,
            "kind": "rule",
            "severity": result.severity.value,
            "passed": result.passed,
            "failed_rows": result.failed_rows,
            "checked_rows": result.checked_rows,
            "value": result.value,
            "threshold": result.threshold,
        }
    for reason, count in verdict.reasons.items():
        yield common | {
            "rule": reason,
            "kind": "reason",
            "severity": "critical",
            "failed_rows": count,
            "checked_rows": verdict.source_rows,
        }
    counts = {
        "source_rows": verdict.source_rows,
        "good_rows": verdict.good_rows,
        "quarantined_rows": verdict.quarantined_rows,
        "duplicate_rows": verdict.duplicate_rows,
        "excluded_rows": verdict.excluded_rows,
    }
    for name, value in {**counts, **verdict.figures}.items():
        yield common | {"rule": name, "kind": "figure", "value": float(value)}
