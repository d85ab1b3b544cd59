"""PostgreSQL through ADBC: the URL's own options (TLS, certificates) kept, every session read-only and time-limited."""

import re
from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import quote, unquote, urlsplit

import adbc_driver_postgresql.dbapi
from adbc_driver_manager import dbapi

from pricing_lake.errors import (
    ConfigurationError,
    PricingLakeError,
    SourceDataError,
    SourceSchemaError,
    SourceUnavailableError,
)
from pricing_lake.sources.adbc import Database, ReadOptions
from pricing_lake.sources.identifiers import TableName

APPLICATION_NAME = "pricing_lake"
NAMESPACE = "pricing_lake"
STATEMENT_TIMEOUT = "57014"
PERMISSION_DENIED = "42501"
MISSING = ("42P01", "42703", "3F000")
HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]*)(:[0-9]+)?")
MALFORMED = (
    "a PostgreSQL URL is postgresql://user:password@host:port/database: "
    "percent-encode special characters in user and password"
)
TEMPORARY_CLASSES = ("08", "40", "53", "55", "57")
CONNECT_ADVICE = {
    r"password authentication failed": "correct user or password in the URL",
    r"no password supplied": "put user and password into the URL",
    r"does not support SSL": "the server offers no TLS: switch it on there, or set sslmode=prefer in the URL",
    r"certificate": "correct sslmode or sslrootcert in the URL, or the server's certificate",
    r"does not exist": "correct the database or the user in the URL",
    r"permission denied|pg_hba\.conf": "let this user in on the server (pg_hba.conf, GRANT CONNECT)",
    r"^invalid |^missing |unrecognized": "correct the options of the URL",
}
"""What libpq or the server says, in English, when trying again cannot help; and what to do then."""


