"""A contract of two columns and the asset that fills it: what tests of the Dagster side need, nothing of a shop."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import dagster as dg
import polars as pl
import pyarrow as pa

from pricing_lake.contracts.columns import DAY
from pricing_lake.contracts.model import Column, Layer, Owner, Rule, Table
from pricing_lake.contracts.types import LONG
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.partitions import Calendar
from pricing_lake.resources.lake import LakeResource
from pricing_lake.table_asset import table_asset

CALENDAR = Calendar(date(2026, 3, 1), date(2026, 3, 10))
DAYS = ("2026-03-02", "2026-03-03", "2026-03-04")
GOOD = (1, 2)
BAD = (1, -2)
"""One of two amounts breaks the rule; the contract allows none."""

TINY = Table(
    layer=Layer.BRONZE,
    name="tiny",
    grain="One row per amount.",
    owner=Owner.INGESTION,
    key=("amount",),
    window="day",
    max_bad_share=0.0,
    few_bad_rows=0,
    columns=(
        DAY,
        Column(
            "amount",
            LONG,
            "Any amount above zero.",
            required=True,
            rules=(Rule("amount_not_positive", pl.col("amount") > 0, "`amount` is above zero."),),
        ),
    ),
)


@table_asset(TINY)
def tiny(window: PartitionWindow, amounts: Mapping[str, Sequence[int]]) -> pa.Table:
    """The amounts of the day."""
    rows = amounts[window.key]
    return pa.table({"day": pa.array([window.first_day] * len(rows), pa.date32()), "amount": pa.array(rows)})


def tiny_asset() -> dg.AssetsDefinition:
    """`bronze/tiny` on the ten days of the test calendar."""
    return tiny.definition(CALENDAR, "lake", backfill_days=7)


def lake_resource(home: Path) -> LakeResource:
    """A lake in this folder."""
    return LakeResource(
        catalog_uri=f"sqlite:///{home / 'catalog.db'}",
        warehouse=str(home / "warehouse"),
        namespace="lake",
        embedding_encoding="PLAIN",
    )
