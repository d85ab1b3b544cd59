"""The days on which a shop sells nothing, as its owner lists them. A day that is not listed is a day of sale."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

from pricing_lake.errors import ConfigurationError

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
FIELDS = ("closed_weekdays", "closed_days")
_EVERY_YEAR = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_ONE_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class ShopCalendar:
    """Weekdays by their English name; days as `2026-12-24`, or `12-25` for one of every year. Days are UTC's."""

    closed_weekdays: tuple[str, ...] = ()
    closed_days: tuple[str, ...] = ()

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Self:
        """Return the calendar that a configuration file's section holds; both fields are lists and optional.

        Raises ConfigurationError, one line that names every wrong field.
        """
        problems = [f"{name!r} is no field; fields are {', '.join(FIELDS)}" for name in values if name not in FIELDS]
        problems += [
            f"{name} must be a list of texts, not {values[name]!r}"
            for name in FIELDS
            if not _is_list_of_texts(values.get(name, []))
        ]
        if not problems:
            problems += [
                f"{name!r} is no weekday; use {', '.join(WEEKDAYS)}"
                for name in values.get("closed_weekdays", [])
                if name not in WEEKDAYS
            ]
            problems += [
                f"{day!r} is no day; write 2026-12-24, or 12-25 for every year"
                for day in values.get("closed_days", [])
                if not _is_day(day)
            ]
        if problems:
            raise ConfigurationError(f"fix the shop's calendar: {'; '.join(problems)}")
        return cls(**{name: tuple(days) for name, days in values.items()})

    def closed_because(self, day: date) -> str:
        """Return why the shop is closed on a day, or nothing when it is open."""
        if day.isoformat() in self.closed_days or day.isoformat()[5:] in self.closed_days:
            return "the shop's calendar has it as a closed day"
        weekday = WEEKDAYS[day.weekday()]
        return f"the shop's calendar closes on every {weekday}" if weekday in self.closed_weekdays else ""


def _is_list_of_texts(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)


def _is_day(text: str) -> bool:
    if _EVERY_YEAR.fullmatch(text):
        text = f"2000-{text}"  # a leap year
    try:
        return bool(_ONE_DAY.fullmatch(text)) and bool(date.fromisoformat(text))
    except ValueError:
        return False
