"""Keys of dimensions for rows of facts: the customer's version that held then, the product, the day. Reads no table."""

import polars as pl

from pricing_lake.contracts.gold_dimensions import UNKNOWN_MEMBER


def customer_keys(rows: pl.DataFrame, moment: str, versions: pl.DataFrame) -> pl.Series:
    """`customer_sk` of the version of gold/dim_customer that held at `moment`, in the order of `rows`.

    Versions are half-open: one that begins at the moment holds, one that ends at it does not. The unknown member stands
    where the row has no customer, or the dimension no version of then.
    """
    begun = versions.select("customer_id", "customer_sk", "valid_from", "valid_to").sort("valid_from")
    asked = rows.select("customer_id", moment=moment).with_row_index("row").sort("moment")
    found = asked.join_asof(
        begun, left_on="moment", right_on="valid_from", by="customer_id", strategy="backward", check_sortedness=False
    )
    holds = pl.col("valid_to").is_null() | (pl.col("moment") < pl.col("valid_to"))
    key = pl.when(holds & pl.col("customer_id").is_not_null()).then("customer_sk").fill_null(UNKNOWN_MEMBER)
    return found.select("row", customer_sk=key).sort("row")["customer_sk"]


def product_keys(rows: pl.DataFrame, products: pl.DataFrame) -> pl.Series:
    """`product_sk` of gold/dim_product in the order of `rows`; the unknown member where it has no such product."""
    key = ["tenant_id", "product_id"]
    found = rows.select(key).join(products.select(*key, "product_sk"), on=key, how="left", maintain_order="left")
    return found["product_sk"].fill_null(UNKNOWN_MEMBER)


def date_keys(days: pl.Series) -> pl.Series:
    """`date_sk` of gold/dim_date: the day as a number, yyyymmdd."""
    day = pl.lit(days)
    number = day.dt.year() * 10_000 + day.dt.month().cast(pl.Int32) * 100 + day.dt.day()
    return pl.select(date_sk=number.cast(pl.Int32)).to_series()
