"""gold/fact_sales: every item sold, with who bought it where a shop says so, and what it was worth in dollars."""

import polars as pl
import pyarrow as pa

from pricing_lake.contracts.bronze import RAW_SMARTGO_SALES
from pricing_lake.contracts.bronze_carousel import RAW_CAROUSEL_SALES
from pricing_lake.contracts.gold_dimensions import DIM_CUSTOMER, DIM_DATE, DIM_FX, DIM_PRODUCT
from pricing_lake.contracts.gold_facts import FACT_SALES
from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake.contracts.surrogate_key import surrogate_keys
from pricing_lake.contracts.types import AMOUNT
from pricing_lake.table_asset import table_asset
from pricing_lake.transforms.dimension_keys import KEYS_NEEDED, member_keys
from pricing_lake.transforms.dollars import RATE_OF_DAY, in_dollars

_BUYER = ("tenant_id", "sale_id", "customer_id")
_SALE = ("tenant_id", "source", "sale_id", "sold_date", "product_id", "condition", "sold_price", "currency")


@table_asset(
    FACT_SALES,
    reads=(SALES_HISTORY, RAW_SMARTGO_SALES, RAW_CAROUSEL_SALES, DIM_CUSTOMER, DIM_PRODUCT, DIM_DATE, DIM_FX),
    columns={
        SALES_HISTORY.name: _SALE,
        RAW_SMARTGO_SALES.name: _BUYER,
        RAW_CAROUSEL_SALES.name: _BUYER,
        **KEYS_NEEDED,
        DIM_FX.name: RATE_OF_DAY,
    },
)
def fact_sales(
    sales_history: pa.Table,
    raw_smartgo_sales: pa.Table,
    raw_carousel_sales: pa.Table,
    dim_customer: pa.Table,
    dim_product: pa.Table,
    dim_fx: pa.Table,
) -> pa.Table:
    """The sales of silver/sales_history; the buyer comes from bronze, for silver's twelve columns have none.

    Keys point at the customer's version that held when it was sold; prices are converted at the rate of its UTC day.
    """
    buyers = pl.concat([_buyers("smartgo", raw_smartgo_sales), _buyers("carousel", raw_carousel_sales)])
    versions, products, rates = (pl.DataFrame(pl.from_arrow(table)) for table in (dim_customer, dim_product, dim_fx))
    sales = (
        pl.DataFrame(pl.from_arrow(sales_history))
        .join(buyers, on=list(FACT_SALES.key), how="left", maintain_order="left")
        .with_columns(
            amount=pl.col("sold_price").cast(AMOUNT.polars),
            sold_on=pl.col("sold_date").dt.date(),
            sold_at=pl.col("sold_date").dt.replace_time_zone("UTC"),
        )
    )
    facts = sales.with_columns(
        *member_keys(sales, "sold_at", versions, products),
        *in_dollars(sales, "sold_on", rates).iter_columns(),
    ).to_arrow()
    facts = facts.append_column("sale_sk", surrogate_keys(facts, FACT_SALES.key))
    return facts.select(list(FACT_SALES.names))


def _buyers(source: str, sales: pa.Table) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(sales)).with_columns(source=pl.lit(source))