class PostgresDatabase(Database):
    """One PostgreSQL database.

    Values are bound into session settings and read back by the statements: a statement with
    parameters of its own cannot use COPY, so that its whole result would arrive as one batch.
    """

    dialect: ClassVar[str] = "postgresql"
    clock_query: ClassVar[str] = (
        "SELECT extract(epoch FROM clock_timestamp())::float8, current_setting('server_version')"
    )
    tables_query: ClassVar[str] = (
        "SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'v', 'm', 'p', 'f')"
        " AND pg_table_is_visible(oid) AND relnamespace::regnamespace::text !~ '^(pg_|information_schema)'"
        " ORDER BY relname"
    )
    relation: ClassVar[str] = (
        "to_regclass(CASE WHEN {schema} = '' THEN format('%I', {table}) ELSE format('%I.%I', {schema}, {table}) END)"
    )
    columns_query: ClassVar[str] = (
        "SELECT attname::text, coalesce(nullif(typbasetype, 0), pg_type.oid)::regtype::text,"  # noqa: S608 - all ours
        " format_type(atttypid, atttypmod)"
        " FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid"
        f" WHERE attrelid = {relation} AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
    )

    def __init__(self, uri: str, address: str, options: ReadOptions) -> None:
        super().__init__(address, options)
        self._uri = uri

    def connect(self) -> dbapi.Connection:
        """Open a session; see `explain` for what it raises."""
        with self.translated():
            connection: dbapi.Connection = adbc_driver_postgresql.dbapi.connect(self._uri)
        return connection

    def placeholder(self, name: str, position: int) -> str:
        """Return the session setting that holds the value."""
        return f"current_setting('{NAMESPACE}.{name}')"

    def prepare(self, connection: dbapi.Connection, values: Mapping[str, str]) -> None:
        """Bind the values into settings of this transaction."""
        if not values:
            return
        settings = ", ".join(f"set_config('{NAMESPACE}.{name}', ${i}, true)" for i, name in enumerate(values, 1))
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {settings}", tuple(values.values()))

    def arguments(self, values: tuple[str, ...]) -> None:
        """Return nothing: the session has the values already."""

    def stream_options(self) -> dict[str, str]:
        """Return how many bytes make a batch."""
        option = adbc_driver_postgresql.StatementOptions.BATCH_SIZE_HINT_BYTES.value
        return {option: str(self.options.batch_bytes)}

    def rows_estimate_query(self, table: TableName) -> str:
        """Return the planner's own estimate, which is unknown (NULL) before the first ANALYZE and for views."""
        return f"SELECT nullif(reltuples, -1)::bigint FROM pg_class WHERE oid = {self.relation} AND relkind <> 'v'"  # noqa: S608

    def explain(self, error: Exception, elapsed_seconds: float) -> PricingLakeError:
        """Tell wrong settings, wrong schema and wrong data from a server that may answer later."""
        text = str(error).partition("\n")[0]
        if "Failed to connect" in text:
            return self._refusal(text.partition("Failed to connect: ")[2])
        # A stream's errors carry no SQLSTATE and their text may be in the server's language: the clock tells.
        state = getattr(error, "sqlstate", None)
        limit = self.options.statement_timeout_seconds
        if state == STATEMENT_TIMEOUT or (state is None and elapsed_seconds >= limit):
            return SourceUnavailableError(
                f"{self.address} stopped a statement at the statement timeout of {limit} s: "
                "raise statement_timeout_seconds, read a smaller window or index the time columns"
            )
        if state == PERMISSION_DENIED:
            return ConfigurationError(f"{self.address} refuses the read: grant SELECT to its user ({text})")
        if state in MISSING:
            return SourceSchemaError(f"{self.address} lacks a table or column, or a view is broken ({text})")
        if state is None or state[:2] in TEMPORARY_CLASSES:
            return SourceUnavailableError(f"{self.address} broke off: try again later ({text})")
        return SourceDataError(f"{self.address} cannot answer the query: check its tables and views ({text})")

    def _refusal(self, text: str) -> PricingLakeError:
        reason = text.partition(" failed: ")[2] or text
        bare = reason.removeprefix("FATAL:").strip()
        for sign, advice in CONNECT_ADVICE.items():
            if re.search(sign, bare):
                return ConfigurationError(f"{self.address} refuses the connection: {advice} ({bare})")
        return SourceUnavailableError(f"{self.address} cannot be reached: try again later ({bare})")


def postgres_database(url: str, options: ReadOptions) -> PostgresDatabase:
    """Return the database of a libpq URL; nothing is opened yet.

    The URL's options stay as they are, `connect_timeout` and `application_name` among them. Added:
    UTF-8, the statement timeout, and that transactions are read-only and repeatable-read.

    Raises ConfigurationError, without showing any part of the URL, when it cannot be taken apart.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ConfigurationError(MALFORMED) from None
    hosts = parts.netloc.rpartition("@")[2]
    stray = parts.fragment or url.count("@") != parts.netloc.count("@") or url.count("@") > 1
    if stray or not all(HOST.fullmatch(host) for host in hosts.split(",")):
        raise ConfigurationError(MALFORMED)
    uri = f"postgresql://{parts.netloc}{parts.path}?{_session(parts.query, options)}"
    return PostgresDatabase(uri, f"PostgreSQL at {hosts or 'the local socket'}{parts.path}", options)


def _session(query: str, options: ReadOptions) -> str:
    given = dict(pair.partition("=")[::2] for pair in query.split("&") if pair)
    defaults = {
        "connect_timeout": str(options.connect_timeout_seconds),
        "application_name": APPLICATION_NAME,
    }
    session = " ".join(
        (
            unquote(given.pop("options", "")),
            f"-c statement_timeout={options.statement_timeout_seconds * 1000:d}",
            r"-c default_transaction_isolation=repeatable\ read",
            "-c default_transaction_read_only=on",
        )
    )
    merged = defaults | given | {"client_encoding": "UTF8", "options": quote(session.strip(), safe="")}
    return "&".join(f"{name}={value}" for name, value in merged.items())
