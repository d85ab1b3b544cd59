"""A source that knows when its rows changed, as a feed of its table. Which source it is, others say."""

from datetime import datetime
from typing import Protocol

from pricing_lake.lake.feed import Feed, NoFeed, TimeFeed
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.watermark import Watermark
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.sources.unconfigured import Unconfigured
from pricing_lake.sources.window import Source, Window, read_whole


class ChangeSource(Source, Protocol):
    """A source whose windows are of the time of change, and that has a clock of its own."""

    def now(self) -> datetime:
        """Return the source's time, UTC."""


def change_feed(source: ChangeSource | Unconfigured, calendar: PartitionWindow) -> Feed:
    """Changes of `source` since the first day of `calendar`, each stretch against the source's own count of it."""
    if isinstance(source, Unconfigured):
        return NoFeed()

    def read(start: datetime, end: datetime) -> Candidate:
        rows, control = read_whole(source, Window(start, end))
        return Candidate(rows, source_system=source.name, expected_rows=control.rows)

    return TimeFeed(source.now, read, Watermark(calendar.start))
