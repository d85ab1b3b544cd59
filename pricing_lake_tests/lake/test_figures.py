"""Figures of a verdict: deciles of the price, whatever order the rows came in; none where there are no prices."""

from decimal import Decimal

import pyarrow as pa

from pricing_lake.contracts.bronze_customers import RAW_SNOWFLAKE_CUSTOMERS
from pricing_lake.contracts.marts import MARTS
from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake.lake.figures import PRICE_DECILE, figures_of, price_column
from pricing_lake_tests.lake.conftest import day, sales


def deciles(rows: pa.Table) -> list[float]:
    found = figures_of(SALES_HISTORY, day(1), rows, day(1).end)
    return [found[f"{PRICE_DECILE}{number}"] for number in range(11)]


def test_the_deciles_are_prices_of_the_day_in_any_order_of_rows() -> None:
    rows = sales(day(1), 101)
    prices = pa.array([Decimal(number) for number in range(101)], pa.decimal128(10, 2))
    rows = rows.set_column(rows.column_names.index("sold_price"), "sold_price", prices)
    assert deciles(rows) == [float(number) for number in range(0, 101, 10)]
    assert deciles(rows.take(list(reversed(range(101))))) == deciles(rows)


def test_a_day_without_rows_and_a_table_without_prices_have_none() -> None:
    empty = figures_of(SALES_HISTORY, day(1), sales(day(1), 0), day(1).end)
    assert [name for name in empty if name.startswith(PRICE_DECILE)] == []
    assert price_column(SALES_HISTORY) == "sold_price"
    assert price_column(RAW_SNOWFLAKE_CUSTOMERS) is None
    assert [mart.id for mart in MARTS if price_column(mart)] == []
