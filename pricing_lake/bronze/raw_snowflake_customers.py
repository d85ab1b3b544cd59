"""bronze/raw_snowflake_customers: every change of a customer that the warehouse tells. Nobody is matched here."""

from pricing_lake.contracts.bronze_customers import RAW_SNOWFLAKE_CUSTOMERS
from pricing_lake.lake.feed import Feed
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.resources.snowflake import SnowflakeResource
from pricing_lake.table_asset.feed import feed_asset


@feed_asset(RAW_SNOWFLAKE_CUSTOMERS, pool="snowflake")
def raw_snowflake_customers(calendar: PartitionWindow, snowflake: SnowflakeResource) -> Feed:
    """Customers by the time of their last change, a little behind Snowflake's clock, as they were when they were read.

    A customer that changes again leaves the window it was in at Snowflake; what was read of it stays here.
    """
    return snowflake.customers_feed(calendar)
