"""Behaviour events in small numbers: over PostgreSQL's protocol, which Redshift speaks in part, through ADBC.

What Redshift lacks is not asked for: COPY to the client, startup options, PostgreSQL's younger functions.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import adbc_driver_postgresql.dbapi
import pyarrow as pa
from adbc_driver_manager import dbapi

from pricing_lake.errors import ConfigurationError, PricingLakeError
from pricing_lake.sources.adbc import ReadOptions, Snapshot
from pricing_lake.sources.adbc_postgresql import APPLICATION_NAME, HOST, PostgresDatabase
from pricing_lake.sources.identifiers import TableName
from pricing_lake.sources.redshift_mapping import COLUMNS, RedshiftMapping
from pricing_lake.sources.redshift_sql import CLOCK, BehaviorRead, BehaviorSql, BoundForm, columns_query
from pricing_lake.sources.window import Control, Window

SCHEMA = pa.schema([(name, pa.string()) for name in COLUMNS])
"""What a batch looks like: text, the time of an event in ISO 8601."""

MOST_ROWS = 1_000_000
"""A window larger than this is not read over the wire: without COPY the driver holds its result in memory at once."""

MALFORMED = (
    "REDSHIFT_URL is redshift://user:password@host:5439/database: "
    "percent-encode special characters in user and password"
)
_SCHEMES = ("redshift", "postgresql", "postgres")


class RedshiftSnapshot(Snapshot):
    """One connection in one read-only transaction, every result fetched without COPY."""

    def rows(self, template: str) -> list[tuple[Any, ...]]:
        """Run a statement whose answer is small and return all of it."""
        statement, arguments = self._bound(template)
        options = self.database.stream_options()
        with self.database.translated(), self.connection.cursor(adbc_stmt_kwargs=options) as cursor:
            cursor.execute(statement, arguments)
            return list(cursor.fetchall())


class RedshiftDatabase(PostgresDatabase):
    """One Redshift database. Values are parameters of their statement; sessions are made read-only by statements."""

    dialect = "redshift"
    clock_query = CLOCK

    def connect(self) -> dbapi.Connection:
        """Open a session that begins no transaction by itself; see `explain` for what it raises."""
        with self.translated():
            connection: dbapi.Connection = adbc_driver_postgresql.dbapi.connect(self._uri, autocommit=True)
        return connection

    def prepare(self, connection: dbapi.Connection, values: Mapping[str, str]) -> None:
        """Limit the statements' time and begin the read-only transaction in which all of them see one state."""
        with connection.cursor(adbc_stmt_kwargs=self.stream_options()) as cursor:
            cursor.execute(f"SET statement_timeout TO {self.options.statement_timeout_seconds * 1000:d}")
            cursor.execute("BEGIN TRANSACTION ISOLATION LEVEL SERIALIZABLE READ ONLY")

    def placeholder(self, name: str, position: int) -> str:
        """Return a parameter."""
        return f"${position}"

    def arguments(self, values: tuple[str, ...]) -> tuple[str, ...] | None:  # type: ignore[override]
        """Return the parameters' values."""
        return values or None

    def stream_options(self) -> dict[str, str]:
        """Switch off COPY, which Redshift does not have."""
        return {adbc_driver_postgresql.StatementOptions.USE_COPY.value: "false"}

    def rows_estimate_query(self, table: TableName) -> str:
        """Return a statement that knows nothing: Redshift's own estimates are for superusers."""
        return "SELECT CAST(NULL AS BIGINT)"

    def explain(self, error: Exception, elapsed_seconds: float) -> PricingLakeError:
        """Tell what the driver cannot do with Redshift from what PostgreSQL's sessions can meet too."""
        if "typarray" in str(error):
            return ConfigurationError(
                f"{self.address} is a Redshift, which this ADBC driver no longer speaks to: set REDSHIFT_UNLOAD_URI "
                "to read through the Data API, or install adbc-driver-postgresql 1.11"
            )
        return super().explain(error, elapsed_seconds)

    @contextmanager
    def snapshot(self, values: Mapping[str, str]) -> Iterator[Snapshot]:
        """Open a connection on which every statement sees the same state; close it at the end."""
        with super().snapshot(values) as opened:
            yield RedshiftSnapshot(opened.database, opened.connection, opened.values)


def redshift_database(url: str, options: ReadOptions) -> RedshiftDatabase:
    """Return the database of a URL; nothing is opened yet. The URL's options are libpq's and stay as they are.

    Raises ConfigurationError, without showing any part of the URL, when it cannot be taken apart.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ConfigurationError(MALFORMED) from None
    hosts = parts.netloc.rpartition("@")[2]
    stray = parts.fragment or url.count("@") != parts.netloc.count("@") or url.count("@") > 1
    if parts.scheme not in _SCHEMES or stray or not HOST.fullmatch(hosts) or not hosts.partition(":")[0]:
        raise ConfigurationError(MALFORMED)
    given = dict(pair.partition("=")[::2] for pair in parts.query.split("&") if pair)
    defaults = {"connect_timeout": str(options.connect_timeout_seconds), "application_name": APPLICATION_NAME}
    merged = {"port": "5439"} if parts.port is None else {}
    query = "&".join(f"{name}={value}" for name, value in (defaults | merged | given).items())
    uri = f"postgresql://{parts.netloc}{parts.path}?{query}&client_encoding=UTF8"
    return RedshiftDatabase(uri, f"Redshift at {hosts}{parts.path}", options)


class WireEvents:
    """Events over the wire: count and rows in one read-only transaction."""

    def __init__(self, database: RedshiftDatabase, mapping: RedshiftMapping) -> None:
        self._database = database
        self._mapping = mapping

    @contextmanager
    def read(self, window: Window) -> Iterator[BehaviorRead]:
        """Open a window's events, in no particular order; see `RedshiftBehavior.read`."""
        form = BoundForm()
        with self._database.snapshot(self._names() | form.values(window)) as snapshot:
            sql = BehaviorSql(self._mapping, self._types(snapshot))
            [(count,)] = snapshot.rows(sql.count(form))
            if count > MOST_ROWS:
                raise ConfigurationError(
                    f"{self._database.address} has {count:,} events in the window, too many to read over the wire: "
                    "set REDSHIFT_UNLOAD_URI to have them unloaded"
                )
            with snapshot.batches(sql.rows(form), SCHEMA) as batches:
                yield BehaviorRead(SCHEMA, Control(count, None), batches)

    def clock(self) -> tuple[float, str]:
        """Return the warehouse's time in seconds since 1970, and its version."""
        with self._database.snapshot({}) as snapshot:
            [(clock, version)] = snapshot.rows(CLOCK)
        return float(clock), str(version)

    def types(self) -> dict[str, str]:
        """Return the type of each column of the table by its name in lower case; none when there is no table."""
        with self._database.snapshot(self._names()) as snapshot:
            return self._types(snapshot)

    def look(self) -> None:
        """Look at nothing more: reading needs the database alone."""

    def _names(self) -> dict[str, str]:
        table = self._mapping.table_name
        return {"schema": table.schema.lower(), "table": table.name.lower()}

    def _types(self, snapshot: Snapshot) -> dict[str, str]:
        return {str(name).lower(): str(kind) for name, kind in snapshot.rows(columns_query("{schema}", "{table}"))}
