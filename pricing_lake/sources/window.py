"""What every source is asked for (a window of time) and what it answers with (batches and a control count).

No source is implemented here.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Protocol, Self

import pyarrow as pa

from pricing_lake.errors import ConfigurationError


@dataclass(frozen=True)
class Window:
    """A half-open span of time: `lo` belongs to it, `hi` does not. Both are UTC.

    Raises ConfigurationError when a bound has no time zone, is not UTC, or `lo` is not before `hi`.
    """

    lo: datetime
    hi: datetime

    def __post_init__(self) -> None:
        for name, bound in (("lo", self.lo), ("hi", self.hi)):
            if bound.utcoffset() is None:
                raise ConfigurationError(f"window {name} {bound.isoformat()} has no time zone: give it in UTC")
            if bound.utcoffset():
                raise ConfigurationError(f"window {name} {bound.isoformat()} is not UTC: convert it first")
        if self.lo >= self.hi:
            raise ConfigurationError(
                f"window is empty: lo {self.lo.isoformat()} must lie before hi {self.hi.isoformat()}"
            )

    @classmethod
    def of_day(cls, day: date) -> Self:
        """Return the 24 hours of one UTC day."""
        midnight = datetime.combine(day, time(), tzinfo=UTC)
        return cls(midnight, midnight + timedelta(days=1))


@dataclass(frozen=True)
class Control:
    """What the source itself says about a window, seen in the same snapshot as the rows.

    `total` is the sum of the source's money column, or None when the source cannot give one
    (a value in the window is not a finite number). NULL adds nothing; no rows add up to 0.
    """

    rows: int
    total: Decimal | None


class Read(Protocol):
    """One window being read. Batches can be taken once, and only inside the `with` block that gave the read."""

    @property
    def schema(self) -> pa.Schema:
        """Return the schema of every batch."""

    @property
    def control(self) -> Control:
        """Return the source's own count; known before the first batch."""

    @property
    def batches(self) -> Iterator[pa.RecordBatch]:
        """Return the rows as the source holds them; none of the batches is empty."""


class Source(Protocol):
    """Something that can be read window by window, as often as wanted."""

    @property
    def name(self) -> str:
        """Return the name that rows carry as `_source_system`."""

    def read(self, window: Window) -> AbstractContextManager[Read]:
        """Open the rows of one window and their control count, both from one snapshot."""
