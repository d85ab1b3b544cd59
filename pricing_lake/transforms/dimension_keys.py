"""Keys of dimensions for rows of facts: the customer's version that held then, the product, the day. Reads no table."""

import numpy as np
import polars as pl

from pricing_lake.contracts.gold_dimensions import DIM_CUSTOMER, DIM_DATE, DIM_PRODUCT, UNKNOWN_MEMBER

_CUSTOMER, _PRODUCT = ["tenant_id", "customer_id"], ["tenant_id", "product_id"]
CUSTOMER_VERSION = (*_CUSTOMER, "customer_sk", "valid_from", "valid_to")
"""What `customer_keys` needs of gold/dim_customer."""
PRODUCT_MEMBER = (*_PRODUCT, "product_sk")
"""What `product_keys` needs of gold/dim_product."""
DATE_MEMBER = ("date_sk",)
"""What the gate needs of gold/dim_date: the keys that `date_keys` works out without it."""


KEYS_NEEDED = {DIM_CUSTOMER.name: CUSTOMER_VERSION, DIM_PRODUCT.name: PRODUCT_MEMBER, DIM_DATE.name: DATE_MEMBER}
"""What every fact reads of its dimensions, by table."""


def member_keys(
    rows: pl.DataFrame, moment: str, versions: pl.DataFrame, products: pl.DataFrame
) -> tuple[pl.Series, pl.Series, pl.Series]:
    """`customer_sk`, `product_sk` and `date_sk` at each row's `moment` (an instant, UTC), in the order of `rows`."""
    return customer_keys(rows, moment, versions), product_keys(rows, products), date_keys(rows[moment].dt.date())


def customer_keys(rows: pl.DataFrame, moment: str, versions: pl.DataFrame) -> pl.Series:
    """`customer_sk` of the version of gold/dim_customer that held at `moment`, in the order of `rows`.

    Versions are half-open: one that begins at the moment holds, one that ends at it does not. The unknown member stands
    where the row has no customer, the dimension no version of then, or that version is another tenant's: a shop learns
    nothing of other shops' customers.
    """
    asked = rows.select(*_CUSTOMER, moment=moment).with_row_index("row")
    first, last = (pl.lit(end, asked.schema["moment"]) for end in (asked["moment"].min(), asked["moment"].max()))
    # Of the versions that held at any of the moments: in a day a customer has two or three, so they are simply tried.
    begun, ends = pl.col("valid_from"), pl.col("valid_to")
    standing = versions.select(CUSTOMER_VERSION).filter((begun <= last) & (ends.is_null() | (ends > first)))
    holds = (begun <= pl.col("moment")) & (ends.is_null() | (ends > pl.col("moment")))
    found = asked.join(standing, on=_CUSTOMER).filter(holds)
    keys = np.full(rows.height, UNKNOWN_MEMBER)
    keys[found["row"].to_numpy()] = found["customer_sk"].to_numpy()
    return pl.Series("customer_sk", keys, pl.Int64)


def product_keys(rows: pl.DataFrame, products: pl.DataFrame) -> pl.Series:
    """`product_sk` of gold/dim_product in the order of `rows`; the unknown member where it has no such product."""
    found = rows.select(_PRODUCT).join(products.select(PRODUCT_MEMBER), on=_PRODUCT, how="left", maintain_order="left")
    return found["product_sk"].fill_null(UNKNOWN_MEMBER)


def date_keys(days: pl.Series) -> pl.Series:
    """`date_sk` of gold/dim_date: the day as a number, yyyymmdd."""
    day = pl.lit(days)
    number = day.dt.year() * 10_000 + day.dt.month().cast(pl.Int32) * 100 + day.dt.day()
    return pl.select(date_sk=number.cast(pl.Int32)).to_series()
