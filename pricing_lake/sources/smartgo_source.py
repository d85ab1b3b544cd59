"""What a SmartGo shop can be asked, whatever it is reached by, and the forms of its answers. Nothing is read here."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import pyarrow as pa

from pricing_lake.sources.changed_days import ChangedDay
from pricing_lake.sources.window import Control, Window


@dataclass(frozen=True)
class SalesRead:
    """One window of sales being read; see `window.Read`."""

    schema: pa.Schema
    control: Control
    batches: Iterator[pa.RecordBatch]


@dataclass(frozen=True)
class SourceFacts:
    """What a look at the source found. A positive skew means that the source's clock is ahead of ours.

    `missing_columns` are the mapped names that the table lacks; `table_rows_estimate` is None when the
    source has no idea, and the skew is NaN when the source does not tell the time.
    """

    dialect: str
    server_version: str
    latency_seconds: float
    clock_skew_seconds: float
    table_rows_estimate: int | None
    missing_columns: tuple[str, ...]


class SmartGoSource(Protocol):
    """The sales of one shop. Every call connects anew and leaves nothing open.

    All methods raise ConfigurationError (wrong URL, password, rights), SourceSchemaError (table or
    column missing or of an unusable type), SourceUnavailableError (try again later) or
    SourceDataError (the source contradicts itself, or cannot compute its own rows).
    """

    @property
    def name(self) -> str:
        """Return the name that rows carry as `_source_system`."""

    def read(self, window: Window) -> AbstractContextManager[SalesRead]:
        """Open the sales of a window (see `SalesSql.window` for what belongs to it), in no particular order.

        Values are as stored; a value that the contract will refuse fails nothing here.
        """

    def changed_days(self, since: datetime, until: datetime) -> list[ChangedDay]:
        """Return the days of sale of the rows updated in [since, until), in order.

        A row whose time of sale moved is told for its new day only. Raises ChangesUnknownError when the
        shop cannot tell.
        """

    def probe(self) -> SourceFacts:
        """Connect, compare clocks and look at the table: a missing column is reported, a missing table raises."""
