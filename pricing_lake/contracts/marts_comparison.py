"""Marts that hold one group of a month of sales against its peers: brands, conditions, sources and seasons."""

import polars as pl

from pricing_lake.contracts import columns as c
from pricing_lake.contracts.mart_columns import (
    AVG_PRICE,
    BRAND,
    ITEMS_SOLD,
    MONTH,
    REVENUE,
    SEASON,
    SOURCE,
    growth,
    month_mart,
    positive_price,
    share,
    shares_sum_to_1,
)
from pricing_lake.contracts.model import Column, Rule
from pricing_lake.contracts.types import BOOLEAN, DOUBLE, LONG

BRAND_PERFORMANCE = month_mart(
    "brand_performance",
    grain="One row per month, tenant, brand and currency with at least one sale; sales without a brand are `unknown`.",
    key=("month", "tenant_id", "brand", "currency"),
    columns=(
        MONTH,
        c.TENANT_ID,
        BRAND,
        c.CURRENCY,
        ITEMS_SOLD,
        REVENUE,
        AVG_PRICE,
        positive_price(
            "price_premium",
            "Brand's revenue ÷ what its items would bring at the mean price of their own categories that month; for a "
            "brand of one category that is brand mean ÷ category mean. 1.2 is 20 % dearer. Ratio.",
        ),
        Column(
            "rank_in_month",
            LONG,
            "Place by revenue among the tenant's brands of the month and currency, 1 first; equals share a place.",
            required=True,
            rules=(c.at_least("rank_in_month", 1, "rank_in_month_below_1"),),
        ),
        growth(
            "growth_vs_previous_month",
            "Revenue ÷ revenue of the calendar month before - 1, as a ratio; null when the brand sold nothing then.",
        ),
    ),
)

CONDITION_IMPACT = month_mart(
    "condition_impact",
    grain="One row per month, tenant, category, condition and currency with at least one sale; money is per currency.",
    key=("month", "tenant_id", "category", "condition", "currency"),
    columns=(
        MONTH,
        c.TENANT_ID,
        c.CATEGORY,
        c.CONDITION,
        c.CURRENCY,
        ITEMS_SOLD,
        AVG_PRICE,
        Column(
            "discount_vs_new",
            DOUBLE,
            "1 - mean price ÷ mean price of the best condition sold that month in the same tenant, category and "
            "currency (new before like_new, good, fair, poor), as a ratio; 0 for the best one, negative when dearer.",
            required=True,
            rules=(
                Rule("discount_vs_new_not_below_1", pl.col("discount_vs_new") < 1, "No condition is sold for nothing."),
            ),
        ),
        share("share", "Items ÷ items of all conditions in the same tenant, category, month and currency, 0 to 1."),
    ),
    rules=(shares_sum_to_1("share", "month", "tenant_id", "category", "currency"),),
)

CATEGORY_BRAND_MATRIX = month_mart(
    "category_brand_matrix",
    grain="One row per month, tenant, category, brand and currency with at least one sale; money is per currency.",
    key=("month", "tenant_id", "category", "brand", "currency"),
    columns=(
        MONTH,
        c.TENANT_ID,
        c.CATEGORY,
        BRAND,
        c.CURRENCY,
        ITEMS_SOLD,
        AVG_PRICE,
        REVENUE,
        share("share_of_category", "Revenue ÷ the category's revenue in the same tenant, month and currency, 0 to 1."),
    ),
    rules=(shares_sum_to_1("share_of_category", "month", "tenant_id", "category", "currency"),),
)

SOURCE_COMPARISON = month_mart(
    "source_comparison",
    grain="One row per month, tenant, source, category and currency with at least one sale; money is per currency.",
    key=("month", "tenant_id", "source", "category", "currency"),
    columns=(
        MONTH,
        c.TENANT_ID,
        SOURCE,
        c.CATEGORY,
        c.CURRENCY,
        ITEMS_SOLD,
        AVG_PRICE,
        growth(
            "price_gap_vs_other_sources",
            "Mean price ÷ mean price of the other sources' sales in the same tenant, category, month and currency - 1, "
            "as a ratio; null when no other source sold any.",
        ),
        share("with_image_share", "Items with a stored picture ÷ items, 0 to 1."),
        share(
            "quarantined_share",
            "Rows refused by the source's bronze table ÷ (refused + items sold), 0 to 1, of tenant, source and month. "
            "A refused row has no trustworthy category or currency: the figure repeats over both. Refused rows are "
            "kept for the retention of quality/quarantined_rows; a month recomputed later counts those left.",
        ),
    ),
)

SEASON_PERFORMANCE = month_mart(
    "season_performance",
    grain="One row per month, tenant, category, currency, year and season. A month holds its year as known at the "
    "month's end: every season from January on, the season under way up to that month. The last month of a quarter "
    "holds that quarter complete, December the whole year; money is per currency.",
    key=("month", "tenant_id", "category", "currency", "year", "season"),
    columns=(
        MONTH,
        c.TENANT_ID,
        c.CATEGORY,
        c.CURRENCY,
        Column(
            "year",
            LONG,
            "Calendar year of `month` and of every sale counted.",
            required=True,
            rules=(Rule("year_not_of_month", pl.col("year") == pl.col("month").dt.year(), "`year` is of `month`."),),
        ),
        SEASON,
        ITEMS_SOLD,
        AVG_PRICE,
        positive_price(
            "index_vs_year",
            "Season's mean price ÷ mean price of the year up to the month's end, same tenant, category and currency; "
            "1 is the year's mean. Ratio.",
        ),
        Column(
            "best_season",
            BOOLEAN,
            "Whether the season has the highest mean price of the year's seasons seen so far; equals are both best.",
            required=True,
        ),
    ),
)
