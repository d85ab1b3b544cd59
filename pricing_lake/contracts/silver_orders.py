"""The silver table of orders: what every source tells of them, each event once. Their amounts in dollars are gold's."""

from dataclasses import replace

import polars as pl

from pricing_lake.contracts import columns as c
from pricing_lake.contracts.model import Column, Layer, Owner, Partition, Rule, Severity, Table
from pricing_lake.contracts.order_columns import ORDER_EVENT, STATUS, STATUSES
from pricing_lake.contracts.types import INSTANT, TEXT

ORDER_SOURCES = ("snowflake", "kafka")
"""Where an order event may come from; where several tell of one, the first of them is kept."""

FOLLOWS = {"": ("PLACED",), "PLACED": ("PAID", "CANCELLED"), "PAID": ("SHIPPED", "CANCELLED")}
"""The statuses that may follow each status; the empty one stands for an order that nobody told of before."""

_STEPS = [f"{before}>{status}" for before, following in FOLLOWS.items() for status in following]

ORDERS = Table(
    layer=Layer.SILVER,
    name="orders",
    grain="One row per order event, all sources: what became of an order, and what it was before.",
    owner=Owner.PRICING,
    key=("order_id", "event_ts"),
    window="event_ts",
    partition_by=(Partition("tenant_id"), Partition("event_ts", "month")),
    correctable=True,
    allow_empty=True,
    columns=(
        *ORDER_EVENT,
        Column(
            "source",
            TEXT,
            "Who told of the event: snowflake, or kafka where the warehouse did not (yet).",
            required=True,
            rules=(c.one_of("source", ORDER_SOURCES, "source_unknown"),),
        ),
        replace(
            STATUS,
            name="previous_status",
            doc="Status of the order's event before this one; null when nobody told of one.",
            required=False,
            rules=(c.one_of("previous_status", STATUSES, "previous_status_unknown"),),
        ),
        Column(
            "previous_event_ts",
            INSTANT,
            "When the order took `previous_status`, UTC; null with it.",
            rules=(
                Rule(
                    "previous_event_later",
                    pl.col("previous_event_ts") < pl.col("event_ts"),
                    "The event before this one lies before it.",
                ),
            ),
        ),
        Column("paid_at", INSTANT, "When the order was first PAID, up to this event, UTC; null until then."),
    ),
    rules=(
        Rule(
            "shipped_before_paid",
            (pl.col("status") != "SHIPPED") | pl.col("paid_at").is_not_null(),
            "An order is PAID before it is SHIPPED.",
            Severity.WARN,
        ),
        Rule(
            "status_out_of_order",
            pl.concat_str(pl.col("previous_status").fill_null(""), pl.col("status"), separator=">").is_in(_STEPS),
            "An order is PLACED, then PAID, then SHIPPED; CANCELLED may follow PLACED or PAID, nothing follows it.",
            Severity.WARN,
        ),
    ),
)
