"""Days and months as a person types them, and the stretch of the lake's calendar that they name."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import click

from pricing_lake.errors import ConfigurationError

if TYPE_CHECKING:
    from pricing_lake.partitions import Calendar


class Day(click.ParamType[date]):
    """A UTC day."""

    name = "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The day, or a usage error."""
        try:
            return value if isinstance(value, date) else date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a day; write it as 2026-01-31", param, ctx)


class Month(click.ParamType[date]):
    """A UTC month, as its first day."""

    name = "YYYY-MM"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The month's first day, or a usage error."""
        try:
            return value if isinstance(value, date) else date.fromisoformat(f"{value}-01")
        except ValueError:
            self.fail(f"{value!r} is not a month; write it as 2026-01", param, ctx)


DAY = Day()
MONTH = Month()


def all_days(calendar: "Calendar") -> list[date]:
    """Every day of the calendar. Raises ConfigurationError when not one is complete yet."""
    days = [date.fromisoformat(key) for key in calendar.days.get_partition_keys()]
    if not days:
        raise ConfigurationError(
            f"the lake starts on {calendar.start} and no day is complete yet; set an earlier PRICING_LAKE_START_DATE"
        )
    return days


def days_between(
    calendar: "Calendar", first: date | None, last: date | None, first_option: str = "--from"
) -> list[date]:
    """Days of the calendar from `first` to `last`, both included; a missing bound is the calendar's own.

    Raises BadParameter, which names `first_option`, for a bound outside the calendar, or a first day after the last.
    """
    days = all_days(calendar)
    for option, bound in ((first_option, first), ("--to", last)):
        if bound is not None and not days[0] <= bound <= days[-1]:
            raise click.BadParameter(
                f"{bound} is not a day of this lake, which has {days[0]} to {days[-1]}", param_hint=option
            )
    low, high = first or days[0], last or days[-1]
    if low > high:
        raise click.BadParameter(f"{low} is after --to {high}; swap them", param_hint=first_option)
    return [day for day in days if low <= day <= high]


def months_of(days: Sequence[date]) -> list[date]:
    """First days of the months that `days` lie in, in order."""
    return sorted({day.replace(day=1) for day in days})


def month_after(day: date) -> date:
    """First day of the month after that of `day`."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
