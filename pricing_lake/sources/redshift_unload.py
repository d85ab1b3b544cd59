"""Behaviour events in volume: Redshift unloads a window to S3 through the Data API, the lake reads what it wrote.

Count and unload are one transaction. A run that died is taken up where the warehouse is: same token, same files.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import astuple
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from pyarrow import fs

from pricing_lake.contracts.bronze_customers import RAW_REDSHIFT_BEHAVIOR
from pricing_lake.errors import PricingLakeError, SourceDataError
from pricing_lake.sources.redshift_mapping import COLUMNS, RedshiftMapping
from pricing_lake.sources.redshift_sql import CLOCK, BehaviorRead, BehaviorSql, LiteralForm, columns_query
from pricing_lake.sources.redshift_statements import Statements
from pricing_lake.sources.redshift_unload_files import SCHEMA, check_footers, file_batches
from pricing_lake.sources.redshift_unload_manifest import UnloadedFile, UnloadLostError, readable, unloaded_files
from pricing_lake.sources.redshift_unload_place import (
    CLOSED,
    Place,
    UnloadOptions,
    next_place,
    unload_statement,
    window_folder,
)
from pricing_lake.sources.window import Control, Window


class UnloadedEvents:
    """Events through UNLOAD. An object serves one run: the table's columns are looked up once.

    An unload stays open until all of its rows have been taken, or until it has proved useless (the statement failed,
    a file is gone, the manifest contradicts it). While it is open, reading its window again reads the same files;
    once it is closed, the next read unloads what the warehouse holds then.
    """

    def __init__(
        self, statements: Statements, files: fs.FileSystem, options: UnloadOptions, mapping: RedshiftMapping
    ) -> None:
        self._statements = statements
        self._files = files
        self._options = options
        self._mapping = mapping
        self._known_types: dict[str, str] | None = None

    @contextmanager
    def read(self, window: Window) -> Iterator[BehaviorRead]:
        """Open a window's events, in no particular order; see `RedshiftBehavior.read`."""
        sql = BehaviorSql(self._mapping, self.types())
        form = LiteralForm(window)
        select = sql.rows(form)
        place = self._place(window, select)
        with self._closing_what_is_useless(place):
            expected = self._unload(place, sql.count(form), select)
            unloaded = unloaded_files(self._files, place, COLUMNS, expected)
            check_footers(self._files, unloaded)
            yield BehaviorRead(SCHEMA, Control(expected, None), self._batches(place, unloaded))

    def clock(self) -> tuple[float, str]:
        """Return the warehouse's time in seconds since 1970, and its version."""
        [(clock, version)] = self._statements.answer(CLOCK)
        return float(clock), str(version)

    def types(self) -> dict[str, str]:
        """Return the type of each column of the table by its name in lower case; none when there is no table."""
        if self._known_types is None:
            table = self._mapping.table_name
            named = {"schema": table.schema.lower(), "table": table.name.lower()}
            rows = self._statements.answer(columns_query(":schema", ":table"), named)
            self._known_types = {str(name).lower(): str(kind) for name, kind in rows}
        return self._known_types

    def look(self) -> None:
        """Look into the folder of unloads; raises when it cannot be listed."""
        with readable(self._options.root):
            self._files.get_file_info(fs.FileSelector(self._options.root, allow_not_found=True))

    def _place(self, window: Window, select: str) -> Place:
        folder = window_folder(self._options, str(self._mapping.table_name), window)
        with readable(folder):
            beside = self._files.get_file_info(fs.FileSelector(folder, allow_not_found=True))
        done = {info.path for info in beside if info.path.endswith(CLOSED)}
        version = f"{RAW_REDSHIFT_BEHAVIOR.id} {RAW_REDSHIFT_BEHAVIOR.version}"
        decides: tuple[Any, ...] = (*astuple(self._statements.warehouse), *astuple(self._options), version, select)
        return next_place(folder, tuple(map(str, decides)), datetime.now(UTC), done)

    def _unload(self, place: Place, count: str, select: str) -> int:
        """Return how many rows the window has, once they lie in their place."""
        sqls = [count, unload_statement(select, place, self._options)]
        outcome = self._statements.transaction(sqls, place.token)
        if outcome.failure:
            self._close_if_possible(place)
            raise outcome.failure
        return self._statements.count(outcome.statements[0])

    def _batches(self, place: Place, unloaded: list[UnloadedFile]) -> Iterator[pa.RecordBatch]:
        yield from file_batches(self._files, unloaded)
        self._close(place)

    @contextmanager
    def _closing_what_is_useless(self, place: Place) -> Iterator[None]:
        try:
            yield
        except (SourceDataError, UnloadLostError):
            self._close_if_possible(place)
            raise

    def _close_if_possible(self, place: Place) -> None:
        """An error is on its way already; it matters more than this."""
        with suppress(PricingLakeError):
            self._close(place)

    def _close(self, place: Place) -> None:
        with readable(place.closed), self._files.open_output_stream(place.closed):
            pass
