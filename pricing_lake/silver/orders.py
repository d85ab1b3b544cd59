"""silver/orders: what every source tells of an order, each event once and with the one before it."""

import polars as pl
import pyarrow as pa

from pricing_lake.contracts.bronze_orders import RAW_ORDERS_STREAM, RAW_SNOWFLAKE_ORDERS
from pricing_lake.contracts.order_columns import ORDER_EVENT
from pricing_lake.contracts.silver_orders import ORDERS
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.table_asset import table_asset

_KEY = ["order_id", "event_ts"]
_ORDER = ["tenant_id", "order_id"]
"""Shops may count their orders alike: what another shop's order of the same id became is no history of this one."""
_TOLD = tuple(column.name for column in ORDER_EVENT)
_NEWEST_MESSAGE = ("message_ts", "topic", "partition", "offset")
_BLANK_IS_NONE = [
    pl.when(pl.col(name).str.strip_chars() != "").then(pl.col(name)).alias(name) for name in ("product_id", "category")
]


@table_asset(
    ORDERS,
    reads=(RAW_ORDERS_STREAM, RAW_SNOWFLAKE_ORDERS),
    columns={RAW_ORDERS_STREAM.name: (*_TOLD, *_NEWEST_MESSAGE), RAW_SNOWFLAKE_ORDERS.name: _TOLD},
    history_of={RAW_ORDERS_STREAM.name: "order_id", RAW_SNOWFLAKE_ORDERS.name: "order_id"},
)
def orders(
    raw_orders_stream: pa.Table,
    raw_snowflake_orders: pa.Table,
    raw_orders_stream_history: pa.Table,
    raw_snowflake_orders_history: pa.Table,
    window: PartitionWindow,
) -> Candidate:
    """Each event once: as the warehouse tells it, else as the newest message does.

    A copy that is left out is counted: `told_twice` when it says the same, `told_differently` when it does not. The
    event before is looked up in the history of both sources, chosen by the same rule.
    """
    copies = _copies(pl.DataFrame(pl.from_arrow(raw_orders_stream)), pl.DataFrame(pl.from_arrow(raw_snowflake_orders)))
    today = _kept(copies)
    stream, warehouse = (
        pl.DataFrame(pl.from_arrow(history))
        .filter(pl.col("event_ts") < window.start)
        .join(today, on="order_id", how="semi")
        for history in (raw_orders_stream_history, raw_snowflake_orders_history)
    )
    before = _kept(_copies(stream, warehouse))
    rows = _after_one_another(pl.concat([before, today])).filter(pl.col("event_ts") >= window.start)
    return Candidate(
        rows.select(ORDERS.names).to_arrow(), excluded=_left_out(copies, today), expected_rows=copies.height
    )


def _copies(stream: pl.DataFrame, warehouse: pl.DataFrame) -> pl.DataFrame:
    """Every telling of every event, the one to keep first within its key."""
    messages = stream.sort(_NEWEST_MESSAGE, descending=True).select(*_TOLD, source=pl.lit("kafka"))
    copies = pl.concat([warehouse.select(*_TOLD, source=pl.lit("snowflake")), messages])
    return copies.with_columns(_BLANK_IS_NONE)


def _kept(copies: pl.DataFrame) -> pl.DataFrame:
    return copies.unique(_KEY, keep="first", maintain_order=True)


def _left_out(copies: pl.DataFrame, kept: pl.DataFrame) -> dict[str, int]:
    """How many copies were not kept: those that say what the kept one says, and those that do not."""
    same = copies.join(kept, on=_TOLD, how="semi", nulls_equal=True).height
    counts = {"told_twice": same - kept.height, "told_differently": copies.height - same}
    return {reason: count for reason, count in counts.items() if count}


def _after_one_another(events: pl.DataFrame) -> pl.DataFrame:
    """Each event with its order's event before it, and when the order was first paid until then."""
    paid = pl.when(pl.col("status") == "PAID").then(pl.col("event_ts"))
    return events.sort(_KEY).with_columns(
        previous_status=pl.col("status").shift().over(_ORDER),
        previous_event_ts=pl.col("event_ts").shift().over(_ORDER),
        # Events are in order of time: the first one paid is the least, and stays so.
        paid_at=paid.cum_min().forward_fill().over(_ORDER),
    )
