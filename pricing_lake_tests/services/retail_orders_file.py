"""What the raw files say of orders in dollars: by DuckDB and Python's decimals alone. Nothing of ours takes part.

Two rules are repeated here on purpose: the rate of a day is that of the last fixing up to it, dollars per euro over
pounds per euro, to 18 digits; and a line's dollars are rounded half to even at the cent.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Any

import duckdb

from pricing_lake.contracts.gold_dimensions import DIM_CUSTOMER
from pricing_lake.contracts.gold_facts import FACT_ORDERS
from pricing_lake.lake.catalog import Lake
from pricing_lake_tests.services.online_retail import RETAIL
from pricing_lake_tests.services.retail_orders import RATES

_LINES = """
WITH lines AS (
    SELECT DISTINCT
        *,
        CAST(InvoiceDate AS DATE) AS day,
        InvoiceNo LIKE 'C%' AS cancelled,
        CAST(UnitPrice AS DECIMAL(18, 6)) * Quantity AS total
    FROM read_parquet($retail)
    WHERE list_contains($days, CAST(InvoiceDate AS DATE))
),
fixings AS (
    SELECT usd.date AS fixed, CAST(usd.rate AS DECIMAL(18, 8)) AS usd, CAST(gbp.rate AS DECIMAL(18, 8)) AS gbp
    FROM read_parquet($rates) AS usd
    INNER JOIN read_parquet($rates) AS gbp ON gbp.date = usd.date AND gbp.currency = 'GBP'
    WHERE usd.currency = 'USD'
),
-- What silver keeps of a customer's day is how they were at its end, from the last change on that day.
told AS (
    SELECT CustomerID AS who, InvoiceDate AS moment, max(Country) AS country
    FROM lines
    WHERE CustomerID IS NOT NULL
    GROUP BY ALL
),
changes AS (
    SELECT * FROM told
    QUALIFY country IS DISTINCT FROM lag(country) OVER (PARTITION BY who ORDER BY moment)
),
lasts AS (
    SELECT * FROM changes
    QUALIFY row_number() OVER (PARTITION BY who, CAST(moment AS DATE) ORDER BY moment DESC) = 1
),
-- The first of them held since the customer's first line, which is when the shop says they signed up.
states AS (
    SELECT who, country, moment FROM lasts
    UNION
    SELECT who, min_by(country, moment), (SELECT min(told.moment) FROM told WHERE told.who = lasts.who)
    FROM lasts
    GROUP BY who
)
SELECT lines.day, cancelled, CASE WHEN cancelled THEN -total ELSE total END, fixed, usd, gbp, states.country
FROM lines
ASOF LEFT JOIN fixings ON fixings.fixed <= lines.day
ASOF LEFT JOIN states ON states.who = lines.CustomerID AND states.moment <= lines.InvoiceDate
"""
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class DayOfOrders:
    """One day of one status: rows, pounds, dollars, rows without a known customer, and rows by the buyer's country."""

    rows: int
    amount: Decimal
    amount_usd: Decimal
    unknown: int
    countries: tuple[tuple[str, int], ...]


Days = dict[tuple[date, str], DayOfOrders]


def days_of_file(days: Sequence[date]) -> Days:
    """Of each day and status, the lines that are neither negative nor of parts of a cent."""
    lines = _ask(_LINES, retail=str(RETAIL), rates=str(RATES), days=list(days))
    return _summed(
        (day, "CANCELLED" if cancelled else "PAID", amount, in_dollars(amount, usd, gbp), country)
        for day, cancelled, amount, _, usd, gbp, country in lines
        if amount >= 0 and amount == amount.quantize(_CENT)
    )


def bad_lines_of_file(days: Sequence[date]) -> int:
    """Lines that the contract sets aside: negative ones, and those of parts of a cent."""
    lines = _ask(_LINES, retail=str(RETAIL), rates=str(RATES), days=list(days))
    return sum(amount < 0 or amount != amount.quantize(_CENT) for _, _, amount, *_ in lines)


def in_dollars(pounds: Decimal, usd: Decimal, gbp: Decimal) -> Decimal:
    """Pounds in dollars, by what a euro was worth in both."""
    with localcontext() as context:
        context.prec = 60
        rate = (usd / gbp).quantize(Decimal(1).scaleb(-18), ROUND_HALF_EVEN)
        return (pounds * rate).quantize(_CENT, ROUND_HALF_EVEN)


def days_of_lake(lake: Lake) -> Days:
    """The same of gold/fact_orders, the country looked up by the surrogate key in gold/dim_customer."""
    with duckdb.connect() as connection:
        for contract in (FACT_ORDERS, DIM_CUSTOMER):
            connection.register(contract.name, lake.table(contract).scan(selected_fields=contract.names).to_arrow())
        found = connection.execute("""
            SELECT order_date, status, amount, amount_usd, country
            FROM fact_orders LEFT JOIN dim_customer USING (customer_sk)
        """)
        return _summed(found.fetchall())


def _summed(rows: Iterable[tuple[Any, ...]]) -> Days:
    groups: dict[tuple[date, str], list[tuple[Any, ...]]] = {}
    for day, status, *rest in rows:
        groups.setdefault((day, status), []).append(tuple(rest))
    return {key: _day(lines) for key, lines in groups.items()}


def _day(lines: list[tuple[Any, ...]]) -> DayOfOrders:
    countries = [country for _, _, country in lines]
    return DayOfOrders(
        rows=len(lines),
        amount=sum((amount for amount, _, _ in lines), Decimal(0)),
        amount_usd=sum((dollars for _, dollars, _ in lines), Decimal(0)),
        unknown=countries.count(None),
        countries=tuple(sorted((c, countries.count(c)) for c in set(countries) - {None})),
    )


def _ask(sql: str, **values: Any) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(sql, values).fetchall()
