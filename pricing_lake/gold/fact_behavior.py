"""gold/fact_behavior: everything that visitors did, with the customer as they were then."""

import polars as pl
import pyarrow as pa

from pricing_lake.contracts.bronze_customers import RAW_REDSHIFT_BEHAVIOR
from pricing_lake.contracts.gold_dimensions import DIM_CUSTOMER, DIM_DATE, DIM_PRODUCT
from pricing_lake.contracts.gold_facts import FACT_BEHAVIOR
from pricing_lake.contracts.surrogate_key import surrogate_keys
from pricing_lake.table_asset import table_asset
from pricing_lake.transforms.dimension_keys import KEYS_NEEDED, member_keys


@table_asset(
    FACT_BEHAVIOR,
    reads=(RAW_REDSHIFT_BEHAVIOR, DIM_CUSTOMER, DIM_PRODUCT, DIM_DATE),
    columns=KEYS_NEEDED,
)
def fact_behavior(raw_redshift_behavior: pa.Table, dim_customer: pa.Table, dim_product: pa.Table) -> pa.Table:
    """Events as they were told, one by one; silver/customer_activity counts them by day.

    A visitor who is not signed in is the unknown member, and so is a product that was never sold.
    """
    events = pl.DataFrame(pl.from_arrow(raw_redshift_behavior))
    versions, products = (pl.DataFrame(pl.from_arrow(table)) for table in (dim_customer, dim_product))
    facts = events.with_columns(
        *member_keys(events, "event_ts", versions, products),
    ).to_arrow()
    facts = facts.append_column("behavior_sk", surrogate_keys(facts, FACT_BEHAVIOR.key))
    return facts.select(list(FACT_BEHAVIOR.names))
