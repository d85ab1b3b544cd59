"""The lake's days as a Dagster resource, for tables that are made of the calendar itself. Reads no table."""

from datetime import UTC, date, datetime, timedelta
from typing import Self

import dagster as dg

from pricing_lake.errors import ConfigurationError

_MONTHS = 12


class CalendarResource(dg.ConfigurableResource["CalendarResource"]):
    """The lake's first day, its last one (empty while it grows every day), and the month its fiscal years begin in.

    Days are ISO texts: that is what run configuration can hold.
    """

    start_date: str
    end_date: str = ""
    fiscal_year_start_month: int = 1

    @classmethod
    def of(cls, start: date, end: date | None, fiscal_year_start_month: int = 1) -> Self:
        """The calendar of these days. Raises ConfigurationError for a month that does not exist."""
        if not 1 <= fiscal_year_start_month <= _MONTHS:
            raise ConfigurationError(
                f"PRICING_LAKE_FISCAL_YEAR_START_MONTH={fiscal_year_start_month} must be a month, 1 to {_MONTHS}"
            )
        return cls(
            start_date=start.isoformat(),
            end_date=end.isoformat() if end else "",
            fiscal_year_start_month=fiscal_year_start_month,
        )

    @property
    def first_day(self) -> date:
        """First day of the lake."""
        return date.fromisoformat(self.start_date)

    def last_day(self, now: datetime | None = None) -> date:
        """Last day of the lake: its end, else the last one that is over, UTC; never before the first."""
        yesterday = (now or datetime.now(UTC)).astimezone(UTC).date() - timedelta(days=1)
        return max(self.first_day, date.fromisoformat(self.end_date) if self.end_date else yesterday)

    def last_planned_day(self, now: datetime | None = None) -> date:
        """End of the year after the one that the lake's end or today lies in: it moves once a year."""
        day = date.fromisoformat(self.end_date) if self.end_date else (now or datetime.now(UTC)).astimezone(UTC).date()
        return date(max(day, self.first_day).year + 1, 12, 31)
