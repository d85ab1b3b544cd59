"""Marts that say what a month of sales brought: by category, over time, and how prices spread."""

import polars as pl

from pricing_lake.contracts import columns as c
from pricing_lake.contracts.mart_columns import (
    AVG_PRICE,
    ITEMS_SOLD,
    MONTH,
    REVENUE,
    growth,
    month_mart,
    positive_price,
    share,
    shares_sum_to_1,
)
from pricing_lake.contracts.model import Column, Rule
from pricing_lake.contracts.types import AMOUNT, DOUBLE, LONG_LIST

HISTOGRAM_BUCKETS = 20

SALES_BY_CATEGORY_MONTH = month_mart(
    "sales_by_category_month",
    grain="One row per month, tenant, category and currency with at least one sale.",
    key=("month", "tenant_id", "category", "currency"),
    columns=(
        MONTH,
        c.TENANT_ID,
        c.CATEGORY,
        c.CURRENCY,
        ITEMS_SOLD,
        REVENUE,
        AVG_PRICE,
        positive_price("median_price", "Median price of one item, in `currency`; of two middle prices the lower."),
        share("share_of_month", "Category's revenue ÷ the tenant's revenue of the month in this currency, 0 to 1."),
    ),
    rules=(shares_sum_to_1("share_of_month", "month", "tenant_id", "currency"),),
)

MONTHLY_SALES_TREND = month_mart(
    "monthly_sales_trend",
    grain="One row per month, tenant and currency with at least one sale.",
    key=("month", "tenant_id", "currency"),
    columns=(
        MONTH,
        c.TENANT_ID,
        c.CURRENCY,
        ITEMS_SOLD,
        REVENUE,
        AVG_PRICE,
        growth(
            "mom_growth",
            "Revenue ÷ revenue of the calendar month before - 1, as a ratio; null without sales in that month.",
        ),
        Column(
            "rolling_3m_revenue",
            AMOUNT,
            "Revenue of this and the two calendar months before, in `currency`; a month without sales counts 0.",
            required=True,
            rules=(
                Rule(
                    "rolling_3m_revenue_below_revenue",
                    pl.col("rolling_3m_revenue") >= pl.col("revenue"),
                    "Three months bring at least what the last of them brings.",
                ),
            ),
        ),
        growth(
            "yoy_growth",
            "Revenue ÷ revenue of the same month a year before - 1, as a ratio; null below 13 months of history.",
        ),
    ),
)

PRICE_DISTRIBUTION = month_mart(
    "price_distribution",
    grain="One row per month, tenant, category and currency with at least one sale.",
    key=("month", "tenant_id", "category", "currency"),
    columns=(
        MONTH,
        c.TENANT_ID,
        c.CATEGORY,
        c.CURRENCY,
        positive_price("min_price", "Lowest price, in `currency`: the lower edge of histogram bucket 1."),
        *(
            positive_price(f"p{percent:02}", f"Price that {percent} % of the sales do not exceed, in `currency`.")
            for percent in (5, 25, 50, 75, 95)
        ),
        positive_price("max_price", "Highest price, in `currency`: the upper edge of the last histogram bucket."),
        Column(
            "iqr",
            DOUBLE,
            "Interquartile range p75 - p25, in `currency`.",
            required=True,
            rules=(c.at_least("iqr", 0, "iqr_negative"),),
        ),
        Column("stddev", DOUBLE, "Sample standard deviation of the price, in `currency`; null for a single sale."),
        Column(
            "histogram",
            LONG_LIST,
            f"Items per bucket, {HISTOGRAM_BUCKETS} buckets of equal width from min_price to max_price; a bucket "
            "holds its lower edge, the last one both edges; all items are in the last one when all prices are equal.",
            required=True,
            rules=(
                Rule(
                    "histogram_not_20_buckets",
                    pl.col("histogram").list.len() == HISTOGRAM_BUCKETS,
                    f"`histogram` has {HISTOGRAM_BUCKETS} numbers.",
                ),
            ),
        ),
    ),
    rules=(
        Rule(
            "quantiles_out_of_order",
            pl.all_horizontal(
                pl.col(low) <= pl.col(high)
                for low, high in (
                    ("min_price", "p05"),
                    ("p05", "p25"),
                    ("p25", "p50"),
                    ("p50", "p75"),
                    ("p75", "p95"),
                    ("p95", "max_price"),
                )
            ),
            "min_price ≤ p05 ≤ p25 ≤ p50 ≤ p75 ≤ p95 ≤ max_price.",
        ),
    ),
)
