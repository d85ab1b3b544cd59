"""What a source can be asked so that closed days heal: which of its days changed, and what it holds now."""

from datetime import date, datetime
from typing import NamedTuple, Protocol, runtime_checkable

from pricing_lake.sources.window import Control, Window


class ChangedDay(NamedTuple):
    """A UTC day, and how many of its rows changed."""

    day: date
    rows: int


@runtime_checkable
class ChangedDays(Protocol):
    """A source whose closed days can be held against what was published of them.

    Its calls raise what reading it raises.
    """

    @property
    def name(self) -> str:
        """Return the name that rows carry as `_source_system`."""

    def now(self) -> datetime:
        """Return the source's own clock, UTC: the times of change are its own too."""

    def changed_days(self, since: datetime, until: datetime) -> list[ChangedDay]:
        """Return the days of the rows updated in [since, until), in order, however old the days are.

        Raises ChangesUnknownError when the source keeps no times of change.
        """

    def control(self, window: Window) -> Control:
        """Return what `read` would say of the window as its control, without reading a row."""
