"""silver/customer_activity: what each signed-in customer did in a shop on a day, counted."""

from datetime import timedelta

import polars as pl
import pyarrow as pa

from pricing_lake.contracts.bronze_customers import RAW_REDSHIFT_BEHAVIOR
from pricing_lake.contracts.silver_people import CUSTOMER_ACTIVITY, CUSTOMERS
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.table_asset import table_asset

_COUNTED = {
    "views": "view",
    "searches": "search",
    "likes": "like",
    "carts": "add_to_cart",
    "checkouts": "checkout",
    "purchases": "purchase",
}
_PERSON = ("tenant_id", "customer_id")
_SAME = (*_PERSON, "session_id", "event_type", "product_id")
_REPEAT_WITHIN = timedelta(seconds=2)


@table_asset(
    CUSTOMER_ACTIVITY,
    reads=(RAW_REDSHIFT_BEHAVIOR, CUSTOMERS),
    columns={RAW_REDSHIFT_BEHAVIOR.name: ("event_id", "event_ts", *_SAME), CUSTOMERS.name: _PERSON},
    history_of={CUSTOMERS.name: "customer_id"},
)
def customer_activity(
    raw_redshift_behavior: pa.Table, customers: pa.Table, customers_history: pa.Table, window: PartitionWindow
) -> Candidate:
    """Events by customer. Every event of the day is in one count, or excluded by a reason.

    `anonymous`: nobody was signed in. `repeated_within_2s`: at most two seconds after another of the same customer,
    session, type and product, whether that one counts or not; at midnight counting begins anew. `summed_up`: events
    beyond the first of each row, which its counts hold.
    """
    events = pl.DataFrame(pl.from_arrow(raw_redshift_behavior))
    signed_in = events.filter(pl.col("customer_id").str.strip_chars().fill_null("") != "")
    ordered = signed_in.sort("event_ts", "event_id")
    since_same = pl.col("event_ts") - pl.col("event_ts").shift().over(_SAME)
    counted = ordered.filter((since_same > _REPEAT_WITHIN).fill_null(value=True))
    known = pl.concat(
        pl.DataFrame(pl.from_arrow(rows.select(list(_PERSON)))) for rows in (customers, customers_history)
    ).unique()
    rows = _by_customer(counted).join(
        known.with_columns(is_known_customer=pl.lit(value=True)), on=_PERSON, how="left", maintain_order="left"
    )
    rows = rows.with_columns(pl.col("is_known_customer").fill_null(value=False), activity_date=pl.lit(window.first_day))
    left_out = {
        "anonymous": events.height - signed_in.height,
        "repeated_within_2s": signed_in.height - counted.height,
        "summed_up": counted.height - rows.height,
    }
    return Candidate(
        rows.select(CUSTOMER_ACTIVITY.names).to_arrow(),
        excluded={reason: count for reason, count in left_out.items() if count},
        expected_rows=events.height,
    )


def _by_customer(events: pl.DataFrame) -> pl.DataFrame:
    counts = {name: (pl.col("event_type") == kind).sum().cast(pl.Int64) for name, kind in _COUNTED.items()}
    return events.group_by(_PERSON, maintain_order=True).agg(
        pl.col("session_id").drop_nulls().n_unique().cast(pl.Int64).alias("sessions"),
        pl.col("event_ts").min().alias("first_event_ts"),
        pl.col("event_ts").max().alias("last_event_ts"),
        **counts,
    )
