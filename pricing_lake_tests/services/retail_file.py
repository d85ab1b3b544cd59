"""What the real shop's raw file says, by DuckDB alone: per day, and per month, tenant and category.

Nothing of ours takes part but the openly synthetic mapping of tenants and categories, and the share of bad rows that
the contract allows a day.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb

from pricing_lake.contracts.bronze import RAW_SMARTGO_SALES
from pricing_lake_tests.services.online_retail import CATEGORY, RETAIL, TENANT

NOTHING = Decimal(0)

_JUDGED = f"""
WITH lines AS (
    SELECT
        *,
        CAST(InvoiceDate AS DATE) AS day,
        {TENANT} AS tenant_id,
        {CATEGORY} AS category,
        CAST(UnitPrice AS DECIMAL(18, 6)) AS price,
        row_number() OVER (
            PARTITION BY InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country
        ) > 1 AS copied
    FROM read_parquet($retail)
),
judged AS (
    SELECT
        *,
        price <= 0 AS not_positive,
        price <> round(price, 2) AS below_a_cent,
        not_positive OR below_a_cent AS bad,
        NOT bad AND copied AS duplicate,
        NOT bad AND NOT copied AS good,
        good AND Quantity < 1 AS returned,
        good AND Quantity >= 1 AS sale
    FROM lines
)
"""

_DAYS = """
SELECT
    day,
    count(*) AS source_rows,
    count_if(bad) AS quarantined_rows,
    count_if(not_positive) AS not_positive,
    count_if(below_a_cent) AS below_a_cent,
    count_if(duplicate) AS duplicate_rows,
    count_if(good) AS good_rows,
    count_if(returned) AS returned_rows,
    count_if(sale) AS sale_rows,
    sum(price) AS source_total,
    sum(price) FILTER (bad) AS quarantined_total,
    sum(price) FILTER (duplicate) AS duplicate_total,
    sum(price) FILTER (good) AS good_total,
    sum(price) FILTER (sale) AS sale_total
FROM judged
GROUP BY day
"""

_MONTHS = """
SELECT
    CAST(date_trunc('month', day) AS DATE) AS month,
    tenant_id,
    category,
    count(*) AS items_sold,
    sum(price) AS revenue,
    avg(UnitPrice) AS avg_price,
    list_sort(list(UnitPrice))[CAST((count(*) + 1) // 2 AS INTEGER)] AS median_price,
    sum(UnitPrice) / sum(sum(UnitPrice)) OVER (PARTITION BY date_trunc('month', day), tenant_id) AS share_of_month
FROM judged
WHERE sale AND list_contains($days, day)
GROUP BY date_trunc('month', day), tenant_id, category
ORDER BY 1, 2, 3
"""


@dataclass(frozen=True)
class DayFigures:
    """One day's rows and sums of prices.

    `reasons` and `excluded` count rows. `unpublished_total` is the sum of what lies neither in bronze nor in a lane:
    the duplicates, and all good rows of a refused day.
    """

    refused: bool
    source_rows: int
    source_total: Decimal
    quarantined_rows: int
    quarantined_total: Decimal
    reasons: Mapping[str, int]
    duplicate_rows: int
    unpublished_total: Decimal
    good_rows: int
    bronze_rows: int
    bronze_total: Decimal
    excluded: Mapping[str, int]
    sale_rows: int
    sale_total: Decimal


@dataclass(frozen=True)
class CategoryMonth:
    """What one tenant sold of one category in a month."""

    month: date
    tenant_id: str
    category: str
    items_sold: int
    revenue: Decimal
    avg_price: float
    median_price: float
    share_of_month: float


CLOSED = DayFigures(True, 0, NOTHING, 0, NOTHING, {}, 0, NOTHING, 0, 0, NOTHING, {}, 0, NOTHING)
"""A day without sales: the contract takes it for an outage and refuses it."""


def days_of_file(days: Iterable[date]) -> dict[date, DayFigures]:
    """Figures of each of `days`, those without sales included."""
    rows = {row["day"]: row for row in _ask(_JUDGED + _DAYS)}
    return {day: _figures(rows[day]) if day in rows else CLOSED for day in days}


def category_months_of_file(days: Sequence[date]) -> list[CategoryMonth]:
    """Months of which only `days` count, in key order."""
    return [CategoryMonth(**row) for row in _ask(_JUDGED + _MONTHS, days=list(days))]


def _ask(sql: str, **values: Any) -> list[dict[str, Any]]:
    with duckdb.connect() as connection:
        found = connection.execute(sql, {"retail": str(RETAIL), **values})
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _figures(row: Mapping[str, Any]) -> DayFigures:
    bad = row["quarantined_rows"]
    refused = bad > RAW_SMARTGO_SALES.max_bad_share * row["source_rows"] and bad > RAW_SMARTGO_SALES.few_bad_rows
    good_total, duplicate_total, sale_total = (row[name] or NOTHING for name in _OPTIONAL_SUMS)
    reasons = {"sold_price_not_positive": row["not_positive"], "sold_price_out_of_range": row["below_a_cent"]}
    published = {
        "bronze_rows": row["good_rows"],
        "bronze_total": good_total,
        "excluded": {"returned": row["returned_rows"]} if row["returned_rows"] else {},
        "sale_rows": row["sale_rows"],
        "sale_total": sale_total,
    }
    withheld = {"bronze_rows": 0, "bronze_total": NOTHING, "excluded": {}, "sale_rows": 0, "sale_total": NOTHING}
    return DayFigures(
        refused=refused,
        source_rows=row["source_rows"],
        source_total=row["source_total"],
        quarantined_rows=bad,
        quarantined_total=row["quarantined_total"] or NOTHING,
        reasons={name: rows for name, rows in reasons.items() if rows},
        duplicate_rows=row["duplicate_rows"],
        unpublished_total=duplicate_total + (good_total if refused else NOTHING),
        good_rows=row["good_rows"],
        **(withheld if refused else published),
    )


_OPTIONAL_SUMS = ("good_total", "duplicate_total", "sale_total")
