"""The computed calendar against known years, and against every day on which the ECB ever fixed rates."""

from datetime import date

import pytest

from pricing_lake.sources.fx_calendar import business_days, is_business_day
from pricing_lake_tests.sources.ecb import history


@pytest.mark.parametrize(
    "closed",
    ["2026-01-01", "2026-04-03", "2026-04-06", "2026-05-01", "2026-12-25", "2025-12-26", "2026-03-07", "2026-03-08"],
)
def test_target_is_closed(closed: str) -> None:
    assert not is_business_day(date.fromisoformat(closed))


@pytest.mark.parametrize("opened", ["2026-04-02", "2026-04-07", "2026-05-25", "2026-12-24", "2026-12-31", "2026-01-02"])
def test_target_is_open_on_national_holidays_and_eves(opened: str) -> None:
    assert is_business_day(date.fromisoformat(opened))


def test_easter_moves() -> None:
    good_fridays = ["2000-04-21", "2008-03-21", "2011-04-22", "2024-03-29", "2025-04-18", "2038-04-23"]
    assert not any(is_business_day(date.fromisoformat(day)) for day in good_fridays)


def test_both_ends_belong_to_a_stretch() -> None:
    days = business_days(date(2026, 3, 6), date(2026, 3, 9))
    assert days == [date(2026, 3, 6), date(2026, 3, 9)]
    assert business_days(date(2026, 3, 9), date(2026, 3, 6)) == []


def test_the_calendar_agrees_with_the_real_history() -> None:
    fixed = {date.fromisoformat(day) for day in history()}
    due = set(business_days(min(fixed), max(fixed)))
    assert due - fixed == {date(1999, 12, 31), date(2001, 12, 31)}
    assert fixed - due == {date(1999, 4, 2), date(1999, 4, 5)}
