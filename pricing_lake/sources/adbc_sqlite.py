"""SQLite files through ADBC: opened read-only, never created, one read transaction for each snapshot."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

import adbc_driver_sqlite.dbapi
import pyarrow as pa
from adbc_driver_manager import dbapi

from pricing_lake.errors import ConfigurationError, PricingLakeError, SourceDataError, SourceUnavailableError
from pricing_lake.sources.adbc import Database, ReadOptions
from pricing_lake.sources.identifiers import TableName

PREFIX = "sqlite:///"
TEMPORARY = ("disk I/O error", "failed to open", "unable to open")
WRONG_FILE = ("file is not a database", "unsupported file format", "malformed")


class SqliteDatabase(Database):
    """The database in one file. The driver looks at the first rows to choose a column's type."""

    dialect: ClassVar[str] = "sqlite"
    clock_query: ClassVar[str] = (
        "SELECT (julianday('now') - 2440587.5) * 86400.0 AS seconds, sqlite_version() AS version"
    )
    tables_query: ClassVar[str] = "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY name"
    columns_query: ClassVar[str] = (
        "SELECT name, type, type AS written FROM pragma_table_xinfo({table}, NULLIF({schema}, ''))"
        " WHERE hidden <> 1 ORDER BY cid"
    )

    def __init__(self, path: Path, options: ReadOptions) -> None:
        super().__init__(f"SQLite file {path}", options)
        self.path = path

    def connect(self) -> dbapi.Connection:
        """Open the file; raise ConfigurationError when it is missing or may not be read."""
        if not self.path.is_file():
            raise ConfigurationError(f"{self.address} does not exist: correct the URL, or make the file first")
        if not os.access(self.path, os.R_OK):
            raise ConfigurationError(f"{self.address} may not be read: give this user the right to read it")
        with self.translated():
            return adbc_driver_sqlite.dbapi.connect(f"file:{quote(str(self.path.resolve()))}?mode=ro")

    def prepare(self, connection: dbapi.Connection, values: Mapping[str, str]) -> None:
        """Say how long to wait for a writer's lock."""
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {self.options.connect_timeout_seconds * 1000:d}")

    def placeholder(self, name: str, position: int) -> str:
        """Return a numbered mark, which may occur many times."""
        return f"?{position}"

    def comparable(self, identifier: str) -> str:
        """Return it in one case: SQLite takes `Brand` and `brand` for one name, quoted or not."""
        return identifier.casefold()

    def stream_options(self) -> dict[str, str]:
        """Return how many rows make a batch."""
        option = adbc_driver_sqlite.StatementOptions.BATCH_ROWS.value
        return {option: str(self.options.batch_rows)}

    def typed(self, statement: str, schema: pa.Schema) -> str:
        """Put one row of empty texts first: a column that starts with NULLs would otherwise become a number."""
        first = ", ".join(f"'' AS \"{name}\"" for name in schema.names)
        return f"SELECT {first} UNION ALL SELECT * FROM ({statement})"  # noqa: S608 - the statement is ours

    def results(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Drop that first row."""
        first = next(batches)
        if any(column[0].as_py() != "" for column in first.columns):
            raise SourceDataError(f"{self.address} gave its rows in an unknown order: report this SQLite version")
        yield first.slice(1)
        yield from batches

    def rows_estimate_query(self, table: TableName) -> str:
        """Return a full count: cheap in one local file."""
        return f"SELECT COUNT(*) FROM {table.quoted}"  # noqa: S608 - a checked identifier

    def explain(self, error: Exception, elapsed_seconds: float) -> PricingLakeError:
        """Tell a busy file from a wrong one, and that from a broken view."""
        text = str(error).partition("\n")[0]
        if "locked" in text or "busy" in text:
            return SourceUnavailableError(
                f"{self.address} is locked by a writer for {elapsed_seconds:.0f} s: try again when it has finished"
            )
        if any(sign in text for sign in WRONG_FILE):
            return ConfigurationError(f"{self.address} is not a sound SQLite database: correct the URL ({text})")
        if any(sign in text for sign in TEMPORARY):
            return SourceUnavailableError(f"{self.address} cannot be read: check the disk and its rights ({text})")
        return SourceDataError(f"{self.address} cannot answer the query: check its tables and views ({text})")


def sqlite_database(url: str, options: ReadOptions) -> SqliteDatabase:
    """Return the database of `sqlite:///relative` or `sqlite:////absolute`; the path is taken as it is written.

    Raises ConfigurationError for any other form. The file is looked for when a snapshot is opened.
    """
    path = url.removeprefix(PREFIX)
    if path in {url, "", ":memory:"}:
        raise ConfigurationError("a SQLite URL names a file: write sqlite:///relative.db or sqlite:////absolute.db")
    return SqliteDatabase(Path(path), options)
