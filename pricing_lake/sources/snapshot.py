"""What a source's statements run on: a database that gives snapshots of itself. The drivers implement it next door."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, ClassVar, Protocol

import pyarrow as pa

from pricing_lake.sources.identifiers import TableName


class Snapshot(Protocol):
    """One session in which every statement sees the same state. Statements are templates, see `Database`."""

    def rows(self, template: str) -> list[tuple[Any, ...]]:
        """Run a statement whose answer is small and return all of it, typed."""

    def batches(self, template: str, schema: pa.Schema) -> AbstractContextManager[Iterator[pa.RecordBatch]]:
        """Run a statement and give its rows as non-empty batches of `schema`, never all in memory at once."""


class Database(Protocol):
    """One database behind one driver. `address` names it without secrets.

    Statements are templates in which `{name}` stands for a bound value; every value is text.
    """

    dialect: ClassVar[str]
    clock_query: ClassVar[str]
    """Gives one row: the server's clock in seconds since 1970, the server's version."""
    tables_query: ClassVar[str]
    """Gives the names of the tables and views that can be named without a schema."""
    columns_query: ClassVar[str]
    """Gives a row (column, kind of type, type in full) for each column of the table bound as `{schema}`, `{table}`."""
    address: str

    def rows_estimate_query(self, table: TableName) -> str:
        """Return the statement that gives one row: about how many rows the bound table has, or NULL."""

    def comparable(self, identifier: str) -> str:
        """Return the form in which two quoted identifiers that mean the same are equal."""

    def snapshot(self, values: Mapping[str, str]) -> AbstractContextManager[Snapshot]:
        """Open a read-only session on one state, in which statements may use `values`; close it at the end."""
