"""Amounts in dollars, exact to the cent. Which rate holds on which day is gold/dim_fx's business."""

import polars as pl
import pyarrow as pa

from pricing_lake.contracts.types import AMOUNT, PRECISE_RATE

DOLLAR = "USD"
RATE_OF_DAY = ("as_of_date", "ccy", "rate_date", "rate_to_usd")
"""What `in_dollars` needs of gold/dim_fx."""
_ONE = 10**18
"""A rate of one as the integer that stores it: PRECISE_RATE has 18 digits after the point."""
_TOO_MANY_CENTS = 10**18
"""AMOUNT holds 18 digits."""


def in_dollars(rows: pl.DataFrame, day: str, rates: pl.DataFrame) -> pl.DataFrame:
    """`rate_date`, `rate_to_usd` and `amount_usd` for the `amount` and `currency` of each row, in the order of `rows`.

    A dollar is a dollar on a day without rates, too. Of any other currency all three are null where gold/dim_fx has no
    rate for the day; `amount_usd` alone where the dollars are more than AMOUNT can hold.
    """
    asked = rows.select("amount", "currency", as_of_date=day)
    stored = pl.lit(rates["rate_to_usd"].to_physical().cast(pl.Int128))
    found = asked.join(
        # A rate serves many rows: it is taken apart once.
        rates.select(*RATE_OF_DAY, whole=stored // _ONE, fraction=stored % _ONE),
        left_on=["as_of_date", "currency"],
        right_on=["as_of_date", "ccy"],
        how="left",
        maintain_order="left",
    )
    is_dollar = pl.col("currency") == DOLLAR
    one = pl.lit(1).cast(PRECISE_RATE.polars)
    rated = found.with_columns(
        rate_to_usd=pl.when(is_dollar).then(pl.col("rate_to_usd").fill_null(one)).otherwise("rate_to_usd"),
        whole=pl.when(is_dollar).then(pl.col("whole").fill_null(1)).otherwise("whole"),
        fraction=pl.when(is_dollar).then(pl.col("fraction").fill_null(0)).otherwise("fraction"),
    )
    dollars = _dollars(rated["amount"], rated["whole"], rated["fraction"])
    return rated.select("rate_date", "rate_to_usd", amount_usd=dollars)


def _dollars(amounts: pl.Series, wholes: pl.Series, fractions: pl.Series) -> pl.Series:
    """Amount times rate, rounded half to even at the cent. In 128-bit integers: no library multiplies these decimals.

    The rate's whole and its fraction are multiplied apart, so that no product of an AMOUNT and a PRECISE_RATE needs
    more than 127 bits.
    """
    cents = pl.lit(amounts.to_physical().cast(pl.Int128))
    parts = pl.select(whole=cents * pl.lit(wholes), part=cents * pl.lit(fractions)).with_columns(
        cents_of_part=pl.col("part") // _ONE  # the one division of 128 bits: they are what takes long
    )
    rest = pl.col("part") - pl.col("cents_of_part") * _ONE
    down = pl.col("whole") + pl.col("cents_of_part")
    up = (2 * rest > _ONE) | ((2 * rest == _ONE) & (down % 2 != 0))
    dollars = down + up.cast(pl.Int128)
    fits = parts.select(pl.when(dollars.abs() < _TOO_MANY_CENTS).then(dollars).cast(pl.Int64)).to_series()
    return pl.Series(pl.from_arrow(_as_amount(fits.to_arrow())))


def _as_amount(cents: pa.Array) -> pa.Array:
    """Whole cents as AMOUNT, whose storage they are."""
    return cents.cast(pa.decimal128(19, 0)).view(AMOUNT.arrow)
