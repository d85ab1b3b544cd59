"""bronze/raw_snowflake_orders: the order events of one day out of the warehouse's history."""

from pricing_lake.contracts.bronze_orders import RAW_SNOWFLAKE_ORDERS
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.resources.snowflake import SnowflakeResource
from pricing_lake.sources.window import Window, read_whole
from pricing_lake.table_asset import table_asset


@table_asset(RAW_SNOWFLAKE_ORDERS, pool="snowflake")
def raw_snowflake_orders(window: PartitionWindow, snowflake: SnowflakeResource) -> Candidate:
    """Events of the UTC day as they are now, against the warehouse's own count and sum of the amounts.

    Of events with one (order_id, event_ts) the one updated last is kept, however often the day runs.
    """
    source = snowflake.orders()
    rows, control = read_whole(source, Window(window.start, window.end))
    totals = {} if control.total is None else {"amount": control.total}
    return Candidate(rows, source_system=source.name, expected_rows=control.rows, expected_totals=totals)
