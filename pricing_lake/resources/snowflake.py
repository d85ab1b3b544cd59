"""Snowflake as a Dagster resource. Key and passphrase are read when a run opens it: no config and no UI holds them."""

import os
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from pricing_lake.contracts.model import Table
from pricing_lake.lake.window import PartitionWindow

if TYPE_CHECKING:
    from pricing_lake.lake.feed import Feed
    from pricing_lake.sources.snowflake import SnowflakeCustomers
    from pricing_lake.sources.snowflake_account import SnowflakeAccount
    from pricing_lake.sources.unconfigured import Unconfigured
    from pricing_lake.sources.window import Source

PRIVATE_KEY = "SNOWFLAKE_PRIVATE_KEY"
PASSPHRASE = "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE"  # noqa: S105 - a setting's name


class SnowflakeResource(dg.ConfigurableResource["SnowflakeResource"]):
    """One account, read as one user by a key pair; without `account` it is off.

    `private_key_file` is the path of the key; without one the key itself is in SNOWFLAKE_PRIVATE_KEY. The mappings say
    which column of a table holds a column of the contract where that is not the contract's name in upper case, and
    under `ignored` which columns are left out on purpose.
    """

    account: str = ""
    user: str = ""
    private_key_file: str = ""
    database: str = ""
    schema_name: str = "PUBLIC"
    warehouse: str = ""
    role: str = ""
    host: str = ""
    port: int = 443
    protocol: str = "https"
    statement_timeout_seconds: int = 300
    login_timeout_seconds: int = 30
    answer_timeout_seconds: int = 90
    orders_table: str = "ORDERS"
    customers_table: str = "CUSTOMERS"
    orders_mapping: dict[str, Any] = Field(default_factory=dict)
    customers_mapping: dict[str, Any] = Field(default_factory=dict)

    def orders(self) -> "Source":
        """The order history. Raises ConfigurationError for settings that cannot be used."""
        from pricing_lake.contracts.bronze_orders import RAW_SNOWFLAKE_ORDERS
        from pricing_lake.sources.snowflake import SnowflakeOrders
        from pricing_lake.sources.snowflake_mapping import SnowflakeMapping

        if not self.account:
            return _nothing(RAW_SNOWFLAKE_ORDERS)
        mapping = SnowflakeMapping.from_section(RAW_SNOWFLAKE_ORDERS, self.orders_table, self.orders_mapping)
        return SnowflakeOrders(self._account(), mapping)

    def customers(self) -> "SnowflakeCustomers | Unconfigured":
        """The customers. Raises ConfigurationError for settings that cannot be used."""
        from pricing_lake.contracts.bronze_customers import RAW_SNOWFLAKE_CUSTOMERS
        from pricing_lake.sources.snowflake import SnowflakeCustomers
        from pricing_lake.sources.snowflake_mapping import SnowflakeMapping

        if not self.account:
            return _nothing(RAW_SNOWFLAKE_CUSTOMERS)
        mapping = SnowflakeMapping.from_section(RAW_SNOWFLAKE_CUSTOMERS, self.customers_table, self.customers_mapping)
        return SnowflakeCustomers(self._account(), mapping)

    def customers_feed(self, calendar: PartitionWindow) -> "Feed":
        """The customers as a feed of their table."""
        from pricing_lake.resources.change_feed import change_feed

        return change_feed(self.customers(), calendar)

    def _account(self) -> "SnowflakeAccount":
        from pricing_lake.sources.snowflake_account import SnowflakeAccount

        return SnowflakeAccount(
            account=self.account,
            user=self.user,
            private_key=self.private_key_file or os.environ.get(PRIVATE_KEY, ""),
            passphrase=os.environ.get(PASSPHRASE, ""),
            database=self.database,
            schema=self.schema_name,
            warehouse=self.warehouse,
            role=self.role,
            host=self.host,
            port=self.port,
            protocol=self.protocol,
            statement_timeout_seconds=self.statement_timeout_seconds,
            login_timeout_seconds=self.login_timeout_seconds,
            answer_timeout_seconds=self.answer_timeout_seconds,
        )


def _nothing(contract: Table) -> "Unconfigured":
    from pricing_lake.contracts.as_arrow import own_arrow_schema
    from pricing_lake.sources.snowflake_account import NAME
    from pricing_lake.sources.unconfigured import Unconfigured

    return Unconfigured(NAME, own_arrow_schema(contract))
