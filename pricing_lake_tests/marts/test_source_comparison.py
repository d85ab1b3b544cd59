"""source_comparison against figures done on paper from the rows in `small_lake_rows`."""

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

MART = "source_comparison"


def test_figures_of_october(lake: SmallLake) -> None:
    # Bags in EUR: smartgo 200 and 100 (mean 150), carousel 60 and 40 (mean 50), one of the two without a picture.
    # smartgo sold 4 items of acme in all and one row was refused: 1 / 5, on each of its rows. Of bolt's carousel rows
    # one was sold and one refused. A tenant that cannot be read, and pictures refused, count for nobody.
    assert_rows(
        lake.ask(MART, OCTOBER, NOVEMBER),
        [
            (OCT, "acme", "carousel", "bag", "EUR", 2, 50.0, 50 / 150 - 1, 0.5, 0.0),
            (OCT, "acme", "smartgo", "bag", "EUR", 2, 150.0, 2.0, 1.0, 0.2),
            (OCT, "acme", "smartgo", "bag", "USD", 1, 500.0, None, 1.0, 0.2),
            (OCT, "acme", "smartgo", "shoe", "EUR", 1, 100.0, None, 1.0, 0.2),
            (OCT, "bolt", "carousel", "bag", "EUR", 1, 30.0, None, 1.0, 0.5),
        ],
    )


def test_refused_rows_count_in_their_own_month(lake: SmallLake) -> None:
    # November: smartgo sold 2 items of acme and 2 rows were refused; the row of 1 December is not November's.
    assert_rows(
        lake.ask(MART, NOVEMBER, DECEMBER, tenant_id="acme"),
        [
            (NOV, "acme", "carousel", "bag", "EUR", 1, 50.0, 50 / 150 - 1, 1.0, 0.0),
            (NOV, "acme", "carousel", "shoe", "EUR", 1, 300.0, 2.0, 1.0, 0.0),
            (NOV, "acme", "smartgo", "bag", "EUR", 1, 150.0, 2.0, 1.0, 0.5),
            (NOV, "acme", "smartgo", "shoe", "EUR", 1, 100.0, 100 / 300 - 1, 1.0, 0.5),
        ],
    )


def test_two_months_at_once_are_the_two_alone(lake: SmallLake) -> None:
    assert_each_month_alone(lake, MART)
