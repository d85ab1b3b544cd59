"""Dimensions of real data: the customers of nine months who moved, and every euro rate of 24 years, against DuckDB."""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from pricing_lake.contracts.gold_dimensions import CARRIED_DAYS, DIM_CUSTOMER, DIM_FX
from pricing_lake.contracts.silver_fx import FX_RATES
from pricing_lake.contracts.silver_people import CUSTOMERS
from pricing_lake.gold.dim_customer import dim_customer
from pricing_lake.gold.dim_fx import dim_fx
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.publish import publish
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.resources.calendar import CalendarResource
from pricing_lake_tests.gold.silver_days import SilverDays
from pricing_lake_tests.services.online_retail import DATA, RETAIL

RATES = DATA / "ecb_fx" / "eurofxref_long_1999_2022.parquet"
FIRST_YEAR, LAST_YEAR = 1999, 2022

pytestmark = [
    pytest.mark.services,
    pytest.mark.skipif(
        not (RETAIL.exists() and RATES.exists()),
        reason="the public data sets online_retail and ecb_fx are not in ../shared/data beside the project",
    ),
]

MOVED = {
    "12370": ["Cyprus", "Austria", "Cyprus"],
    "12417": ["Belgium", "Spain", "Belgium"],
    "12422": ["Australia", "Switzerland"],
    "12429": ["Denmark", "Austria", "Denmark"],
    "12431": ["Australia", "Belgium", "Australia"],
    "12455": ["Cyprus", "Spain"],
}
"""Every customer of the file whose invoices name more than one country, read off the file by hand."""

_STATES = """
SELECT
    CAST(InvoiceDate AS DATE) AS day,
    CAST(CustomerID AS VARCHAR) AS customer_id,
    'uk-shop' AS tenant_id,
    arg_max(Country, (InvoiceDate, InvoiceNo)) AS country,
    false AS is_deleted,
    CAST(max(InvoiceDate) AS VARCHAR) AS changed_at
FROM read_parquet($retail)
WHERE CustomerID IS NOT NULL
GROUP BY CustomerID, CAST(InvoiceDate AS DATE)
"""
_MOVES = """
SELECT CAST(CustomerID AS VARCHAR), InvoiceDate
FROM (
    SELECT
        CustomerID,
        InvoiceDate,
        Country,
        lag(Country) OVER (PARTITION BY CustomerID ORDER BY InvoiceDate, InvoiceNo) AS country_before
    FROM read_parquet($retail)
    WHERE CustomerID IS NOT NULL
)
WHERE Country <> country_before
"""
_FIXINGS = """
SELECT CAST(date AS DATE) AS as_of_date, currency AS ccy, CAST(rate AS VARCHAR) AS rate, 'EUR' AS base_ccy
FROM read_parquet($rates)
"""
_CARRIED = f"""
WITH fixings AS (
    SELECT date, currency, CAST(CAST(rate AS VARCHAR) AS DECIMAL(18, 8)) AS rate FROM read_parquet($rates)
    UNION ALL
    SELECT DISTINCT date, 'EUR', CAST(1 AS DECIMAL(18, 8)) FROM read_parquet($rates)
),
days AS (
    SELECT CAST(unnest(generate_series(DATE '1999-01-01', DATE '2022-12-31', INTERVAL 1 DAY)) AS DATE) AS day
)
SELECT days.day, currencies.currency, fixings.date, fixings.rate, dollar.rate
FROM days
CROSS JOIN (SELECT DISTINCT currency FROM fixings) AS currencies
ASOF JOIN fixings ON currencies.currency = fixings.currency AND days.day >= fixings.date
JOIN fixings AS dollar ON dollar.currency = 'USD' AND dollar.date = fixings.date
WHERE days.day - fixings.date <= {CARRIED_DAYS}
"""


def asked(sql: str, **files: Path) -> duckdb.DuckDBPyRelation:
    return duckdb.sql(sql, params={name: str(path) for name, path in files.items()})


def moved_customers(days: SilverDays) -> dict[str, list[dict[str, Any]]]:
    """Versions of each customer that has more than one, in order."""
    versions: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in days.rows(DIM_CUSTOMER):
        versions[str(row["customer_id"])].append(row)
    return {customer: rows for customer, rows in versions.items() if len(rows) > 1}


