"""category_brand_matrix against figures done on paper from the sales in `small_lake_rows`."""

from pricing_lake_tests.marts.small_lake import (
    DECEMBER,
    NOV,
    NOVEMBER,
    OCT,
    OCTOBER,
    SmallLake,
    assert_each_month_alone,
    assert_rows,
    money,
)

MART = "category_brand_matrix"


def test_figures_of_october(lake: SmallLake) -> None:
    # acme's bags in EUR brought 400: gucci 200 + 100, prada 60, and 40 without a brand.
    assert_rows(
        lake.ask(MART, OCTOBER, NOVEMBER),
        [
            (OCT, "acme", "bag", "gucci", "EUR", 2, 150.0, money("300.00"), 0.75),
            (OCT, "acme", "bag", "gucci", "USD", 1, 500.0, money("500.00"), 1.0),
            (OCT, "acme", "bag", "prada", "EUR", 1, 60.0, money("60.00"), 0.15),
            (OCT, "acme", "bag", "unknown", "EUR", 1, 40.0, money("40.00"), 0.1),
            (OCT, "acme", "shoe", "nike", "EUR", 1, 100.0, money("100.00"), 1.0),
            (OCT, "bolt", "bag", "prada", "EUR", 1, 30.0, money("30.00"), 1.0),
        ],
    )


def test_brand_has_a_row_in_each_of_its_categories(lake: SmallLake) -> None:
    assert_rows(
        lake.ask(MART, NOVEMBER, DECEMBER, tenant_id="acme"),
        [
            (NOV, "acme", "bag", "gucci", "EUR", 2, 100.0, money("200.00"), 1.0),
            (NOV, "acme", "shoe", "gucci", "EUR", 1, 100.0, money("100.00"), 0.25),
            (NOV, "acme", "shoe", "nike", "EUR", 1, 300.0, money("300.00"), 0.75),
        ],
    )


def test_two_months_at_once_are_the_two_alone(lake: SmallLake) -> None:
    assert_each_month_alone(lake, MART)
