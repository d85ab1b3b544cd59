"""brand_performance against figures done on paper from the sales in `small_lake_rows`."""

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

MART = "brand_performance"


def test_figures_of_october(lake: SmallLake) -> None:
    # Mean prices in EUR: bags (200 + 100 + 60 + 40) / 4 = 100, shoes 100. Gucci sold bags for 200 and 100, mean 150.
    # In September gucci took 80 and nobody else anything; prada's August does not count as the month before.
    assert_rows(
        lake.ask(MART, OCTOBER, NOVEMBER),
        [
            (OCT, "acme", "gucci", "EUR", 2, money("300.00"), 150.0, 1.5, 1, 300 / 80 - 1),
            (OCT, "acme", "gucci", "USD", 1, money("500.00"), 500.0, 1.0, 1, None),
            (OCT, "acme", "nike", "EUR", 1, money("100.00"), 100.0, 1.0, 2, None),
            (OCT, "acme", "prada", "EUR", 1, money("60.00"), 60.0, 0.6, 3, None),
            (OCT, "acme", "unknown", "EUR", 1, money("40.00"), 40.0, 0.4, 4, None),
            (OCT, "bolt", "prada", "EUR", 1, money("30.00"), 30.0, 1.0, 1, None),
        ],
    )


def test_brand_of_two_categories_is_held_against_its_own_mix(lake: SmallLake) -> None:
    # Bags 150 and 50 (mean 100), shoes 300 and 100 (mean 200). Gucci sold both bags and the shoe for 100: 300 where
    # the categories' means would give 100 + 100 + 200 = 400. Nike's one shoe for 300 equals gucci's revenue: one rank.
    assert_rows(
        lake.ask(MART, NOVEMBER, DECEMBER),
        [
            (NOV, "acme", "gucci", "EUR", 3, money("300.00"), 100.0, 0.75, 1, 0.0),
            (NOV, "acme", "nike", "EUR", 1, money("300.00"), 300.0, 1.5, 1, 2.0),
            (NOV, "bolt", "prada", "EUR", 1, money("60.00"), 60.0, 1.0, 1, 1.0),
        ],
    )


def test_one_tenant_is_ranked_alone(lake: SmallLake) -> None:
    expected = [(OCT, "bolt", "prada", "EUR", 1, money("30.00"), 30.0, 1.0, 1, None)]
    assert_rows(lake.ask(MART, OCTOBER, NOVEMBER, tenant_id="bolt"), expected)


def test_two_months_at_once_are_the_two_alone(lake: SmallLake) -> None:
    assert_each_month_alone(lake, MART)
