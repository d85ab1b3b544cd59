"""Snowflake's orders and customers as sources: windows of a mapped table, with the warehouse's own count and sum."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import chain
from typing import ClassVar

import pyarrow as pa

from pricing_lake.contracts.bronze_customers import RAW_SNOWFLAKE_CUSTOMERS
from pricing_lake.contracts.bronze_orders import RAW_SNOWFLAKE_ORDERS
from pricing_lake.contracts.model import Table
from pricing_lake.errors import ChangesUnknownError, SourceSchemaError, SourceUnavailableError
from pricing_lake.sources.changed_days import ChangedDay
from pricing_lake.sources.snowflake_account import NAME, SnowflakeAccount
from pricing_lake.sources.snowflake_mapping import SnowflakeMapping
from pricing_lake.sources.snowflake_session import SnowflakeSession, open_session
from pricing_lake.sources.snowflake_sql import CONTROL, COUNT, TOTAL, UPDATES, SnowflakeSql, arrow_type, missing_columns
from pricing_lake.sources.window import Control, Window

_CLOCK = "SELECT CURRENT_TIMESTAMP() AS NOW, CURRENT_VERSION() AS VERSION"


@dataclass(frozen=True)
class SnowflakeRead:
    """One window being read; see `window.Read`."""

    schema: pa.Schema
    control: Control
    batches: Iterator[pa.RecordBatch]


@dataclass(frozen=True)
class SnowflakeFacts:
    """What a look at the table found. A positive skew means that Snowflake's clock is ahead of ours.

    `missing_columns` are mapped names that the table lacks, `missing_objects` the table itself when the role does not
    see it; `table_rows_estimate` is None for a view.
    """

    server_version: str
    latency_seconds: float
    clock_skew_seconds: float
    table_rows_estimate: int | None
    missing_columns: tuple[str, ...]
    missing_objects: tuple[str, ...]


class SnowflakeTable:
    """One mapped table, read window by window. Every call logs in anew and leaves nothing open.

    All methods raise ConfigurationError (account, user, key, role, warehouse), SourceSchemaError (table or column
    missing, or of a type that cannot be read exactly), SourceUnavailableError (try again later) or SourceDataError.
    """

    contract: ClassVar[Table]
    stray: ClassVar[str]
    """The time that decides the day of a row whose window column is NULL."""
    changed: ClassVar[str] = "updated_at"
    money: ClassVar[str] = ""
    default_table: ClassVar[str]
    name = NAME

    def __init__(self, account: SnowflakeAccount, mapping: SnowflakeMapping | None = None) -> None:
        self._account = account
        self._mapping = mapping or SnowflakeMapping(self.contract, self.default_table)

    @contextmanager
    def read(self, window: Window) -> Iterator[SnowflakeRead]:
        """Open the rows of a window, in no particular order, and their count and sum, all from one statement.

        The sum is None when there is no money column, or it is not a NUMBER. A row without the window's time comes
        with the window of its second time, for the contract to refuse it by name.
        """
        with self._session() as session:
            sql = self._sql(session)
            with session.batches(sql.rows(), 2 * sql.control_values(window)) as batches:
                first = next(batches, None)
                if first is None:
                    raise self._lost("not even the count")
                control = self._control(sql, first.slice(0, 1).select(CONTROL).to_pylist()[0])
                shown = [column for column in first.schema if column.name not in CONTROL]
                schema = pa.schema([(column.name, arrow_type(column.type)) for column in shown])
                yield SnowflakeRead(schema, control, self._rows(chain((first,), batches), schema, control.rows))

    def control(self, window: Window) -> Control:
        """Return what `read` would say of the window as its control, without reading a row."""
        with self._session() as session:
            sql = self._sql(session)
            [figures] = session.rows(sql.control(), sql.control_values(window))
        return self._control(sql, dict(zip(CONTROL, figures, strict=True)))

    def now(self) -> datetime:
        """Return the time by Snowflake's clock."""
        with self._session() as session:
            return _clock(session)[0]

    def changed_days(self, since: datetime, until: datetime) -> list[ChangedDay]:
        """Return the days of the rows that were updated in [since, until), in order.

        A row whose window time moved is told for its new day only. Raises ChangesUnknownError when no column tells
        when a row was updated.
        """
        if not self._mapping.has(self.changed):
            raise ChangesUnknownError(
                f"Snowflake's {self._mapping.table} cannot tell its late rows: "
                f"map {self.changed} in [{self._mapping.section}] of settings.toml"
            )
        with self._session() as session:
            sql = self._sql(session)
            rows = session.rows(sql.changed_days(), sql.changed_values(since, until))
        return [ChangedDay(day, int(count)) for day, count in rows]

    def probe(self) -> SnowflakeFacts:
        """Log in, compare clocks and look at the table: what is missing is reported, what is out of reach raises."""
        with self._session() as session:
            started, asked = time.monotonic(), datetime.now(UTC)
            now, version = _clock(session)
            latency = time.monotonic() - started
            skew = (now - asked).total_seconds() - latency / 2
            try:
                types = session.columns(self._every_column())
            except SourceSchemaError:
                return SnowflakeFacts(version, latency, skew, None, (), (self._mapping.table,))
            estimate = self._estimate(session)
        return SnowflakeFacts(version, latency, skew, estimate, missing_columns(self._mapping, types), ())

    def _rows(self, batches: Iterator[pa.RecordBatch], schema: pa.Schema, expected: int) -> Iterator[pa.RecordBatch]:
        """Give the rows without the figures. The driver ends quietly where a part of a result cannot be fetched."""
        missing = expected
        for batch in batches if expected else ():
            missing -= batch.num_rows
            yield batch.select(schema.names).cast(schema)
        if missing:
            raise self._lost(f"{expected - missing:,} of {expected:,} rows")

    def _lost(self, found: str) -> SourceUnavailableError:
        return SourceUnavailableError(
            f"{self._account.address} sent {found} of {self._mapping.table}: "
            "a part of the result was lost on its way, try again"
        )

    @contextmanager
    def _session(self) -> Iterator[SnowflakeSession]:
        with open_session(self._account, self.contract.name) as session:
            yield session

    def _sql(self, session: SnowflakeSession) -> SnowflakeSql:
        types = session.columns(self._every_column())
        return SnowflakeSql(self._mapping, types, self.contract.window, self.stray, self.changed, self.money)

    def _control(self, sql: SnowflakeSql, figures: Mapping[str, Decimal | None]) -> Control:
        return Control(
            rows=int(figures[COUNT] or 0),
            total=figures[TOTAL] or Decimal(0) if sql.gives_total else None,
            updates=figures[UPDATES] or Decimal(0) if self._mapping.has(self.changed) else None,
            columns=sql.types,
            unread=self._mapping.unread(sql.types),
        )

    def _every_column(self) -> str:
        return f"SELECT * FROM {self._mapping.quoted_table}"  # noqa: S608 - checked identifiers; described, never run

    def _estimate(self, session: SnowflakeSession) -> int | None:
        database, schema, table = self._mapping.place
        catalogue = ".".join(filter(None, (database and f'"{database}"', "INFORMATION_SCHEMA", "TABLES")))
        statement = f"SELECT ROW_COUNT FROM {catalogue} WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?"  # noqa: S608 - checked identifiers
        rows = session.rows(statement, (schema or self._account.schema.upper(), table))
        return int(rows[0][0]) if rows and rows[0][0] is not None else None


class SnowflakeOrders(SnowflakeTable):
    """The order history: a row belongs to the day of its event, however late it arrives."""

    contract = RAW_SNOWFLAKE_ORDERS
    stray = "updated_at"
    money = "amount"
    default_table = "ORDERS"


class SnowflakeCustomers(SnowflakeTable):
    """The customers: a row belongs to the day of its last change.

    A table that keeps the present state alone shows a customer on one day only, so a day that runs again loses the
    states that were overwritten since.
    """

    contract = RAW_SNOWFLAKE_CUSTOMERS
    stray = "created_at"
    default_table = "CUSTOMERS"


def _clock(session: SnowflakeSession) -> tuple[datetime, str]:
    [(now, version)] = session.rows(_CLOCK)
    return now.astimezone(UTC), str(version)
