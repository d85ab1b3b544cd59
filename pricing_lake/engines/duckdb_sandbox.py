"""DuckDB as a sandbox: a database in memory that opens named files and nothing else, its errors as ours."""

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import duckdb

from pricing_lake.errors import QueryError

_STATIC_ERRORS = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)


@contextmanager
def database(memory_limit: str | None, threads: int | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an empty database whose session runs in UTC, as Athena's does; it spills to a directory of its own."""
    with tempfile.TemporaryDirectory(prefix="pricing-lake-") as spill:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "temp_directory": spill,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
        }
        if memory_limit is not None:
            settings["memory_limit"] = memory_limit
        if threads is not None:
            settings["threads"] = threads
        with duckdb.connect(":memory:", config=settings) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            yield connection


def lock(connection: duckdb.DuckDBPyConnection, files: Sequence[str]) -> None:
    """Close the file system but for `files`, for good: no SQL text can open it again."""
    connection.execute(
        f"SET allowed_paths = {path_list(files)}; SET enable_external_access = false; SET lock_configuration = true"
    )


def path_list(paths: Sequence[str]) -> str:
    """Write paths as a list of SQL text literals."""
    return "[" + ", ".join("'" + path.replace("'", "''") + "'" for path in paths) + "]"


@contextmanager
def query_errors() -> Iterator[None]:
    """Turn DuckDB's errors into QueryError, one line; values it quotes may be personal data and are left out."""
    try:
        yield
    except _STATIC_ERRORS as error:
        raise QueryError(f"{_first_line(error)}: correct the query") from None
    except (duckdb.Error, OSError) as error:
        kind, _, reason = _first_line(error).partition(": ")
        unquoted = re.sub(r"'[^']*'|\"[^\"]*\"", "…", reason.split(". ")[0])
        raise QueryError(f"the query failed while running ({kind}: {unquoted}): check its casts and limits") from None


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(".!")
