"""gold/fact_orders: every order event with the customer as they were then, and what it was worth in dollars."""

import polars as pl
import pyarrow as pa

from pricing_lake.contracts.gold_dimensions import DIM_CUSTOMER, DIM_DATE, DIM_FX, DIM_PRODUCT
from pricing_lake.contracts.gold_facts import FACT_ORDERS
from pricing_lake.contracts.silver_orders import ORDERS
from pricing_lake.contracts.surrogate_key import surrogate_keys
from pricing_lake.table_asset import table_asset
from pricing_lake.transforms.dimension_keys import KEYS_NEEDED, member_keys
from pricing_lake.transforms.dollars import RATE_OF_DAY, in_dollars

_TOLD = tuple(name for name in ORDERS.names if name in FACT_ORDERS.names)


@table_asset(
    FACT_ORDERS,
    reads=(ORDERS, DIM_CUSTOMER, DIM_PRODUCT, DIM_DATE, DIM_FX),
    columns={
        ORDERS.name: _TOLD,
        **KEYS_NEEDED,
        DIM_FX.name: RATE_OF_DAY,
    },
)
def fact_orders(orders: pa.Table, dim_customer: pa.Table, dim_product: pa.Table, dim_fx: pa.Table) -> pa.Table:
    """Keys point at the customer's version that held at the event; amounts are converted at the rate of its UTC day.

    What a dimension does not know is the unknown member, and what has no rate has no dollars; both are counted.
    """
    events = pl.DataFrame(pl.from_arrow(orders)).with_columns(order_date=pl.col("event_ts").dt.date())
    versions, products, rates = (pl.DataFrame(pl.from_arrow(table)) for table in (dim_customer, dim_product, dim_fx))
    facts = events.with_columns(
        *member_keys(events, "event_ts", versions, products),
        *in_dollars(events, "order_date", rates).iter_columns(),
    ).to_arrow()
    facts = facts.append_column("order_event_sk", surrogate_keys(facts, FACT_ORDERS.key))
    return facts.select(list(FACT_ORDERS.names))
