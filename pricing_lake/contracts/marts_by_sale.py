"""Marts whose rows are single sales: the dearest ones and each sale's comparables. No summaries."""

import polars as pl

from pricing_lake.contracts import columns as c
from pricing_lake.contracts.mart_columns import MONTH, SOURCE, month_mart, share
from pricing_lake.contracts.model import Column, Layer, Owner, Partition, Rule, Scope, Table
from pricing_lake.contracts.types import DOUBLE, LONG, MONEY, TEXT

# A dot product of two unit vectors misses 1 by rounding alone.
SIMILARITY_TOLERANCE = 1e-6
SALE = ("tenant_id", "source", "sale_id")


def _positive_money(name: str, doc: str) -> Column:
    rule = Rule(f"{name}_not_positive", pl.col(name) > 0, f"`{name}` is above zero.")
    return Column(name, MONEY, doc, required=True, rules=(rule,))


HIGH_VALUE_PRODUCTS = month_mart(
    "high_value_products",
    grain="One row per month, tenant and sale that is among the dearest of its category, month and currency or above "
    "the threshold; prices are ranked within one currency.",
    key=("month", *SALE),
    columns=(
        MONTH,
        c.TENANT_ID,
        SOURCE,
        c.SALE_ID,
        c.PRODUCT_ID,
        c.CATEGORY,
        c.BRAND,
        c.CURRENCY,
        _positive_money("price", "Price paid, in `currency`."),
        share(
            "percentile_in_category",
            "Share of the sales of the same tenant, category, month and currency that sold for this price or less, "
            "0 to 1; the dearest sale has 1.",
        ),
        Column(
            "z_in_category",
            DOUBLE,
            "(price - mean) ÷ sample standard deviation of the same tenant, category, month and currency; null for a "
            "single sale and for equal prices.",
        ),
    ),
)

COMPARABLES = Table(
    layer=Layer.MARTS,
    name="comparables",
    grain="One row per sale of the day and rank: its most similar earlier sales by picture, in the same tenant, "
    "category and currency, strictly from earlier UTC days. A sale whose picture has no embedding has none.",
    owner=Owner.PRICING,
    key=("day", *SALE, "rank"),
    window="day",
    partition_by=(Partition("tenant_id"), Partition("day", "month")),
    allow_empty=True,
    max_bad_share=0.0,
    few_bad_rows=0,
    columns=(
        c.DAY,
        c.TENANT_ID,
        c.SALE_ID,
        SOURCE,
        Column(
            "rank",
            LONG,
            "Place by similarity, 1 is the most similar; of equals the newer comes first, then the smaller id.",
            required=True,
            rules=(c.at_least("rank", 1, "rank_below_1"),),
        ),
        Column("comp_sale_id", TEXT, "The comparable sale's id in its source system.", required=True),
        Column("comp_source", TEXT, "The comparable sale's source system.", required=True),
        Column(
            "similarity",
            DOUBLE,
            "Cosine of the two pictures' embeddings, -1 to 1, to 6 decimals.",
            required=True,
            rules=(
                Rule(
                    "similarity_outside_minus_1_1",
                    pl.col("similarity").abs() <= 1 + SIMILARITY_TOLERANCE,
                    "`similarity` lies between -1 and 1: embeddings have unit length.",
                ),
            ),
        ),
        Column(
            "age_days",
            LONG,
            "UTC days from the comparable's day to the sale's day.",
            required=True,
            rules=(c.at_least("age_days", 1, "comp_not_earlier"),),
        ),
        _positive_money("comp_price", "Price paid for the comparable, in `currency`."),
        c.CURRENCY,
    ),
    rules=(
        Rule(
            "rank_has_gaps",
            (pl.col("rank").max().over("day", *SALE) == pl.len().over("day", *SALE)).all(),
            "The ranks of a sale are 1, 2, 3 … without a gap.",
            scope=Scope.TABLE,
        ),
    ),
)
