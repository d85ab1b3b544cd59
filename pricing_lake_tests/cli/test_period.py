from datetime import UTC, date, datetime, timedelta

import click
import pytest

from pricing_lake.cli.period import DAY, MONTH, all_days, days_between, month_after, months_of
from pricing_lake.errors import ConfigurationError
from pricing_lake.partitions import Calendar

CALENDAR = Calendar(date(2026, 2, 27), date(2026, 3, 2))


def test_no_bounds_mean_the_whole_calendar():
    assert days_between(CALENDAR, None, None) == [
        date(2026, 2, 27), date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 2)
    ]  # fmt: skip


def test_both_bounds_belong_to_the_period():
    assert days_between(CALENDAR, date(2026, 2, 28), date(2026, 3, 1)) == [date(2026, 2, 28), date(2026, 3, 1)]


@pytest.mark.parametrize(
    ("first", "last", "option", "text"),
    [
        (date(2026, 2, 26), None, "--from", "2026-02-27 to 2026-03-02"),
        (None, date(2026, 3, 3), "--to", "2026-02-27 to 2026-03-02"),
        (date(2026, 3, 2), date(2026, 3, 1), "--from", "swap"),
    ],
)
def test_a_period_that_the_lake_does_not_have_is_a_usage_error(first, last, option, text):
    with pytest.raises(click.BadParameter, match=text) as caught:
        days_between(CALENDAR, first, last)
    assert caught.value.param_hint == option


def test_a_lake_that_starts_tomorrow_has_no_day():
    with pytest.raises(ConfigurationError, match="PRICING_LAKE_START_DATE"):
        all_days(Calendar(datetime.now(UTC).date() + timedelta(days=1)))


def test_months_of_days():
    assert months_of(days_between(CALENDAR, None, None)) == [date(2026, 2, 1), date(2026, 3, 1)]


@pytest.mark.parametrize(
    ("day", "month"), [(date(2026, 1, 31), date(2026, 2, 1)), (date(2026, 12, 1), date(2027, 1, 1))]
)
def test_the_month_after(day, month):
    assert month_after(day) == month


def test_days_and_months_as_typed():
    assert DAY.convert("2026-03-01", None, None) == date(2026, 3, 1)
    assert MONTH.convert("2026-03", None, None) == date(2026, 3, 1)
    for kind, text in ((DAY, "01.03.2026"), (DAY, "2026-02-30"), (MONTH, "2026-13"), (MONTH, "2026-03-01")):
        with pytest.raises(click.BadParameter, match="write it as"):
            kind.convert(text, None, None)
