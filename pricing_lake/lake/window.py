"""The half-open UTC stretch of time that one partition of a table covers. Reads and writes nothing."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Self

import pyarrow as pa

from pricing_lake.contracts.model import Grain, Table
from pricing_lake.contracts.types import DATE, INSTANT
from pricing_lake.errors import ContractError

WHOLE_KEY = "whole"


@dataclass(frozen=True, order=True)
class PartitionWindow:
    """Partition `key` covers [start, end). Both are aware datetimes at midnight UTC."""

    start: datetime
    end: datetime
    key: str

    def __post_init__(self) -> None:
        if self.start.utcoffset() != timedelta(0) or self.end.utcoffset() != timedelta(0) or self.start >= self.end:
            raise ContractError(f"partition {self.key}: window must be a non-empty stretch in UTC")

    @classmethod
    def of_day(cls, day: date) -> Self:
        """The partition of one UTC day, keyed by its date."""
        start = datetime(day.year, day.month, day.day, tzinfo=UTC)
        return cls(start, start + timedelta(days=1), day.isoformat())

    @classmethod
    def whole(cls) -> Self:
        """The one partition of a table that has no others: all the time that a shop can have lived through."""
        return cls(datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC), WHOLE_KEY)

    @classmethod
    def of_key(cls, table: Table, key: str) -> Self:
        """The partition of `table` with this key. Raises ContractError for a key that none of its partitions has."""
        if table.every is Grain.WHOLE and key == WHOLE_KEY:
            return cls.whole()
        try:
            first = cls.of_day(date.fromisoformat(key))
        except ValueError as error:
            raise ContractError(f"{table.id} has no partition {key!r}") from error
        if table.every is Grain.DAY:
            return first
        following = (first.start.replace(day=1) + timedelta(days=32)).replace(day=1)
        return cls(first.start, following, key)

    @property
    def first_day(self) -> date:
        """First day of the partition."""
        return self.start.date()

    def bounds(self, table: Table) -> tuple[pa.Scalar, pa.Scalar]:
        """The window's bounds in the type of the table's window column."""
        kind = table.column(table.window).type
        if kind is DATE:
            return pa.scalar(self.start.date()), pa.scalar(self.end.date())
        zoned = kind is INSTANT
        low, high = (moment if zoned else moment.replace(tzinfo=None) for moment in (self.start, self.end))
        return pa.scalar(low, kind.arrow), pa.scalar(high, kind.arrow)
