"""Read-only snapshots of a database through ADBC: connect, bind, fetch small answers, stream large ones as Arrow.

What differs between drivers is a `Database`; what a source asks for is not known here.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from string import Formatter
from typing import Any, ClassVar

import pyarrow as pa
from adbc_driver_manager import dbapi

from pricing_lake.errors import ConfigurationError, PricingLakeError
from pricing_lake.sources.identifiers import TableName

DRIVER_ERRORS = (dbapi.Error, OSError, pa.ArrowException)


@dataclass(frozen=True)
class ReadOptions:
    """How long to wait and how much to hold at once.

    A statement's time includes the time its reader takes to consume the stream. SQLite has no
    statement timeout; there `connect_timeout_seconds` is how long to wait for a lock.
    """

    statement_timeout_seconds: int = 300
    connect_timeout_seconds: int = 5
    batch_rows: int = 8_192
    batch_bytes: int = 4 << 20

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value < 1:
                raise ConfigurationError(f"read option {name} is {value}: give a whole number above 0")


class Database(ABC):
    """One database behind one ADBC driver: how to reach it, how to bind, what its errors mean.

    Statements are templates: `{name}` stands for a bound value, every value is text, and the
    driver decides what the placeholder looks like. `address` names the database without secrets.
    """

    dialect: ClassVar[str]
    clock_query: ClassVar[str]
    """Gives one row: the server's clock in seconds since 1970, the server's version."""
    tables_query: ClassVar[str]
    """Gives the names of the tables and views that can be named without a schema."""
    columns_query: ClassVar[str]
    """Gives a row (column, kind of type, type in full) for each column of the table bound as `{schema}`, `{table}`."""

    def __init__(self, address: str, options: ReadOptions) -> None:
        self.address = address
        self.options = options

    @abstractmethod
    def connect(self) -> dbapi.Connection:
        """Return a new read-only connection, in a transaction."""

    @abstractmethod
    def prepare(self, connection: dbapi.Connection, values: Mapping[str, str]) -> None:
        """Do what a new connection needs before its first statement, which may use `values`."""

    @abstractmethod
    def placeholder(self, name: str, position: int) -> str:
        """Return what stands in a statement for the value `name`, the `position`-th one from 1."""

    @abstractmethod
    def stream_options(self) -> dict[str, str]:
        """Return the driver's statement options for a streamed result."""

    @abstractmethod
    def rows_estimate_query(self, table: TableName) -> str:
        """Return the statement that gives one row: about how many rows the bound table has, or NULL."""

    @abstractmethod
    def explain(self, error: Exception, elapsed_seconds: float) -> PricingLakeError:
        """Return the lake's error, one line without secrets, for what the driver raised."""

    def comparable(self, identifier: str) -> str:
        """Return the form in which two quoted identifiers that mean the same are equal."""
        return identifier

    def arguments(self, values: tuple[str, ...]) -> tuple[str, ...] | None:
        """Return what goes beside a statement that uses these values."""
        return values or None

    def typed(self, statement: str, schema: pa.Schema) -> str:
        """Return the statement so written that its result has the types of `schema`, whatever the rows hold."""
        return statement

    def results(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Return the batches without what `typed` added."""
        return batches

    @contextmanager
    def snapshot(self, values: Mapping[str, str]) -> Iterator["Snapshot"]:
        """Open a connection on which every statement sees the same state; close it at the end."""
        with closing(self.connect()) as connection:
            with self.translated():
                self.prepare(connection, values)
            yield Snapshot(self, connection, values)

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn what the driver raises inside the block into the lake's errors."""
        started = time.monotonic()
        try:
            yield
        except DRIVER_ERRORS as error:
            raise self.explain(error, time.monotonic() - started) from error


@dataclass(frozen=True)
class Snapshot:
    """One connection in one read-only transaction. Use it inside `Database.snapshot` only."""

    database: Database
    connection: dbapi.Connection = field(repr=False)
    values: Mapping[str, str] = field(repr=False)

    def rows(self, template: str) -> list[tuple[Any, ...]]:
        """Run a statement whose answer is small and return all of it."""
        statement, arguments = self._bound(template)
        with self.database.translated(), self.connection.cursor() as cursor:
            cursor.execute(statement, arguments)
            return list(cursor.fetchall())

    @contextmanager
    def batches(self, template: str, schema: pa.Schema) -> Iterator[Iterator[pa.RecordBatch]]:
        """Run a statement and give its rows as batches of `schema`, never all in memory at once.

        Text that is not UTF-8 arrives with U+FFFD in place of each wrong byte, so that no later step
        can trip over it.
        """
        statement, arguments = self._bound(template)
        with self.connection.cursor(adbc_stmt_kwargs=self.database.stream_options()) as cursor:
            started = time.monotonic()
            with self.database.translated():
                cursor.execute(self.database.typed(statement, schema), arguments)
                reader = cursor.fetch_record_batch()
            with closing(reader):
                yield self._conformed(reader, schema, started)

    def _conformed(self, reader: pa.RecordBatchReader, schema: pa.Schema, started: float) -> Iterator[pa.RecordBatch]:
        for batch in self.database.results(self._arriving(reader, started)):
            if batch.num_rows:
                yield pa.RecordBatch.from_arrays([_readable(column) for column in batch.columns], schema=schema)

    def _arriving(self, reader: pa.RecordBatchReader, started: float) -> Iterator[pa.RecordBatch]:
        while True:
            try:
                batch = reader.read_next_batch()
            except StopIteration:
                return
            except DRIVER_ERRORS as error:
                raise self.database.explain(error, time.monotonic() - started) from error
            yield batch

    def _bound(self, template: str) -> tuple[str, tuple[str, ...] | None]:
        names = dict.fromkeys(name for _, name, _, _ in Formatter().parse(template) if name)
        marks = {name: self.database.placeholder(name, position) for position, name in enumerate(names, 1)}
        return template.format_map(marks), self.database.arguments(tuple(self.values[name] for name in names))


def _readable(column: pa.Array) -> pa.Array:
    if not pa.types.is_string(column.type):
        return column
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        raw = column.cast(pa.binary()).to_pylist()
        return pa.array([None if text is None else text.decode(errors="replace") for text in raw], pa.string())
    return column
