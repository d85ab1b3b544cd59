"""data_quality_daily against the verdict rows in `small_lake_rows`."""

from datetime import date, datetime, time

from pricing_lake_tests.marts.small_lake import SmallLake, assert_rows

MART = "data_quality_daily"


FIRST, SECOND, THIRD = date(2025, 10, 1), date(2025, 10, 2), date(2025, 10, 3)


def test_figures_of_the_first_day(lake: SmallLake) -> None:
    # A broken warn rule refuses nothing, a broken critical one refuses the day.
    reasons = ["currency_malformed=1", "sold_price_unparseable=2"]
    assert_rows(
        lake.ask(MART, _midnight(FIRST), _midnight(SECOND)),
        [
            (FIRST, "bronze/raw_smartgo_sales", 10, 6, 2, reasons, 1, 1, 0.5, None, 3.5, "passed"),
            (FIRST, "silver/sales_history", 6, 6, 0, None, 0, 0, None, 0.75, None, "refused"),
        ],
    )


def test_figures_that_were_not_measured_are_null(lake: SmallLake) -> None:
    assert_rows(
        lake.ask(MART, _midnight(SECOND), _midnight(THIRD)),
        [(SECOND, "silver/sales_history", 4, 4, *[None] * 7, "passed")],
    )


def test_two_days_at_once_are_the_two_alone(lake: SmallLake) -> None:
    alone = lake.ask(MART, _midnight(FIRST), _midnight(SECOND)) + lake.ask(MART, _midnight(SECOND), _midnight(THIRD))
    assert_rows(lake.ask(MART, _midnight(FIRST), _midnight(THIRD)), alone)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())
