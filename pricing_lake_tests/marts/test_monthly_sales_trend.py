"""monthly_sales_trend against figures done on paper from the sales in `small_lake_rows`."""

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

MART = "monthly_sales_trend"


def test_figures_of_october(lake: SmallLake) -> None:
    # acme in EUR: August 60, September 80, October 500, and 100 in October 2024. bolt sold 20 in August, nothing in
    # September: October has no month before to grow from, and its three months are 20 + 0 + 30.
    assert_rows(
        lake.ask(MART, OCTOBER, NOVEMBER),
        [
            (OCT, "acme", "EUR", 5, money("500.00"), 100.0, 500 / 80 - 1, money("640.00"), 4.0),
            (OCT, "acme", "USD", 1, money("500.00"), 500.0, None, money("500.00"), None),
            (OCT, "bolt", "EUR", 1, money("30.00"), 30.0, None, money("50.00"), None),
        ],
    )


def test_growth_over_a_year_needs_the_same_month_a_year_before(lake: SmallLake) -> None:
    # acme: 600 after 500, three months 80 + 500 + 600; 2024 has an October but no November.
    assert_rows(
        lake.ask(MART, NOVEMBER, DECEMBER),
        [
            (NOV, "acme", "EUR", 4, money("600.00"), 150.0, 600 / 500 - 1, money("1180.00"), None),
            (NOV, "bolt", "EUR", 1, money("60.00"), 60.0, 1.0, money("90.00"), None),
        ],
    )


def test_one_tenant_has_the_same_figures_as_among_all(lake: SmallLake) -> None:
    expected = [(OCT, "bolt", "EUR", 1, money("30.00"), 30.0, None, money("50.00"), None)]
    assert_rows(lake.ask(MART, OCTOBER, NOVEMBER, tenant_id="bolt"), expected)


def test_two_months_at_once_are_the_two_alone(lake: SmallLake) -> None:
    assert_each_month_alone(lake, MART)
