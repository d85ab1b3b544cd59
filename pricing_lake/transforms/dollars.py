"""Amounts in dollars, exact to the cent. Which rate holds on which day is gold/dim_fx's business."""

import numpy as np
import polars as pl
import pyarrow as pa

from pricing_lake.contracts.types import AMOUNT

_ONE = 10**18
"""A rate of one as the integer that stores it: PRECISE_RATE has 18 digits after the point."""


def in_dollars(rows: pl.DataFrame, day: str, rates: pl.DataFrame) -> pl.DataFrame:
    """`rate_date`, `rate_to_usd` and `amount_usd` for the `amount` and `currency` of each row, in the order of `rows`.

    A dollar is a dollar, rate or not. All three are null where gold/dim_fx has no rate of the currency for the day.
    """
    known = rates.select("as_of_date", "ccy", "rate_date", "rate_to_usd")
    asked = rows.select("amount", "currency", as_of_date=day)
    found = asked.join(
        known, left_on=["as_of_date", "currency"], right_on=["as_of_date", "ccy"], how="left", maintain_order="left"
    )
    dollars = _cents(found["amount"], found["rate_to_usd"])
    return found.select("rate_date", "rate_to_usd").with_columns(amount_usd=dollars)


def _cents(amounts: pl.Series, rates: pl.Series) -> pl.Series:
    """Amount times rate, rounded half to even at the cent, in 128-bit integers: no library multiplies these decimals.

    The product of the largest AMOUNT and a rate of 170 dollars still fits.
    """
    exact = amounts.to_physical().cast(pl.Int128) * rates.to_physical().cast(pl.Int128)
    product = pl.lit(exact)
    quotient, rest = product // _ONE, product % _ONE
    up = (2 * rest > _ONE) | ((2 * rest == _ONE) & (quotient % 2 != 0))
    cents = pl.select((quotient + up.cast(pl.Int128)).cast(pl.Int64)).to_series()
    return _as_amount(cents)


def _as_amount(cents: pl.Series) -> pl.Series:
    """Whole cents as AMOUNT: the integers are its 128-bit storage, little end first."""
    low = cents.fill_null(0).to_numpy().astype("<i8")
    words = np.column_stack([low, low >> 63]).astype("<i8")
    mask = pa.array(cents.is_not_null().to_numpy())
    buffers = [mask.buffers()[1], pa.py_buffer(words.tobytes())]
    return pl.Series(pl.from_arrow(pa.Array.from_buffers(AMOUNT.arrow, len(cents), buffers)))
