"""season_performance against figures done on paper from the sales in `small_lake_rows`."""

from datetime import date, datetime

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

MART = "season_performance"


def test_october_knows_its_year_so_far(lake: SmallLake) -> None:
    # acme's bags in EUR, 2025: Q1 40; Q3 60 + 80; Q4 so far 200 + 100 + 60 + 40. The year's mean is 580 / 7.
    # The bag of October 2024 is another year's. bolt: Q3 20, Q4 30, the year's mean 25.
    assert_rows(
        lake.ask(MART, OCTOBER, NOVEMBER),
        [
            (OCT, "acme", "bag", "EUR", 2025, "Q1", 1, 40.0, 40 * 7 / 580, False),
            (OCT, "acme", "bag", "EUR", 2025, "Q3", 2, 70.0, 70 * 7 / 580, False),
            (OCT, "acme", "bag", "EUR", 2025, "Q4", 4, 100.0, 100 * 7 / 580, True),
            (OCT, "acme", "bag", "USD", 2025, "Q4", 1, 500.0, 1.0, True),
            (OCT, "acme", "shoe", "EUR", 2025, "Q4", 1, 100.0, 1.0, True),
            (OCT, "bolt", "bag", "EUR", 2025, "Q3", 1, 20.0, 0.8, False),
            (OCT, "bolt", "bag", "EUR", 2025, "Q4", 1, 30.0, 1.2, True),
        ],
    )


def test_november_adds_to_the_quarter_and_moves_the_year(lake: SmallLake) -> None:
    # Q4 now has 200 + 100 + 60 + 40 + 150 + 50 = 600 over 6 bags; the year 780 / 9. The bag sold on 1 December is
    # not known yet. Dollars sold nothing in November: what the year holds stays.
    assert_rows(
        lake.ask(MART, NOVEMBER, DECEMBER, tenant_id="acme"),
        [
            (NOV, "acme", "bag", "EUR", 2025, "Q1", 1, 40.0, 40 * 9 / 780, False),
            (NOV, "acme", "bag", "EUR", 2025, "Q3", 2, 70.0, 70 * 9 / 780, False),
            (NOV, "acme", "bag", "EUR", 2025, "Q4", 6, 100.0, 100 * 9 / 780, True),
            (NOV, "acme", "bag", "USD", 2025, "Q4", 1, 500.0, 1.0, True),
            (NOV, "acme", "shoe", "EUR", 2025, "Q4", 3, 500 / 3, 1.0, True),
        ],
    )


def test_years_in_one_run_stay_apart(lake: SmallLake) -> None:
    # The bag sold for 100 in October 2024 is that year's alone; no row of 2025 changes for having it in the run.
    january, a_year_before = datetime(2025, 1, 1), datetime(2024, 10, 1)
    both = lake.ask(MART, a_year_before, NOVEMBER)
    assert_rows([row for row in both if row[0] == OCT], lake.ask(MART, OCTOBER, NOVEMBER))
    assert_rows(
        [row for row in both if row[0].year == 2024],
        [(date(2024, month, 1), "acme", "bag", "EUR", 2024, "Q4", 1, 100.0, 1.0, True) for month in (10, 11, 12)],
    )
    assert lake.ask(MART, january, datetime(2025, 2, 1)) == []


def test_two_months_at_once_are_the_two_alone(lake: SmallLake) -> None:
    assert_each_month_alone(lake, MART)
