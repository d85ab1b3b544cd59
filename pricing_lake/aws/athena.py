"""Asking Athena through PyAthena: parameters bound, rows as Arrow, and what the question cost. Knows no saved query."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa

from pricing_lake.aws.account import Account
from pricing_lake.aws.athena_parameters import bound
from pricing_lake.aws.explain import explained, explanation
from pricing_lake.aws.names import AwsNames
from pricing_lake.errors import QueryError, SourceUnavailableError

TERABYTE = 1_000_000_000_000
LEAST_BYTES = 10_000_000
"""Athena bills at least 10 MB a query."""

_TYPES = {
    "boolean": pa.bool_(),
    "tinyint": pa.int32(),
    "smallint": pa.int32(),
    "integer": pa.int32(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "float": pa.float64(),
    "real": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "timestamp with time zone": pa.timestamp("us", tz="UTC"),
}


@dataclass(frozen=True)
class AthenaAnswer:
    """Rows, and what finding them took."""

    rows: pa.Table
    query_id: str
    bytes_scanned: int
    milliseconds: int

    def cost(self, price_per_tb: Decimal) -> Decimal:
        """US dollars that AWS bills for it, an estimate: prices differ by region and agreement."""
        return price_per_tb * max(self.bytes_scanned, LEAST_BYTES) / TERABYTE


@dataclass(frozen=True)
class Athena:
    """One workgroup and database; `poll_seconds` is how often a query under way is looked at."""

    account: Account
    names: AwsNames
    poll_seconds: float = 0.5

    def ask(self, sql: str, params: Mapping[str, object]) -> AthenaAnswer:
        """Run one SELECT with named parameters and wait for its rows; Ctrl-C stops it on Athena too.

        Raises QueryError for what Athena refuses or stops, ConfigurationError and SourceUnavailableError for what lies
        around it.
        """
        query = bound(sql, params)
        with self._translated(), self._connection() as connection:
            cursor = connection.cursor()
            cursor.execute(query.sql, list(query.values), paramstyle="qmark")
            rows = cursor.fetchall()
        return AthenaAnswer(
            _as_arrow(cursor.description or [], rows),
            str(cursor.query_id),
            int(cursor.data_scanned_in_bytes or 0),
            int(cursor.total_execution_time_in_millis or 0),
        )

    def _connection(self) -> Any:
        import pyathena
        from botocore.config import Config

        patience = self.account.patience
        elsewhere: dict[str, Any] = {"endpoint_url": self.account.endpoint} if self.account.endpoint else {}
        return pyathena.connect(
            session=self.account.session,
            region_name=self.account.region,
            schema_name=self.names.database,
            work_group=self.names.workgroup,
            s3_staging_dir=self.names.results_uri,
            poll_interval=self.poll_seconds,
            config=Config(
                connect_timeout=patience.connect_seconds,
                read_timeout=patience.read_seconds,
                retries={"mode": "standard", "total_max_attempts": patience.attempts},
            ),
            **elsewhere,
        )

    @contextmanager
    def _translated(self) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError
        from pyathena.error import Error

        # PyAthena logs a traceback of what it raises as well.
        logging.getLogger("pyathena").setLevel(logging.CRITICAL)
        with explained("athena", self.account.region):
            try:
                yield
            except Error as error:
                cause = error.__cause__
                if isinstance(cause, ClientError) and not _is_about_the_query(cause):
                    raise explanation(cause, "athena", self.account.region) from error
                if isinstance(cause, BotoCoreError):
                    raise SourceUnavailableError(
                        f"Athena in {self.account.region} cannot be reached ({type(cause).__name__}); try again later"
                    ) from error
                raise QueryError(f"Athena did not run the query: {_one_line(error)}") from error


def _is_about_the_query(error: Any) -> bool:
    return bool(error.response.get("Error", {}).get("Code") == "InvalidRequestException")


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text[:300] or type(error).__name__


def _as_arrow(description: Any, rows: list[tuple[Any, ...]]) -> pa.Table:
    names, columns = [], []
    for place, (name, kind, _, _, precision, scale, *_rest) in enumerate(description):
        values = [row[place] for row in rows]
        names.append(name)
        columns.append(_column(kind, precision, scale, values))
    return pa.Table.from_arrays(columns, names=names)


def _column(kind: str, precision: int, scale: int, values: list[Any]) -> pa.Array:
    if kind == "decimal":
        return pa.array(values, pa.decimal128(precision, scale))
    if kind in _TYPES:
        return pa.array(values, _TYPES[kind])
    if kind in ("array", "map", "row"):
        return pa.array(values)
    return pa.array([None if value is None else str(value) for value in values], pa.string())
