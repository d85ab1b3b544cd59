"""Figures that a verdict carries beside its rules: null shares, embedding coverage, lateness. Judges nothing."""

from datetime import datetime

import pyarrow as pa

from pricing_lake.contracts.model import Table
from pricing_lake.contracts.types import VECTOR
from pricing_lake.lake.window import PartitionWindow


def figures_of(contract: Table, window: PartitionWindow, good: pa.Table, published: datetime) -> dict[str, float]:
    """Figures of one partition's good rows.

    `null_share.<column>` for each column that may be null, `embedding_coverage` as the share of rows with a vector,
    `freshness_hours` from the end of the partition to its publish.
    """
    figures = {"freshness_hours": round(max(0.0, (published - window.end).total_seconds() / 3600), 3)}
    if not good.num_rows:
        return figures
    for column in contract.columns:
        if column.required:
            continue
        share = good.column(column.name).null_count / good.num_rows
        figures[f"null_share.{column.name}"] = round(share, 6)
        if column.type is VECTOR:
            figures["embedding_coverage"] = round(1 - share, 6)
    return figures
