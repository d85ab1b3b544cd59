"""Bronze tables of orders: the Kafka stream, its dead letters, and the orders of Snowflake. Silver joins them."""

from pricing_lake.contracts import columns as c
from pricing_lake.contracts.model import Column, Layer, Mode, Owner, Partition, Pii, Retention, Table
from pricing_lake.contracts.order_columns import ORDER_EVENT
from pricing_lake.contracts.types import BOOLEAN, INSTANT, INTEGER, LONG, TEXT

_TOPIC = Column("topic", TEXT, "The Kafka topic.", required=True, rules=(c.not_blank("topic"),))
_PARTITION = Column(
    "partition",
    INTEGER,
    "The topic's partition.",
    required=True,
    rules=(c.at_least("partition", 0, "partition_negative"),),
)
_OFFSET = Column(
    "offset",
    LONG,
    "The message's place in its partition: with topic and partition its identity.",
    required=True,
    rules=(c.at_least("offset", 0, "offset_negative"),),
)
_MESSAGE_KEY = Column("message_key", TEXT, "The message's key as text; null when it has none.", pii=Pii.PSEUDONYM)

RAW_ORDERS_STREAM = Table(
    layer=Layer.BRONZE,
    name="raw_orders_stream",
    grain="One row per usable message of the order topic, in the day of the event it tells of.",
    owner=Owner.INGESTION,
    key=("topic", "partition", "offset"),
    window="event_ts",
    partition_by=(Partition("event_ts", "month"),),
    incremental=True,
    allow_empty=True,
    # What cannot be used goes to the dead letters one by one; a producer gone wrong must not stop the offsets.
    max_bad_share=1.0,
    mode=Mode.QUARANTINE,
    fresh_within_hours=2,
    retention=Retention(days=1_100),
    columns=(
        _TOPIC,
        _PARTITION,
        _OFFSET,
        Column("message_ts", INSTANT, "The message's timestamp as the broker tells it, UTC.", required=True),
        _MESSAGE_KEY,
        *ORDER_EVENT,
    ),
    rules=(c.told_in_time("event_ts", "message_ts"),),
)

RAW_ORDERS_DLQ = Table(
    layer=Layer.BRONZE,
    name="raw_orders_dlq",
    grain="One row per message of the order topic that could not be used, in the day the lake took it.",
    owner=Owner.INGESTION,
    key=("topic", "partition", "offset"),
    window="day",
    partition_by=(Partition("reason"), Partition("day", "day")),
    allow_empty=True,
    max_bad_share=1.0,
    columns=(
        c.DAY,
        _TOPIC,
        _PARTITION,
        _OFFSET,
        Column(
            "reason",
            TEXT,
            "First rule that the message breaks: the name the dead letters count by.",
            required=True,
            rules=(c.not_blank("reason"),),
        ),
        Column("error", TEXT, "What exactly was wrong, in one line without the message's content."),
        Column("message_ts", INSTANT, "The message's timestamp as the broker tells it, UTC; null when it has none."),
        _MESSAGE_KEY,
        Column("message", TEXT, "The message as received: text, or base64 when it is no UTF-8.", pii=Pii.FREE_TEXT),
        Column("message_is_base64", BOOLEAN, "Whether `message` is base64.", required=True),
        Column("run_id", TEXT, "The Dagster run that set it aside.", required=True),
    ),
)

RAW_SNOWFLAKE_ORDERS = Table(
    layer=Layer.BRONZE,
    name="raw_snowflake_orders",
    grain="One row per order event of the warehouse's order history.",
    owner=Owner.INGESTION,
    key=("order_id", "event_ts"),
    window="event_ts",
    partition_by=(Partition("event_ts", "month"),),
    correctable=True,
    allow_empty=True,
    max_bad_share=0.05,
    mode=Mode.QUARANTINE,
    newest_first=("updated_at",),
    retention=Retention(days=1_100),
    columns=(
        *ORDER_EVENT,
        Column(
            "updated_at",
            INSTANT,
            "When the warehouse last changed the row, UTC; of rows with one key the newest is kept.",
        ),
    ),
    rules=(c.told_in_time("event_ts", "updated_at"),),
)
