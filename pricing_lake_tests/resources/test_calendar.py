"""The calendar as transforms are given it."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from pricing_lake.errors import ConfigurationError
from pricing_lake.resources.calendar import CalendarResource

START = date(2026, 3, 1)


def test_a_growing_lake_ends_with_the_last_day_that_is_over_in_utc() -> None:
    calendar = CalendarResource.of(START, None)
    assert calendar.last_day(datetime(2026, 3, 8, 0, 0, tzinfo=UTC)) == date(2026, 3, 7)
    assert calendar.last_day(datetime(2026, 3, 8, 1, 0, tzinfo=timezone(timedelta(hours=2)))) == date(2026, 3, 6)


def test_a_lake_that_begins_today_has_its_first_day() -> None:
    assert CalendarResource.of(START, None).last_day(datetime(2026, 3, 1, 9, tzinfo=UTC)) == START


def test_a_lake_with_an_end_ends_there_whatever_the_time() -> None:
    calendar = CalendarResource.of(START, date(2026, 3, 5))
    assert calendar.last_day(datetime(2030, 1, 1, tzinfo=UTC)) == date(2026, 3, 5)
    assert calendar.last_planned_day(datetime(2030, 1, 1, tzinfo=UTC)) == date(2027, 12, 31)
    assert calendar.first_day == START


@pytest.mark.parametrize("month", [0, 13])
def test_a_month_that_does_not_exist_is_refused(month: int) -> None:
    with pytest.raises(ConfigurationError, match=f"PRICING_LAKE_FISCAL_YEAR_START_MONTH={month}"):
        CalendarResource.of(START, None, month)
