"""Gold facts: what happened, by the keys of the dimensions as they were then, in money of its own and in dollars."""

from dataclasses import replace

import polars as pl

from pricing_lake.contracts import columns as c
from pricing_lake.contracts.bronze_customers import RAW_REDSHIFT_BEHAVIOR
from pricing_lake.contracts.gold_dimensions import DIM_CUSTOMER, DIM_DATE, DIM_PRODUCT, UNKNOWN_MEMBER, surrogate
from pricing_lake.contracts.gold_ranges import AVERAGE_ORDER_VALUE, FUNNEL, SALE_PRICE
from pricing_lake.contracts.model import Column, Layer, Owner, Partition, Reference, Rule, Severity, Table
from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake.contracts.silver_orders import ORDERS
from pricing_lake.contracts.types import AMOUNT, DATE, INTEGER, LONG, PRECISE_RATE


def _member(name: str, dimension: Table, doc: str) -> Column:
    """A key into a dimension. The unknown member is counted; a key that the dimension lacks refuses the partition."""
    known = Rule(
        f"{name}_unknown", pl.col(name) != UNKNOWN_MEMBER, f"{dimension.id} knew it at the time.", Severity.WARN
    )
    reference = Reference(dimension.id, name, unknown=UNKNOWN_MEMBER)
    doc = f"{doc}; {UNKNOWN_MEMBER} when {dimension.id} knows none."
    return Column(name, LONG, doc, required=True, rules=(known,), references=reference)


_CUSTOMER_SK = _member("customer_sk", DIM_CUSTOMER, "The customer as they were at that moment")
_PRODUCT_SK = _member("product_sk", DIM_PRODUCT, "The product")
_DATE_SK = Column(
    "date_sk", INTEGER, "The UTC day, yyyymmdd.", required=True, references=Reference(DIM_DATE.id, "date_sk")
)
_RATE_DATE = Column("rate_date", DATE, "Day of the fixing that `rate_to_usd` is of; null without one.")
_RATE_TO_USD = Column(
    "rate_to_usd", PRECISE_RATE, "Dollars for one unit of `currency` that day; null without a rate, 1 for the dollar."
)
_AMOUNT_USD = Column(
    "amount_usd",
    AMOUNT,
    "`amount` in dollars at `rate_to_usd`, rounded half to even at the cent; null without a rate.",
    rules=(
        Rule(
            "amount_usd_missing",
            pl.col("amount_usd").is_not_null(),
            "gold/dim_fx has a rate of the currency for the day, and the dollars are fewer than 10 to the 16th.",
            Severity.WARN,
        ),
    ),
)
_MONEY = (_RATE_DATE, _RATE_TO_USD, _AMOUNT_USD)

_sale = SALES_HISTORY.column
_order = ORDERS.column
_event = RAW_REDSHIFT_BEHAVIOR.column

FACT_SALES = Table(
    layer=Layer.GOLD,
    name="fact_sales",
    grain="One row per item sold, all sources.",
    owner=Owner.PRICING,
    key=("tenant_id", "source", "sale_id"),
    window="sold_date",
    partition_by=(Partition("tenant_id"), Partition("sold_date", "month")),
    correctable=True,
    allow_empty=True,
    columns=(
        surrogate("sale_sk", "Hash of tenant_id, source and sale_id."),
        _sale("tenant_id"),
        _sale("source"),
        _sale("sale_id"),
        _sale("sold_date"),
        _DATE_SK,
        _PRODUCT_SK,
        _sale("product_id"),
        _CUSTOMER_SK,
        c.CUSTOMER_ID,
        _sale("condition"),
        replace(_sale("sold_price"), name="amount", type=AMOUNT, doc="Price paid, in `currency`.", rules=()),
        _sale("currency"),
        *_MONEY,
    ),
    rules=(SALE_PRICE,),
)

FACT_ORDERS = Table(
    layer=Layer.GOLD,
    name="fact_orders",
    grain="One row per order event.",
    owner=Owner.PRICING,
    key=("order_id", "event_ts"),
    window="event_ts",
    partition_by=(Partition("tenant_id"), Partition("event_ts", "month")),
    correctable=True,
    allow_empty=True,
    columns=(
        surrogate("order_event_sk", "Hash of order_id and event_ts."),
        _order("order_id"),
        _order("event_ts"),
        _order("tenant_id"),
        Column("order_date", DATE, "UTC day of the event: the day whose rate is used.", required=True),
        _DATE_SK,
        _CUSTOMER_SK,
        _order("customer_id"),
        _PRODUCT_SK,
        _order("product_id"),
        _order("category"),
        _order("status"),
        _order("previous_status"),
        _order("amount"),
        _order("currency"),
        *_MONEY,
    ),
    rules=(AVERAGE_ORDER_VALUE,),
)

FACT_BEHAVIOR = Table(
    layer=Layer.GOLD,
    name="fact_behavior",
    grain="One row per thing a visitor did in a shop.",
    owner=Owner.PRICING,
    key=("event_id",),
    window="event_ts",
    partition_by=(Partition("tenant_id"), Partition("event_ts", "month")),
    correctable=True,
    allow_empty=True,
    columns=(
        surrogate("behavior_sk", "Hash of event_id."),
        _event("event_id"),
        _event("event_ts"),
        _event("tenant_id"),
        _DATE_SK,
        _CUSTOMER_SK,
        _event("customer_id"),
        _PRODUCT_SK,
        _event("product_id"),
        _event("session_id"),
        _event("event_type"),
        _event("channel"),
    ),
    rules=(FUNNEL,),
)

FACTS = (FACT_SALES, FACT_ORDERS, FACT_BEHAVIOR)
