"""What an incremental source is asked: what follows a stamp, and what a past stretch holds. Commits nothing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import pyarrow as pa

from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.watermark import Watermark, time_stamp

SetAside = Callable[[pa.Table, str], pa.Table]


@dataclass(frozen=True)
class Increment:
    """Rows that follow a stamp, and the stamp that follows them.

    `name` tells this stretch of the source from every other. `stamp` is None when the table's stamp must stay (a past
    stretch was read again). `commits_alone` says that the stamp has to move even when no row came. Rows that changed
    from `met_since` on may have been read before; None says that none was. `set_aside` is given the quarantined rows
    and the run's id before anything is committed, and returns the rows as the lane is to keep them: a source with dead
    letters sends them there.
    """

    name: str
    candidate: Candidate
    taken: datetime
    stamp: str | None
    commits_alone: bool = False
    met_since: datetime | None = None
    set_aside: SetAside | None = None


class Feed(Protocol):
    """One incremental source of one table."""

    def increments(self, stamp: str | None) -> Iterator[Increment]:
        """Give increments that follow `stamp`, each one following the one before, until the source has no more.

        The next one is asked for only after the one before is committed.
        """

    def again(self, start: datetime, end: datetime) -> Increment | None:
        """Read a past stretch of window time again, without a stamp; None when the source cannot or need not."""

    def reaches(self) -> datetime | None:
        """Up to when, in the source's own time, increments asked for from now on read at least; None for all it has.

        A day that ends later is not closed, whatever was read of it.
        """


ReadStretch = Callable[[datetime, datetime], Candidate]


@dataclass(frozen=True)
class TimeFeed:
    """A source with a time of change: stretches of it, behind its own clock, overlapping the one before."""

    clock: Callable[[], datetime]
    read: ReadStretch
    rule: Watermark

    def increments(self, stamp: str | None) -> Iterator[Increment]:
        """See `Feed`. The source's clock is read once, so that a busy source lets this end."""
        now = self.clock()
        while stretch := self.rule.stretch(stamp, now):
            start, end = stretch
            stamp = time_stamp(end)
            # An empty stretch of a backlog is remembered; the open end is asked again: quiet hours leave no snapshot.
            backlog = self.rule.stretch(stamp, now) is not None
            found = self.read(start, end)
            yield Increment(_name(start, end), found, now, stamp, commits_alone=backlog, met_since=start)

    def again(self, start: datetime, end: datetime) -> Increment | None:
        """See `Feed`; a stretch that the lag has not passed is read as far as it has."""
        now = self.clock()
        until = min(end, now - self.rule.lag)
        if until <= start:
            return None
        return Increment(_name(start, end), self.read(start, until), now, None, met_since=start)

    def reaches(self) -> datetime | None:
        """See `Feed`. The stamp does not tell: it stays where the last row moved it."""
        return self.clock() - self.rule.lag


@dataclass(frozen=True)
class NoFeed:
    """Stands in for a source that was never set up: it has no increments."""

    def increments(self, stamp: str | None) -> Iterator[Increment]:
        """See `Feed`."""
        return iter(())

    def again(self, start: datetime, end: datetime) -> Increment | None:
        """See `Feed`."""
        return None

    def reaches(self) -> datetime | None:
        """See `Feed`."""
        return None


def _name(start: datetime, end: datetime) -> str:
    return f"{time_stamp(start)}/{time_stamp(end)}"
