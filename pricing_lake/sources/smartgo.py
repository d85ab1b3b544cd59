"""SmartGo, the shop whose sales the lake is about: one way in for every URL, and shops that are a table in a database.

The dialects' SQL, the drivers and the shop behind HTTP live next door; casting to the contract is the caller's part.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from pricing_lake.errors import ChangesUnknownError, ConfigurationError, SourceSchemaError
from pricing_lake.sources.adbc import ReadOptions
from pricing_lake.sources.adbc_postgresql import postgres_database
from pricing_lake.sources.adbc_sqlite import sqlite_database
from pricing_lake.sources.changed_days import ChangedDay
from pricing_lake.sources.mysql import mysql_database
from pricing_lake.sources.smartgo_mapping import SmartGoMapping
from pricing_lake.sources.smartgo_mysql import MySqlSales
from pricing_lake.sources.smartgo_postgresql import PostgresSales
from pricing_lake.sources.smartgo_rest import rest_shop
from pricing_lake.sources.smartgo_source import SalesRead, SmartGoSource, SourceFacts
from pricing_lake.sources.smartgo_sql import SalesSql
from pricing_lake.sources.smartgo_sqlite import SqliteSales
from pricing_lake.sources.snapshot import Database, Snapshot
from pricing_lake.sources.window import Control, Window

__all__ = ["ChangedDay", "SalesRead", "SmartGoSource", "SourceFacts", "open_smartgo"]

Opener = Callable[[str, SmartGoMapping, ReadOptions], SmartGoSource]
Dialect = type[SalesSql]


def open_smartgo(
    url: str, mapping: SmartGoMapping | None = None, options: ReadOptions | None = None
) -> "SmartGoSource":
    """Return the source behind a URL of one of the schemes in OPENERS; nothing is connected yet.

    Raises ConfigurationError when the scheme is not one of OPENERS or the URL is malformed.
    """
    scheme = url.partition("://")[0] if "://" in url else ""
    if scheme not in OPENERS:
        raise ConfigurationError(
            f"SMARTGO_URL starts with {scheme + '://' if scheme.isalnum() else 'no scheme'}; "
            f"use one of {', '.join(f'{known}://' for known in OPENERS)}"
        )
    return OPENERS[scheme](url, mapping or SmartGoMapping(), options or ReadOptions())


class SqlShop:
    """The sales table of one shop in a database; see `SmartGoSource`."""

    name = "smartgo"

    def __init__(self, database: Database, dialect: Dialect, mapping: SmartGoMapping) -> None:
        self._database = database
        self._dialect = dialect
        self._mapping = mapping

    @contextmanager
    def read(self, window: Window) -> Iterator[SalesRead]:
        """Open the sales of a window (see `SalesSql.window` for what belongs to it), in no particular order.

        Control and rows come from one snapshot: writers in between change neither. Values are as
        stored; a value that the contract will refuse fails nothing here.
        """
        with self._snapshot(self._dialect.bounds(window)) as snapshot:
            sql, control = self._judged(snapshot)
            with snapshot.batches(sql.rows(), sql.schema()) as batches:
                yield SalesRead(sql.schema(), control, batches)

    def control(self, window: Window) -> Control:
        """Return what `read` would say of the window as its control, without reading a row."""
        with self._snapshot(self._dialect.bounds(window)) as snapshot:
            return self._judged(snapshot)[1]

    def now(self) -> datetime:
        """Return the database's clock, UTC."""
        with self._snapshot({}) as snapshot:
            return datetime.fromtimestamp(snapshot.rows(self._database.clock_query)[0][0], UTC)

    def changed_days(self, since: datetime, until: datetime) -> list[ChangedDay]:
        """Return the days of sale of the rows updated in [since, until), in order.

        A row whose time of sale moved is told for its new day only. Raises ChangesUnknownError when the
        mapping has no `updated_at`.
        """
        if not self._mapping.has("updated_at"):
            raise ChangesUnknownError(
                "fix SMARTGO mapping: updated_at is mapped to null, so the shop cannot tell which days changed"
            )
        with self._snapshot(self._dialect.bounds(Window(since, until))) as snapshot:
            found = snapshot.rows(self._checked(snapshot)[0].changed_days())
        return [ChangedDay(_as_date(day), rows) for day, rows in found]

    def probe(self) -> SourceFacts:
        """Connect, compare clocks and look at the table: a missing column is reported, a missing table raises."""
        with self._snapshot({}) as snapshot:
            sent = time.time()
            clock, version = snapshot.rows(self._database.clock_query)[0]
            answered = time.time()
            kinds, _ = self._catalogued(snapshot)
            missing = tuple(self._missing(kinds))
            if not missing:
                self._dialect(self._mapping, kinds)
            estimate = snapshot.rows(self._database.rows_estimate_query(self._mapping.table_name))
        return SourceFacts(
            dialect=self._database.dialect,
            server_version=version,
            latency_seconds=answered - sent,
            clock_skew_seconds=clock - (sent + answered) / 2,
            table_rows_estimate=estimate[0][0] if estimate else None,
            missing_columns=missing,
        )

    @contextmanager
    def _snapshot(self, values: dict[str, str]) -> Iterator[Snapshot]:
        table = self._mapping.table_name
        with self._database.snapshot({"schema": table.schema, "table": table.name} | values) as snapshot:
            yield snapshot

    def _judged(self, snapshot: Snapshot) -> tuple[SalesSql, Control]:
        """Return the statements, and what the source says of the window and of its own columns."""
        sql, columns = self._checked(snapshot)
        control = sql.as_control(snapshot.rows(sql.control())[0])
        unread = self._mapping.unread(columns, self._database.comparable)
        return sql, replace(control, columns=columns, unread=unread)

    def _checked(self, snapshot: Snapshot) -> tuple[SalesSql, dict[str, str]]:
        """Return the statements, sure that every mapped column exists, and the columns with their types in full."""
        kinds, columns = self._catalogued(snapshot)
        missing = self._missing(kinds)
        if missing:
            raise SourceSchemaError(
                f"{self._mapping.table} in {self._database.address} has no column {', '.join(missing)}; "
                f"it has {', '.join(kinds)}: fix SMARTGO mapping",
                missing,
                columns,
            )
        return self._dialect(self._mapping, kinds), columns

    def _missing(self, kinds: dict[str, str]) -> list[str]:
        known = {self._database.comparable(name) for name in kinds}
        mapped = filter(None, self._mapping.columns.values())
        return [name for name in mapped if self._database.comparable(name) not in known]

    def _catalogued(self, snapshot: Snapshot) -> tuple[dict[str, str], dict[str, str]]:
        """Return the kind of each column's type, and each column's type in full."""
        found = snapshot.rows(self._database.columns_query)
        if not found:
            tables = [name for (name,) in snapshot.rows(self._database.tables_query)]
            raise SourceSchemaError(
                f"{self._database.address} has no table {self._mapping.table}; "
                f"it has {', '.join(tables) or 'none'}: fix SMARTGO mapping"
            )
        return {name: kind for name, kind, _ in found}, {name: written for name, _, written in found}


def _as_date(day: Any) -> date:
    return day if isinstance(day, date) else date.fromisoformat(day)


def _table_in(opener: Callable[[str, ReadOptions], Database], dialect: Dialect) -> Opener:
    def opened(url: str, mapping: SmartGoMapping, options: ReadOptions) -> SmartGoSource:
        return SqlShop(opener(url, options), dialect, mapping)

    return opened


OPENERS: dict[str, Opener] = {
    "sqlite": _table_in(sqlite_database, SqliteSales),
    "postgresql": _table_in(postgres_database, PostgresSales),
    "postgres": _table_in(postgres_database, PostgresSales),
    "mysql": _table_in(mysql_database, MySqlSales),
    "mariadb": _table_in(mysql_database, MySqlSales),
    "https": rest_shop,
    "http": rest_shop,
}
"""What each scheme of SMARTGO_URL is opened with."""
