"""Orders and customers in a schema of their own on the Snowflake stand-in, filled through the lake's own client."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa

from pricing_lake.contracts.bronze_customers import RAW_SNOWFLAKE_CUSTOMERS
from pricing_lake.contracts.bronze_orders import RAW_SNOWFLAKE_ORDERS
from pricing_lake.contracts.model import Table
from pricing_lake.contracts.types import AMOUNT, BOOLEAN, INSTANT
from pricing_lake.sources.snowflake import SnowflakeCustomers, SnowflakeOrders
from pricing_lake.sources.snowflake_mapping import SnowflakeMapping
from pricing_lake.sources.window import Window
from pricing_lake_tests.services.snowflake_server import SnowflakeServer

DAY = Window.of_day(date(2026, 3, 1))
ORDER: Mapping[str, Any] = {
    "order_id": "o-1",
    "event_ts": "2026-03-01 12:00:00",
    "tenant_id": "shop",
    "customer_id": "c-1",
    "product_id": "p-1",
    "category": "Bags",
    "amount": Decimal("19.90"),
    "currency": "EUR",
    "status": "PLACED",
    "updated_at": "2026-03-01 12:00:01",
}
CUSTOMER: Mapping[str, Any] = {
    "customer_id": "c-1",
    "updated_at": "2026-03-01 12:00:00",
    "tenant_id": "shop",
    "email": "ada@example.com",
    "full_name": "Ada",
    "country": "NL",
    "segment": "regular",
    "created_at": "2026-01-01 00:00:00",
    "is_deleted": False,
}
_TYPES = {INSTANT.name: "TIMESTAMP_NTZ", AMOUNT.name: "NUMBER(18,2)", BOOLEAN.name: "BOOLEAN"}


@dataclass
class SnowflakeShop:
    """A new schema with the tables ORDERS and CUSTOMERS; `types` replaces types of columns in both."""

    server: SnowflakeServer
    types: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.schema = self.server.new_schema()
        self.execute(self._create("ORDERS", RAW_SNOWFLAKE_ORDERS), self._create("CUSTOMERS", RAW_SNOWFLAKE_CUSTOMERS))

    def execute(self, *statements: str) -> None:
        self.server.execute(self.schema, *statements)

    def add_order(self, **changes: Any) -> None:
        self.add_orders([changes])

    def add_orders(self, changes: Iterable[Mapping[str, Any]]) -> None:
        self._insert("ORDERS", [ORDER | change for change in changes])

    def add_customer(self, **changes: Any) -> None:
        self._insert("CUSTOMERS", [CUSTOMER | changes])

    def orders(
        self, table: str = "ORDERS", columns: Mapping[str, str] | None = None, **account: Any
    ) -> SnowflakeOrders:
        mapping = SnowflakeMapping(RAW_SNOWFLAKE_ORDERS, table, columns or {})
        return SnowflakeOrders(self.server.account(self.schema, **account), mapping)

    def customers(self, columns: Mapping[str, str] | None = None) -> SnowflakeCustomers:
        mapping = SnowflakeMapping(RAW_SNOWFLAKE_CUSTOMERS, "CUSTOMERS", columns or {})
        return SnowflakeCustomers(self.server.account(self.schema), mapping)

    def _create(self, name: str, contract: Table) -> str:
        columns = (
            f"{c.name.upper()} {self.types.get(c.name) or _TYPES.get(c.type.name, 'VARCHAR')}" for c in contract.columns
        )
        return f"CREATE TABLE {name} ({', '.join(columns)})"

    def _insert(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        columns = {name.upper(): pa.array([row[name] for row in rows]) for name in rows[0]}
        self.server.fill(self.schema, table, pa.table(columns))
