"""high_value_products against figures done on paper from the sales in `small_lake_rows`."""

from datetime import date
from decimal import Decimal
from math import sqrt

from pricing_lake_tests.marts.small_lake import (
    DECEMBER,
    NOV,
    NOVEMBER,
    OCT,
    OCTOBER,
    Row,
    SmallLake,
    assert_each_month_alone,
    assert_rows,
    money,
)

MART = "high_value_products"


# Bags in EUR, October: 200, 100, 60, 40; squared distances from 100 are 10000 + 0 + 1600 + 3600, by 3.
BAG_STDDEV = sqrt(15200 / 3)


def test_dearest_sale_of_every_category_is_listed(lake: SmallLake) -> None:
    assert_rows(
        lake.ask(MART, OCTOBER, NOVEMBER),
        [
            _listed(OCT, "acme", "smartgo", "a05", "bag", "gucci", "EUR", "200.00", 1.0, 100 / BAG_STDDEV),
            _listed(OCT, "acme", "smartgo", "a09", "shoe", "nike", "EUR", "100.00", 1.0, None),
            _listed(OCT, "acme", "smartgo", "a10", "bag", "gucci", "USD", "500.00", 1.0, None),
            _listed(OCT, "bolt", "carousel", "b02", "bag", "prada", "EUR", "30.00", 1.0, None),
        ],
    )


def test_threshold_lists_cheaper_sales_too(lake: SmallLake) -> None:
    # Shoes of November: 300 and 100, mean 200, standard deviation sqrt(2) * 100.
    assert_rows(
        lake.ask(MART, NOVEMBER, DECEMBER, tenant_id="acme", high_value_price="100"),
        [
            _listed(NOV, "acme", "carousel", "a13", "shoe", "nike", "EUR", "300.00", 1.0, 1 / sqrt(2)),
            _listed(NOV, "acme", "smartgo", "a11", "bag", "gucci", "EUR", "150.00", 1.0, 1 / sqrt(2)),
            _listed(NOV, "acme", "smartgo", "a14", "shoe", "gucci", "EUR", "100.00", 0.5, -1 / sqrt(2)),
        ],
    )


def test_larger_share_lists_more(lake: SmallLake) -> None:
    # Half of four bags: 200 (percentile 1) and 100 (percentile 0.75, the mean); 60 has 0.5, which is not above half.
    listed = lake.ask(MART, OCTOBER, NOVEMBER, tenant_id="acme", top_share=Decimal("0.5"))
    assert_rows(
        [row for row in listed if row[5] == "bag" and row[7] == "EUR"],
        [
            _listed(OCT, "acme", "smartgo", "a05", "bag", "gucci", "EUR", "200.00", 1.0, 100 / BAG_STDDEV),
            _listed(OCT, "acme", "smartgo", "a06", "bag", "gucci", "EUR", "100.00", 0.75, 0.0),
        ],
    )


def _listed(
    month: date, tenant: str, source: str, sale_id: str, category: str, brand: str, currency: str, price: str,
    percentile: float, z: float | None,
) -> Row:  # fmt: skip
    return (
        month, tenant, source, sale_id, f"product-of-{sale_id}", category, brand, currency, money(price), percentile, z,
    )  # fmt: skip


def test_two_months_at_once_are_the_two_alone(lake: SmallLake) -> None:
    assert_each_month_alone(lake, MART)
