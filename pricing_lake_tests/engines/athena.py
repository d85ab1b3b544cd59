"""Runs Athena SQL on DuckDB over tables in memory: only the text is under test, no engine, no file."""

from collections.abc import Mapping
from typing import Any

import duckdb
import pyarrow as pa
from pyiceberg.schema import Schema

from pricing_lake.engines.dialect import to_duckdb
from pricing_lake.engines.query import INPUTS, prepare


class InMemory:
    """Input tables as Arrow; `answer` is what the translated query says of them."""

    def __init__(self, schemas: Mapping[str, Schema], tables: Mapping[str, pa.Table]) -> None:
        self.schemas = schemas
        self.connection = duckdb.connect()
        self.connection.execute(f"SET TimeZone = 'UTC'; CREATE SCHEMA {INPUTS}")
        for name, table in tables.items():
            self.offer(name, table)

    def offer(self, name: str, table: pa.Table) -> None:
        """Make `table` the rows of input `name`."""
        self.connection.register(f"rows of {name}", table)
        self.connection.execute(f'CREATE OR REPLACE VIEW {INPUTS}."{name}" AS SELECT * FROM "rows of {name}"')

    def answer(self, sql: str, **params: object) -> list[tuple[Any, ...]]:
        """Rows of the query, in the order DuckDB gives them."""
        return self.connection.execute(to_duckdb(prepare(sql, self.schemas, params))).fetchall()

    def value(self, expression: str, **params: object) -> Any:
        """The value of one expression that needs no table."""
        ((value,),) = self.answer(f"SELECT {expression} AS answer", **params)
        return value
