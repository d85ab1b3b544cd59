"""Read-only snapshots of MySQL and MariaDB through pymysql: session, bound values, small answers, streams of text.

What a URL may say and what an error means is next door; what a source asks for is not known here.
"""

import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from string import Formatter
from typing import Any, ClassVar

import pyarrow as pa
import pymysql
from pymysql.connections import Connection
from pymysql.converters import decoders, encoders

from pricing_lake.errors import ConfigurationError
from pricing_lake.sources.adbc import ReadOptions
from pricing_lake.sources.identifiers import TableName
from pricing_lake.sources.mysql_errors import explain
from pricing_lake.sources.mysql_rows import as_batches, streamed
from pricing_lake.sources.mysql_url import Login, parse_url

PROGRAM = "pricing_lake"
DRIVER_ERRORS = (pymysql.Error, OSError)
SQL_MODE = "ANSI_QUOTES,STRICT_ALL_TABLES"
BEGIN = (
    # Without it the next statement would take no snapshot where the server's default is another level.
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
)


class MySqlDatabase:
    """One MySQL or MariaDB database; see `snapshot.Database`.

    Only tables of a transactional engine (InnoDB) have snapshots: rows of a MyISAM or Aria table may change
    between the control figures and the rows.
    """

    dialect: ClassVar[str] = "mysql"
    clock_query: ClassVar[str] = "SELECT UNIX_TIMESTAMP(SYSDATE(6)) + 0e0, VERSION()"
    tables_query: ClassVar[str] = (
        "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY table_name"
    )
    columns_query: ClassVar[str] = (
        "SELECT column_name, data_type, column_type FROM information_schema.columns"
        " WHERE table_schema = COALESCE(NULLIF({schema}, ''), DATABASE()) AND table_name = {table}"
        " ORDER BY ordinal_position"
    )

    def __init__(self, login: Login, options: ReadOptions) -> None:
        self.address = login.address
        self._login = login
        self.options = options

    def rows_estimate_query(self, table: TableName) -> str:
        """Return the storage engine's own estimate, NULL for a view."""
        return (
            "SELECT table_rows FROM information_schema.tables"
            " WHERE table_schema = COALESCE(NULLIF({schema}, ''), DATABASE()) AND table_name = {table}"
        )

    def comparable(self, identifier: str) -> str:
        """Return it in one case: column names are the same in any."""
        return identifier.casefold()

    @contextmanager
    def snapshot(self, values: Mapping[str, str]) -> Iterator["MySqlSnapshot"]:
        """Open a session in UTC on which every statement sees the same state; close it at the end."""
        with self.translated():
            connection = self._connect()
        try:
            with self.translated(), connection.cursor() as cursor:
                for statement in (_session(connection.server_version, self.options), *BEGIN):
                    cursor.execute(statement)
            yield MySqlSnapshot(self, connection, values)
        finally:
            if connection.open:
                connection.close()

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn what socket and driver raise inside the block into the lake's errors."""
        try:
            yield
        except DRIVER_ERRORS as error:
            raise explain(error, self.address, self.options.statement_timeout_seconds) from error

    def _connect(self) -> Connection:
        """Return a session that was let in. Its results are bytes: parameters are encoded, answers not decoded."""
        login, patience = self._login, self.options.connect_timeout_seconds
        connection = Connection(
            host=login.host,
            port=login.port,
            user=login.user,
            password=login.password,
            database=login.database,
            charset="utf8mb4",
            use_unicode=False,
            conv=encoders,
            connect_timeout=patience,
            read_timeout=self.options.statement_timeout_seconds + patience,
            write_timeout=patience,
            autocommit=None,
            program_name=PROGRAM,
            defer_connect=True,
            **login.encryption.arguments(),
        )
        try:
            connection.connect(_greeted(login.host, login.port, patience))
        except RuntimeError as error:  # the driver lacks what a login without TLS would need
            raise ConfigurationError(f"{self.address} wants an encrypted login: set ssl=true in the URL") from error
        return connection


@dataclass(frozen=True)
class MySqlSnapshot:
    """One session in one read-only transaction; see `snapshot.Snapshot`."""

    database: MySqlDatabase
    connection: Connection = field(repr=False)
    values: Mapping[str, str] = field(repr=False)

    def rows(self, template: str) -> list[tuple[Any, ...]]:
        """Run a statement and return its whole answer: numbers and dates as Python has them, the rest as text."""
        with self.database.translated(), self.connection.cursor() as cursor:
            cursor.execute(*self._bound(template))
            types = [column[1] for column in cursor.description]
            return [tuple(map(_typed, types, row)) for row in cursor.fetchall()]

    @contextmanager
    def batches(self, template: str, schema: pa.Schema) -> Iterator[Iterator[pa.RecordBatch]]:
        """Run a statement and give its rows as text, in batches; left early, it ends the session."""
        with ExitStack() as stack:
            with self.database.translated():
                cursor = stack.enter_context(streamed(self.connection, *self._bound(template)))
            options = self.database.options
            yield self._arriving(as_batches(cursor, schema, options.batch_rows, options.batch_bytes))

    def _arriving(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        while True:
            with self.database.translated():
                batch = next(batches, None)
            if batch is None:
                return
            yield batch

    def _bound(self, template: str) -> tuple[str, dict[str, str] | None]:
        """Return the statement in the driver's form, and its values, which the driver quotes as text."""
        names = {name for _, name, _, _ in Formatter().parse(template) if name}
        statement = template.format_map({name: f"%({name})s" for name in names})
        return statement, {name: self.values[name] for name in names} or None


def mysql_database(url: str, options: ReadOptions) -> MySqlDatabase:
    """Return the database of a MySQL or MariaDB URL; nothing is opened yet. See `parse_url` for what it raises."""
    return MySqlDatabase(parse_url(url), options)


def _greeted(host: str, port: int, patience: int) -> socket.socket:
    """Return a connection on which the server has spoken first, as MySQL does; the driver would wait much longer."""
    connection = socket.create_connection((host, port), patience)
    try:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection.recv(1, socket.MSG_PEEK)
    except OSError:
        connection.close()
        raise
    return connection


def _session(server_version: str, options: ReadOptions) -> str:
    """Return the statement that sets zone, mode and times; a slow reader is stopped by the statement timeout alone."""
    seconds = options.statement_timeout_seconds
    timeout = "max_statement_time" if "MariaDB" in server_version else "max_execution_time"
    limit = seconds if timeout == "max_statement_time" else seconds * 1000
    return (
        f"SET SESSION time_zone = '+00:00', sql_mode = '{SQL_MODE}',"
        f" {timeout} = {limit:d}, net_write_timeout = {seconds:d}"
    )


def _typed(kind: int, value: bytes | None) -> Any:
    if value is None:
        return None
    decoder = decoders.get(kind)
    text = value.decode(errors="replace")
    return decoder(text) if decoder else text
