"""condition_impact against figures done on paper from the sales in `small_lake_rows`."""

from pricing_lake_tests.marts.small_lake import (
    DECEMBER,
    NOV,
    NOVEMBER,
    OCT,
    OCTOBER,
    SmallLake,
    assert_each_month_alone,
    assert_rows,
)

MART = "condition_impact"


def test_figures_of_october(lake: SmallLake) -> None:
    # Bags in EUR: new 200; good 100 and 60, mean 80; fair 40. The only shoe is like_new: the best there is.
    assert_rows(
        lake.ask(MART, OCTOBER, NOVEMBER),
        [
            (OCT, "acme", "bag", "fair", "EUR", 1, 40.0, 0.8, 0.25),
            (OCT, "acme", "bag", "good", "EUR", 2, 80.0, 0.6, 0.5),
            (OCT, "acme", "bag", "new", "EUR", 1, 200.0, 0.0, 0.25),
            (OCT, "acme", "bag", "new", "USD", 1, 500.0, 0.0, 1.0),
            (OCT, "acme", "shoe", "like_new", "EUR", 1, 100.0, 0.0, 1.0),
            (OCT, "bolt", "bag", "new", "EUR", 1, 30.0, 0.0, 1.0),
        ],
    )


def test_worn_item_dearer_than_new_has_a_negative_discount(lake: SmallLake) -> None:
    # Shoes of November: new 100, good 300: 1 - 300 / 100 = -2.
    assert_rows(
        lake.ask(MART, NOVEMBER, DECEMBER, tenant_id="acme"),
        [
            (NOV, "acme", "bag", "good", "EUR", 2, 100.0, 0.0, 1.0),
            (NOV, "acme", "shoe", "good", "EUR", 1, 300.0, -2.0, 0.5),
            (NOV, "acme", "shoe", "new", "EUR", 1, 100.0, 0.0, 0.5),
        ],
    )


def test_two_months_at_once_are_the_two_alone(lake: SmallLake) -> None:
    assert_each_month_alone(lake, MART)
