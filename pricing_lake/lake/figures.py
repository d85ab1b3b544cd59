"""Figures that a verdict carries beside its rules: null shares, price deciles, coverage, lateness. Judges nothing."""

from datetime import datetime

import polars as pl
import pyarrow as pa

from pricing_lake.contracts.model import Layer, Table
from pricing_lake.contracts.types import AMOUNT, MONEY, VECTOR
from pricing_lake.lake.window import PartitionWindow

PRICE_DECILE = "price_decile."
NULL_SHARE = "null_share."
_DECILES = range(11)


def figures_of(contract: Table, window: PartitionWindow, good: pa.Table, published: datetime) -> dict[str, float]:
    """Figures of one partition's good rows.

    `null_share.<column>` for each column that may be null, `embedding_coverage` as the share of rows with a vector,
    `price_decile.0` to `price_decile.10` of the table's price (the least, the nine deciles, the greatest),
    `freshness_hours` from the end of the partition to its publish.
    """
    figures = {"freshness_hours": round(max(0.0, (published - window.end).total_seconds() / 3600), 3)}
    if not good.num_rows:
        return figures
    for column in contract.columns:
        if column.required:
            continue
        share = good.column(column.name).null_count / good.num_rows
        figures[f"{NULL_SHARE}{column.name}"] = round(share, 6)
        if column.type is VECTOR:
            figures["embedding_coverage"] = round(1 - share, 6)
    return figures | _price_deciles(contract, good)


def price_column(contract: Table) -> str | None:
    """The column whose values are the table's prices: its first amount of money. Marts have none: theirs are sums."""
    if contract.layer in (Layer.MARTS, Layer.QUALITY):
        return None
    return next((column.name for column in contract.columns if column.type in (MONEY, AMOUNT)), None)


def _price_deciles(contract: Table, good: pa.Table) -> dict[str, float]:
    name = price_column(contract)
    prices = pl.Series([] if name is None else pl.from_arrow(good.column(name))).drop_nulls().cast(pl.Float64)
    if prices.is_empty():
        return {}
    # A value of the day, never one in between: the deciles do not depend on the order of the rows.
    deciles = {number: prices.quantile(number / 10, interpolation="lower") for number in _DECILES}
    return {f"{PRICE_DECILE}{number}": round(value, 4) for number, value in deciles.items() if value is not None}
