"""SmartGo shops in MariaDB: a database of one's own with a `sales` table, filled and dropped by the test."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pymysql

from pricing_lake.sources.adbc import ReadOptions
from pricing_lake.sources.smartgo import SmartGoSource, open_smartgo
from pricing_lake.sources.smartgo_mapping import COLUMNS, SmartGoMapping
from pricing_lake_tests.sources.sales import SALE

TYPES: dict[str, str] = dict.fromkeys(COLUMNS, "varchar(200)") | {
    "sold_price": "decimal(10,2)",
    "sold_at": "timestamp(6) NULL",
    "description": "text",
    "quantity": "int",
    "updated_at": "timestamp(6) NULL",
    "deleted_at": "timestamp(6) NULL",
}
LAX = "ANSI_QUOTES,ALLOW_INVALID_DATES"
"""A server mode that stores days which no calendar has, as many an old shop did."""


def connected(url: str) -> pymysql.Connection:
    """A session with all rights, in UTC, that commits every statement and takes dates of any kind."""
    parts = urlsplit(url)
    return pymysql.connect(
        host=parts.hostname,
        port=parts.port or 0,
        user=parts.username,
        password=(parts.password or "").encode(),
        database=parts.path[1:],
        charset="utf8mb4",
        autocommit=True,
        init_command=f"SET time_zone = '+00:00', sql_mode = '{LAX}'",
    )


def execute(url: str, *statements: str, parameters: tuple[Any, ...] | None = None) -> tuple[tuple[Any, ...], ...]:
    """Run statements, each in its own transaction; return the answer of the last."""
    with connected(url) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, parameters)
        return tuple(cursor.fetchall())


@dataclass(frozen=True)
class MariaDbShop:
    """One database with a `sales` table whose columns have these types; `url` leads there with all rights."""

    url: str
    database: str
    types: Mapping[str, str]

    def execute(self, *statements: str) -> tuple[tuple[Any, ...], ...]:
        return execute(self.url, *statements)

    def add(self, **changes: Any) -> None:
        """Insert an ordinary sale with these changes; the server casts them. Times may be ISO-8601 with a Z."""
        sale = SALE | changes
        values = tuple(_stored(sale[name]) for name in COLUMNS)
        marks = ", ".join(["%s"] * len(COLUMNS))
        execute(self.url, f"INSERT INTO sales VALUES ({marks})", parameters=values)

    def source(
        self, table: str = "sales", columns: Mapping[str, str | None] | None = None, **options: int
    ) -> SmartGoSource:
        return open_smartgo(self.url, SmartGoMapping(table, columns or {}), ReadOptions(**options))

    def as_reader(self, password: str) -> str:
        """Let in a user who may read this database and nothing else; return the URL as that user."""
        host = self.url.rpartition("@")[2]
        self.execute(
            f"CREATE OR REPLACE USER reader@'127.0.0.1' IDENTIFIED BY '{password}'",
            f"GRANT SELECT ON {self.database}.* TO reader@'127.0.0.1'",
        )
        return f"mariadb://reader:{password}@{host}"


def _stored(value: Any) -> Any:
    return value.replace("T", " ").removesuffix("Z") if isinstance(value, str) and value[10:11] == "T" else value


@contextmanager
def mariadb_shop(url: str, **types: str) -> Iterator[MariaDbShop]:
    """Make a shop whose columns have the usual types, or these; drop it at the end."""
    database = f"shop_{uuid4().hex[:12]}"
    shop = MariaDbShop(f"{url.rpartition('/')[0]}/{database}", database, TYPES | types)
    columns = ", ".join(f'"{name}" {kind}' for name, kind in shop.types.items())
    execute(url, f"CREATE DATABASE {database} CHARACTER SET utf8mb4")
    try:
        shop.execute(f"CREATE TABLE sales ({columns})")
        yield shop
    finally:
        execute(url, f"DROP DATABASE {database}")