def test_six_of_3360_real_customers_moved_ten_times(tmp_path: Path) -> None:
    states = asked(_STATES, retail=RETAIL).to_arrow_table()
    days = SilverDays(tmp_path / "lake")
    shopped = states.column("day").unique().to_pylist()
    Random(0).shuffle(shopped)
    for some in (shopped[::2], shopped[1::2]):
        publish_states(days, states, some)
    verdict = days.make(dim_customer)

    assert verdict.good_rows == 3_360 + 10
    moved = moved_customers(days)
    assert {customer: [row["country"] for row in rows] for customer, rows in moved.items()} == MOVED
    opened = sorted((customer, row["valid_from"]) for customer, rows in moved.items() for row in rows[1:])
    moves = sorted(
        (customer, moment.replace(tzinfo=UTC)) for customer, moment in asked(_MOVES, retail=RETAIL).fetchall()
    )
    # A version begins with the day's last invoice, silver's latest change of the day.
    assert [(c, m.date()) for c, m in opened] == [(c, m.date()) for c, m in moves]
    for rows in moved.values():
        assert [row["valid_to"] for row in rows] == [*[row["valid_from"] for row in rows[1:]], None]
    current = Counter(row["customer_id"] for row in days.rows(DIM_CUSTOMER) if row["is_current"])
    assert set(current.values()) == {1}
    assert len(current) == 3_360


def publish_states(days: SilverDays, states: pa.Table, some: list[date]) -> None:
    """Publish these days of silver/customers, each its own partition, in one commit."""

    def produce(window: PartitionWindow) -> Candidate:
        return Candidate(states.filter(pc.equal(states.column("day"), pa.scalar(window.first_day))))

    made = publish(days.lake, CUSTOMERS, [PartitionWindow.of_day(day) for day in some], produce, "silver")
    assert sum(verdict.quarantined_rows for verdict in made.verdicts) == 0
    assert not made.refused


def test_every_rate_since_1999_is_carried_and_divided_exactly(tmp_path: Path) -> None:
    days = SilverDays(tmp_path / "lake")
    for year in range(FIRST_YEAR, LAST_YEAR + 1):
        publish_year(days, year)
    calendar = CalendarResource.of(date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31))
    verdict = days.make(dim_fx, calendar=calendar)

    assert verdict.good_rows == 283_323
    assert [result.rule for result in verdict.results if not result.passed] == []
    expected = {(day, ccy): figures for day, ccy, *figures in asked(_CARRIED, rates=RATES).fetchall()}
    rows = days.rows(DIM_FX)
    assert len(expected) == len(rows)
    for row in rows:
        rate_date, rate, dollars = expected[row["as_of_date"], row["ccy"]]
        assert (row["rate_date"], row["rate_per_eur"]) == (rate_date, rate)
        assert row["rate_to_usd"] == divided(dollars, rate)
    assert last_days(rows, "TRL", "ISK", "RUB") == {
        "TRL": date(2004, 12, 31) + timedelta(days=CARRIED_DAYS),
        "ISK": date(2022, 12, 31),
        "RUB": date(2022, 3, 1) + timedelta(days=CARRIED_DAYS),
    }
    assert days.publication(dim_fx, calendar=calendar).snapshot_id is None


def publish_year(days: SilverDays, year: int) -> None:
    """Publish a year of rates at once: 6,147 days one by one would take minutes and tell nothing more."""
    window = PartitionWindow(datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC), str(year))
    rows = asked(f"{_FIXINGS} WHERE year(date) = {year}", rates=RATES).to_arrow_table()
    made = publish(days.lake, FX_RATES, [window], lambda _: Candidate(rows), "silver")
    assert made.verdicts[0].good_rows == rows.num_rows


def divided(dividend: Decimal, divisor: Decimal) -> Decimal:
    """As schoolbooks divide: more digits than any tie could hide behind, then one rounding."""
    with localcontext() as context:
        context.prec = 100
        return (dividend / divisor).quantize(Decimal(1).scaleb(-18), ROUND_HALF_EVEN)


def last_days(rows: list[dict[str, Any]], *currencies: str) -> dict[str, date]:
    """The last day on which each currency has a rate."""
    return {ccy: max(row["as_of_date"] for row in rows if row["ccy"] == ccy) for ccy in currencies}
