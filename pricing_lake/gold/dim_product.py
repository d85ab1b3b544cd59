"""gold/dim_product: every product that was sold or ordered, as the newest word on it has it (SCD1)."""

import polars as pl
import pyarrow as pa

from pricing_lake.contracts.gold_dimensions import DIM_PRODUCT
from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake.contracts.silver_orders import ORDERS
from pricing_lake.contracts.surrogate_key import surrogate_keys
from pricing_lake.table_asset import table_asset

_KEY = ("tenant_id", "product_id")
_SALE = (*_KEY, "category", "brand", "sold_date", "source", "sale_id")
_ORDER = (*_KEY, "category", "event_ts", "order_id")


@table_asset(DIM_PRODUCT, reads=(SALES_HISTORY, ORDERS), columns={SALES_HISTORY.name: _SALE, ORDERS.name: _ORDER})
def dim_product(sales_history: pa.Table, orders: pa.Table) -> pa.Table:
    """The newest category and brand that are not null; an order tells no brand and may tell no product.

    Of a sale and an order at one moment the sale counts; of several sales the one whose source and id come last, so
    that the order of delivery never matters.
    """
    sales = pl.DataFrame(pl.from_arrow(sales_history)).select(
        *_KEY,
        "category",
        "brand",
        moment=pl.col("sold_date").dt.replace_time_zone("UTC"),
        is_sale=pl.lit(value=True),
        told_by=pl.concat_str("source", pl.lit("/"), "sale_id"),
    )
    ordered = (
        pl.DataFrame(pl.from_arrow(orders))
        .drop_nulls("product_id")
        .select(
            *_KEY,
            "category",
            brand=pl.lit(None, pl.String),
            moment="event_ts",
            is_sale=pl.lit(value=False),
            told_by="order_id",
        )
    )
    told = pl.concat([sales, ordered]).sort("moment", "is_sale", "told_by")
    products = told.group_by(_KEY).agg(
        pl.col("category", "brand").drop_nulls().last(),
        first_sold_on=pl.col("moment").first().dt.date(),
        last_sold_on=pl.col("moment").last().dt.date(),
    )
    rows = products.sort(_KEY).to_arrow()
    return rows.append_column("product_sk", surrogate_keys(rows, _KEY)).select(list(DIM_PRODUCT.names))
