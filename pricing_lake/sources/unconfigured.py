"""A source that was never set up: every window of it is empty. A source that is set up is implemented elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pyarrow as pa

from pricing_lake.sources.window import Control, Window


@dataclass(frozen=True)
class EmptyRead:
    """No batches; see `window.Read`."""

    schema: pa.Schema
    control: Control = field(default_factory=lambda: Control(0, None))
    batches: Iterator[pa.RecordBatch] = field(default_factory=lambda: iter(()))


@dataclass(frozen=True)
class Unconfigured:
    """Stands in for a source whose settings are empty, so that a lake without it publishes empty days."""

    name: str
    schema: pa.Schema

    @contextmanager
    def read(self, window: Window) -> Iterator[EmptyRead]:
        """Open a read without rows."""
        yield EmptyRead(self.schema)
