"""The calendar of the lake: its days and its months as Dagster partitions. Knows no table."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import dagster as dg

from pricing_lake.errors import ConfigurationError


@dataclass(frozen=True)
class Calendar:
    """Days from `start` to `last` (both included), or to yesterday UTC when `last` is None."""

    start: date
    last: date | None = None

    def __post_init__(self) -> None:
        if self.last is not None and self.last < self.start:
            raise ConfigurationError(
                f"PRICING_LAKE_END_DATE={self.last} is before PRICING_LAKE_START_DATE={self.start}; swap them"
            )

    @cached_property
    def days(self) -> dg.DailyPartitionsDefinition:
        """One partition per UTC day."""
        end = None if self.last is None else (self.last + timedelta(days=1)).isoformat()
        return dg.DailyPartitionsDefinition(start_date=self.start.isoformat(), end_date=end, timezone="UTC")

    @cached_property
    def months(self) -> dg.MonthlyPartitionsDefinition:
        """One partition per UTC month; the running month is a partition too (month to date)."""
        first = self.start.replace(day=1).isoformat()
        if self.last is None:
            return dg.MonthlyPartitionsDefinition(start_date=first, timezone="UTC", end_offset=1)
        following = (self.last.replace(day=1) + timedelta(days=32)).replace(day=1)
        running = following > date.today()  # noqa: DTZ011  # only the month matters, and partitions end by themselves
        return dg.MonthlyPartitionsDefinition(
            start_date=first, end_date=following.isoformat(), timezone="UTC", end_offset=1 if running else 0
        )
