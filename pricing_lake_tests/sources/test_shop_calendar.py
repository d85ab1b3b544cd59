"""A shop's calendar: which days are closed and why, and that a malformed one is told in one line."""

from datetime import date
from typing import Any

import pytest

from pricing_lake.errors import ConfigurationError
from pricing_lake.sources.shop_calendar import ShopCalendar

CALENDAR = ShopCalendar.from_mapping(
    {"closed_weekdays": ["saturday", "sunday"], "closed_days": ["2026-12-24", "12-25", "02-29"]}
)


@pytest.mark.parametrize(
    ("day", "why"),
    [
        (date(2026, 11, 20), ""),
        (date(2026, 11, 21), "the shop's calendar closes on every saturday"),
        (date(2026, 12, 24), "the shop's calendar has it as a closed day"),
        (date(2027, 12, 24), ""),
        (date(2028, 12, 25), "the shop's calendar has it as a closed day"),
        (date(2028, 2, 29), "the shop's calendar has it as a closed day"),
    ],
)
def test_a_day_is_open_unless_it_is_listed(day: date, why: str) -> None:
    assert CALENDAR.closed_because(day) == why


def test_without_settings_every_day_is_open() -> None:
    assert ShopCalendar.from_mapping({}).closed_because(date(2026, 12, 25)) == ""


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"closed": []}, "'closed' is no field; fields are closed_weekdays, closed_days"),
        ({"closed_weekdays": "sunday"}, "closed_weekdays must be a list of texts, not 'sunday'"),
        ({"closed_weekdays": [7]}, "closed_weekdays must be a list of texts"),
        ({"closed_weekdays": ["Sunday"]}, "'Sunday' is no weekday; use monday, "),
        ({"closed_days": ["2026-02-30"]}, "'2026-02-30' is no day; write 2026-12-24, or 12-25 for every year"),
        ({"closed_days": ["25.12."]}, "'25.12.' is no day"),
        ({"closed_days": ["02-30"]}, "'02-30' is no day"),
        ({"closed_days": ["20261224"]}, "'20261224' is no day"),
    ],
)
def test_a_wrong_field_is_told_in_one_line(values: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigurationError, match="fix the shop's calendar: ") as refused:
        ShopCalendar.from_mapping(values)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)
