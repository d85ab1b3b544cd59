"""SmartGo shops in PostgreSQL: a schema of one's own with a `sales` table, filled and dropped by the test."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import adbc_driver_postgresql.dbapi

from pricing_lake.sources.adbc import ReadOptions
from pricing_lake.sources.smartgo import SmartGoSource, open_smartgo
from pricing_lake.sources.smartgo_mapping import COLUMNS, SmartGoMapping
from pricing_lake_tests.sources.sales import SALE

TYPES: dict[str, str] = dict.fromkeys(COLUMNS, "text") | {
    "sold_price": "numeric(10,2)",
    "sold_at": "timestamptz",
    "quantity": "int",
    "updated_at": "timestamptz",
    "deleted_at": "timestamptz",
}


def execute(url: str, *statements: str, parameters: tuple[Any, ...] | None = None) -> None:
    """Run statements as the superuser, each in its own transaction."""
    with adbc_driver_postgresql.dbapi.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, parameters)


@dataclass(frozen=True)
class PostgresShop:
    """One schema with a `sales` table whose columns have these types."""

    url: str
    schema: str
    types: Mapping[str, str]

    def execute(self, *statements: str) -> None:
        """Run statements in which `{shop}` stands for the schema."""
        execute(self.url, *(statement.replace("{shop}", self.schema) for statement in statements))

    def add(self, **changes: Any) -> None:
        """Insert an ordinary sale with these changes; every value is bound as text and cast by the server."""
        sale = SALE | changes
        marks = ", ".join(f"${i}::{self.types[name]}" for i, name in enumerate(COLUMNS, 1))
        values = tuple(None if sale[name] is None else str(sale[name]) for name in COLUMNS)
        execute(self.url, f"INSERT INTO {self.schema}.sales VALUES ({marks})", parameters=values)

    def source(
        self, table: str = "sales", columns: Mapping[str, str | None] | None = None, **options: int
    ) -> SmartGoSource:
        mapping = SmartGoMapping(f"{self.schema}.{table}", columns or {})
        return open_smartgo(self.url, mapping, ReadOptions(**options))


@contextmanager
def postgres_shop(url: str, **types: str) -> Iterator[PostgresShop]:
    """Make a shop whose columns have the usual types, or these; drop it at the end."""
    shop = PostgresShop(url, f"shop_{uuid4().hex[:12]}", TYPES | types)
    columns = ", ".join(f"{name} {kind}" for name, kind in shop.types.items())
    shop.execute("CREATE SCHEMA {shop}", f"CREATE TABLE {{shop}}.sales ({columns})")
    try:
        yield shop
    finally:
        shop.execute("DROP SCHEMA {shop} CASCADE")
