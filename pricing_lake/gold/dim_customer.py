"""gold/dim_customer: every version of every customer, from one change to the next (SCD2)."""

import polars as pl
import pyarrow as pa

from pricing_lake.contracts.gold_dimensions import DIM_CUSTOMER
from pricing_lake.contracts.silver_people import CUSTOMERS
from pricing_lake.contracts.surrogate_key import surrogate_keys
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.table_asset import table_asset

_STATE = [name for name in DIM_CUSTOMER.names if name in CUSTOMERS.names and name != "customer_id"]
"""What makes a version: a change of any of these opens the next."""
_BEGINNING = PartitionWindow.whole().start
"""No version is older: what signed up before is a placeholder, the year 1 or the like."""


@table_asset(
    DIM_CUSTOMER,
    reads=(CUSTOMERS,),
    columns={CUSTOMERS.name: ("customer_id", *_STATE, "is_deleted", "changed_at")},
)
def dim_customer(customers: pa.Table) -> pa.Table:
    """A version opens when the customer's state changes and lasts until the next change or the deletion.

    Made of all states that silver holds, whichever day brought them and in whatever order: a late day splits the
    version that it falls into. A state that repeats the one before it opens nothing. Between a deletion and a return
    the customer has no version.

    The first state that is known of a customer is taken to have held since they signed up (`created_at` of that state,
    if that is known and not later than the change), so that what they did before it is theirs: Kimball's early-arriving
    fact. No other version begins before its change, least of all after a deletion.
    """
    states = pl.DataFrame(pl.from_arrow(customers)).sort("customer_id", "changed_at")
    same_customer = pl.col("customer_id") == pl.col("customer_id").shift()
    unchanged = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift()) for name in (*_STATE, "is_deleted"))
    still_deleted = pl.col("is_deleted") & pl.col("is_deleted").shift()
    changes = states.filter(~(same_customer & (unchanged | still_deleted)).fill_null(value=False))
    goes_on = pl.col("customer_id") == pl.col("customer_id").shift(-1)
    is_first = pl.col("customer_id").ne_missing(pl.col("customer_id").shift())
    since_sign_up = pl.min_horizontal(pl.col("created_at").clip(lower_bound=_BEGINNING), "changed_at")
    versions = changes.with_columns(
        valid_from=pl.when(is_first).then(since_sign_up).otherwise("changed_at"),
        valid_to=pl.when(goes_on).then(pl.col("changed_at").shift(-1)),
    ).filter(~pl.col("is_deleted"))
    rows = versions.with_columns(is_current=pl.col("valid_to").is_null()).drop("changed_at", "is_deleted").to_arrow()
    keys = surrogate_keys(rows, ("customer_id", "valid_from"))
    return rows.append_column("customer_sk", keys).select(list(DIM_CUSTOMER.names))
