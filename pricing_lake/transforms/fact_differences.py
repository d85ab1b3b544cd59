"""Which days of a fact would come out differently with other dimensions. Rows in, counts by day out; reads no table."""

from dataclasses import dataclass

import polars as pl

from pricing_lake.contracts.model import Table
from pricing_lake.transforms.dimension_keys import customer_keys, product_keys
from pricing_lake.transforms.dollars import in_dollars

CUSTOMERS, PRODUCTS, RATES = "customers", "products", "rates"
_NATURAL = ("tenant_id", "customer_id", "product_id")
_KEYS = ("customer_sk", "product_sk")
_AMOUNT = ("amount", "currency")
_MONEY = ("rate_date", "rate_to_usd", "amount_usd")
_BATCH = "_batch_id"


@dataclass(frozen=True)
class Members:
    """What facts are held against: versions of customers, products, and rates by day. A fact without money needs none.

    The columns of each are those that `customer_keys`, `product_keys` and `in_dollars` ask for.
    """

    versions: pl.DataFrame
    products: pl.DataFrame
    rates: pl.DataFrame | None = None


def has_money(fact: Table) -> bool:
    """Whether amounts of the fact are converted."""
    return set(_MONEY) <= set(fact.names)


def columns_needed(fact: Table) -> tuple[str, ...]:
    """The columns of a fact that `differing_days` looks at."""
    money = (*_AMOUNT, *_MONEY) if has_money(fact) else ()
    return (fact.window, *_NATURAL, *_KEYS, *money, _BATCH)


def differing_days(fact: Table, rows: pl.DataFrame, members: Members) -> pl.DataFrame:
    """The days of `rows` of which a key or an amount is not what `members` make of it, in order.

    Columns: `day`; how many rows have another customer's version (`customers`), another product (`products`) and
    another rate or other dollars (`rates`); `batches`, the publishes that the day's rows are of. Keys of days are not
    looked at: they are worked out of the day itself.
    """
    moment = pl.col(fact.window)
    if rows.schema[fact.window] == pl.Datetime("us"):
        moment = moment.dt.replace_time_zone("UTC")
    facts = rows.with_columns(moment=moment, day=moment.dt.date()).sort("day")
    other_rate = pl.lit(value=False)
    if members.rates is not None:
        dollars = in_dollars(facts, "day", members.rates)
        other_rate = pl.any_horizontal(pl.col(name).ne_missing(pl.lit(dollars[name])) for name in _MONEY)
    found = facts.select(
        "day",
        _BATCH,
        other_rate.alias(RATES),
        (pl.col("customer_sk") != _customer_keys(facts, members.versions)).alias(CUSTOMERS),
        (pl.col("product_sk") != product_keys(facts, members.products)).alias(PRODUCTS),
    )
    counted = found.group_by("day").agg(
        pl.col(CUSTOMERS, PRODUCTS, RATES).sum(), batches=pl.col(_BATCH).unique().sort()
    )
    return counted.filter(pl.sum_horizontal(CUSTOMERS, PRODUCTS, RATES) > 0).sort("day")


def _customer_keys(facts: pl.DataFrame, versions: pl.DataFrame) -> pl.Series:
    """`customer_keys` day by day, in which a customer has few versions; in a month there may be one for each day."""
    none = pl.Series("customer_sk", [], pl.Int64)
    days = facts.partition_by("day", maintain_order=True)
    return pl.concat([none, *(customer_keys(day, "moment", versions) for day in days)])
