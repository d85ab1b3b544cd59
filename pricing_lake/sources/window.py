"""What every source is asked for (a window of time) and what it answers with (batches and a control count).

No source is implemented here.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
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


Extreme = Decimal | datetime | str


@dataclass(frozen=True)
class Control:
    """What the source itself says about a window, seen in the same snapshot as the rows.

    `total` is the sum of the source's money column, or None when the source cannot give one
    (a value in the window is not a finite number). NULL adds nothing; no rows add up to 0.
    `ranges` holds the least and the greatest value of a column as the rows show it, by the
    contract's name; a column is absent where the source cannot tell, or has only NULL.
    `updates` is the sum of the rows' times of change, in a unit of the source's own: it differs
    after an insert, an update or a delete. None when the source keeps no times of change.
    `columns` are the source's own columns with their types in full, `unread` those of them that
    are neither read nor left out on purpose; both are empty where the source has no catalog.
    """

    rows: int
    total: Decimal | None
    ranges: Mapping[str, tuple[Extreme, Extreme]] = field(default_factory=dict)
    updates: Decimal | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()

    @property
    def figures(self) -> dict[str, str]:
        """Return every figure that is known, as text: `rows`, `total`, `min.<column>`, `max.<column>`, `updates`.

        Equal states have equal figures, however many zeros the source writes behind a point.
        """
        known: dict[str, Extreme | None] = {"rows": Decimal(self.rows), "total": self.total}
        for column, (least, greatest) in self.ranges.items():
            known |= {f"min.{column}": least, f"max.{column}": greatest}
        known["updates"] = self.updates
        return {name: _as_text(value) for name, value in known.items() if value is not None}


def _as_text(value: Extreme) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str):
        return value
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


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


def read_whole(source: Source, window: Window) -> tuple[pa.Table, Control]:
    """Return all rows of a window and the source's control of them, from one read; for windows that memory holds."""
    with source.read(window) as read:
        control = read.control
        return pa.Table.from_batches(read.batches, read.schema), control
