"""Columns of an order event, declared once for every source that tells of orders and for silver. No table is here."""

from dataclasses import replace

import polars as pl

from pricing_lake.contracts import columns as c
from pricing_lake.contracts.model import Column, Pii, Rule, Severity
from pricing_lake.contracts.types import AMOUNT, INSTANT, TEXT

STATUSES = ("PLACED", "PAID", "SHIPPED", "CANCELLED")

ORDER_ID = Column(
    "order_id",
    TEXT,
    "The order's id, the same in every source that tells of it.",
    required=True,
    rules=(c.not_blank("order_id"), c.no_longer_than("order_id", 200, "order_id_too_long")),
)
EVENT_TS = Column("event_ts", INSTANT, "When the order took this status, UTC.", required=True)
CUSTOMER_ID = Column(
    "customer_id",
    TEXT,
    "The buyer's id, the same in orders, customers and behaviour.",
    required=True,
    pii=Pii.PSEUDONYM,
    rules=(c.not_blank("customer_id"), c.no_longer_than("customer_id", 200, "customer_id_too_long")),
)


def _may_be_missing(column: Column, doc: str) -> Column:
    """A column that an order need not tell. Blank is as good as null, so it only warns: the order is of use without."""
    told = tuple(rule for rule in column.rules if rule.name != f"{column.name}_blank")
    return replace(column, required=False, doc=doc, rules=(c.not_blank(column.name, Severity.WARN), *told))


ORDERED_PRODUCT_ID = _may_be_missing(c.PRODUCT_ID, "What was ordered; null when the shop does not say.")
ORDERED_CATEGORY = _may_be_missing(c.CATEGORY, "What kind of thing was ordered, in the shop's words.")
ORDER_AMOUNT = Column(
    "amount",
    AMOUNT,
    "What the whole order costs, in `currency`.",
    required=True,
    rules=(Rule("amount_negative", pl.col("amount") >= 0, "`amount` is zero or more."),),
)
STATUS = Column(
    "status",
    TEXT,
    "What became of the order at `event_ts`: PLACED, PAID, SHIPPED or CANCELLED.",
    required=True,
    rules=(c.one_of("status", STATUSES, "status_unknown"),),
)

ORDER_EVENT = (
    ORDER_ID,
    EVENT_TS,
    c.TENANT_ID,
    CUSTOMER_ID,
    ORDERED_PRODUCT_ID,
    ORDERED_CATEGORY,
    ORDER_AMOUNT,
    c.CURRENCY,
    STATUS,
)
"""One order event, in this order wherever it is stored."""
