"""A window is half-open, in UTC and never empty."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from pricing_lake.errors import ConfigurationError
from pricing_lake.sources.window import Window

MIDNIGHT = datetime(2026, 11, 1, tzinfo=UTC)


def test_a_day_is_its_24_hours() -> None:
    assert Window.of_day(date(2026, 11, 1)) == Window(MIDNIGHT, MIDNIGHT + timedelta(hours=24))


def test_days_meet_without_overlap() -> None:
    assert Window.of_day(date(2026, 12, 31)).hi == Window.of_day(date(2027, 1, 1)).lo


def test_any_spelling_of_utc_is_utc() -> None:
    spelled_otherwise = Window(MIDNIGHT.replace(tzinfo=ZoneInfo("UTC")), datetime(2026, 11, 2, tzinfo=timezone.utc))  # noqa: UP017
    assert spelled_otherwise == Window.of_day(date(2026, 11, 1))


@pytest.mark.parametrize(
    ("lo", "hi", "says"),
    [
        (datetime(2026, 11, 1), MIDNIGHT + timedelta(days=1), "window lo 2026-11-01T00:00:00 has no time zone"),
        (MIDNIGHT, datetime(2026, 11, 2), "window hi 2026-11-02T00:00:00 has no time zone"),
        (MIDNIGHT, datetime(2026, 11, 2, tzinfo=timezone(timedelta(hours=2))), "is not UTC"),
        (MIDNIGHT, MIDNIGHT, "window is empty"),
        (MIDNIGHT, MIDNIGHT - timedelta(microseconds=1), "window is empty"),
    ],
)
def test_a_wrong_window_is_refused_in_one_line(lo: datetime, hi: datetime, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says) as refused:
        Window(lo, hi)
    assert "\n" not in str(refused.value)
