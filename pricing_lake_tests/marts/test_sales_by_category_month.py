"""sales_by_category_month against sums done on paper from the sales in `small_lake_rows`."""

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

MART = "sales_by_category_month"


def test_figures_of_october(lake: SmallLake) -> None:
    # acme in EUR sold bags for 200, 100, 60 and 40 (400, the lower middle price is 60) and one shoe for 100.
    assert_rows(
        lake.ask(MART, OCTOBER, NOVEMBER),
        [
            (OCT, "acme", "bag", "EUR", 4, money("400.00"), 100.0, 60.0, 0.8),
            (OCT, "acme", "bag", "USD", 1, money("500.00"), 500.0, 500.0, 1.0),
            (OCT, "acme", "shoe", "EUR", 1, money("100.00"), 100.0, 100.0, 0.2),
            (OCT, "bolt", "bag", "EUR", 1, money("30.00"), 30.0, 30.0, 1.0),
        ],
    )


def test_one_tenant_has_the_same_figures_as_among_all(lake: SmallLake) -> None:
    # November: bags 150 and 50, shoes 300 and 100; the first instant of December is no longer November.
    expected = [
        (NOV, "acme", "bag", "EUR", 2, money("200.00"), 100.0, 50.0, 200 / 600),
        (NOV, "acme", "shoe", "EUR", 2, money("400.00"), 200.0, 100.0, 400 / 600),
    ]
    assert_rows(lake.ask(MART, NOVEMBER, DECEMBER, tenant_id="acme"), expected)
    assert_rows(lake.ask(MART, NOVEMBER, DECEMBER)[:2], expected)


def test_two_months_at_once_are_the_two_alone(lake: SmallLake) -> None:
    assert_each_month_alone(lake, MART)
