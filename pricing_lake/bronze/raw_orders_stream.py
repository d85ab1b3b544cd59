"""bronze/raw_orders_stream: order events as Kafka told them, each message once, by offsets kept with the rows."""

from pricing_lake.contracts.bronze_orders import RAW_ORDERS_STREAM
from pricing_lake.lake.feed import Feed
from pricing_lake.resources.orders_stream import OrdersStreamResource
from pricing_lake.table_asset.feed import feed_asset


@feed_asset(RAW_ORDERS_STREAM, pool="orders_stream")
def raw_orders_stream(orders_stream: OrdersStreamResource) -> Feed:
    """Messages from the offsets that the table carries to the topic's end, in bounded batches.

    A day holds the events of that day, whenever they were told. Messages that cannot be used go to the dead-letter
    topic and into `bronze/raw_orders_dlq`, and stop nothing.
    """
    return orders_stream.feed()
