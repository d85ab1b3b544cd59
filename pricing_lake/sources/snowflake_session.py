"""One connection to Snowflake through ADBC: bound values, small answers, streams of Arrow. No table is known here."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import adbc_driver_snowflake.dbapi
import pyarrow as pa
from adbc_driver_manager import dbapi

from pricing_lake.sources.snowflake_account import SnowflakeAccount
from pricing_lake.sources.snowflake_errors import explain

DRIVER_ERRORS = (dbapi.Error, OSError, pa.ArrowException)
_STREAM = {"adbc.rpc.result_queue_size": "4", "adbc.snowflake.rpc.prefetch_concurrency": "2"}
"""Two parts of a result are fetched ahead and few batches wait; the driver's own 10 and 200 may hold all of it."""
TYPE_NAME = b"SNOWFLAKE_TYPE"


@dataclass(frozen=True)
class SnowflakeSession:
    """A session that commits each statement by itself: what must be one state is asked in one statement.

    Values are text and are bound to the marks `?` in order; no value ever becomes part of a statement. All methods
    raise the errors of `snowflake_errors.explain`.
    """

    account: SnowflakeAccount
    connection: dbapi.Connection = field(repr=False)

    def columns(self, statement: str) -> dict[str, str]:
        """Return the type of each result column of a statement without marks, which is described but not run.

        Types are Snowflake's own: text, fixed(18,2), real, boolean, date, timestamp_ntz, timestamp_ltz, timestamp_tz.
        """
        with self.connection.cursor() as cursor, translated(self.account):
            schema = cursor.adbc_execute_schema(statement)
        return {column.name: _type(column) for column in schema}

    def rows(self, statement: str, values: Sequence[str] = ()) -> list[tuple[Any, ...]]:
        """Run a statement whose answer is small and return all of it."""
        with self.connection.cursor() as cursor, translated(self.account):
            cursor.execute(statement, tuple(values) or None)
            return list(cursor.fetchall())

    @contextmanager
    def batches(self, statement: str, values: Sequence[str]) -> Iterator[Iterator[pa.RecordBatch]]:
        """Run a statement and give its rows as non-empty batches, never all in memory at once."""
        with self.connection.cursor(adbc_stmt_kwargs=_STREAM) as cursor:
            with translated(self.account):
                cursor.execute(statement, tuple(values) or None)
                reader = cursor.fetch_record_batch()
            with closing(reader):
                yield self._arriving(reader)

    def _arriving(self, reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
        while True:
            with translated(self.account):
                batch = next(reader, None)
            if batch is None:
                return
            if batch.num_rows:
                yield batch


def _type(column: pa.Field) -> str:
    kind = str((column.metadata or {}).get(TYPE_NAME, b"").decode()).lower()
    return f"{kind}({column.type.precision},{column.type.scale})" if pa.types.is_decimal(column.type) else kind


@contextmanager
def open_session(account: SnowflakeAccount, purpose: str) -> Iterator[SnowflakeSession]:
    """Log in with the key, tagged by what for; log out at the end. Raises as `snowflake_errors.explain` says."""
    options = account.driver_options(purpose)
    with translated(account):
        connection = adbc_driver_snowflake.dbapi.connect(db_kwargs=options, autocommit=True)
    with closing(connection):
        yield SnowflakeSession(account, connection)


@contextmanager
def translated(account: SnowflakeAccount) -> Iterator[None]:
    """Turn what the driver raises inside the block into the lake's errors; its text may hold values and ends here."""
    try:
        yield
    except DRIVER_ERRORS as error:
        raise explain(error, account.address, account.statement_timeout_seconds) from None
