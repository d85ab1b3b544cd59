"""What business figures of gold are believed: ranges that real shops and real currencies keep. No table is here.

A range says that something is wrong with a unit, a scale or a source, never that a day is merely odd: the check
`usual_day` tells that. Each constant says what it was held against.
"""

import polars as pl

from pricing_lake.contracts.model import Rule, Scope, Severity

LEAST_ORDER_VALUE, MOST_ORDER_VALUE = 1.0, 10_000.0
"""Dollars that the orders paid on a day may be worth on average.

A shop of small gifts that counts every line as an order has days between 12 and 108 dollars, counted by invoice
between 320 and 3,600 (Online Retail, 219 days); amounts in cents, or dollars that are yen, are a hundred times that.
"""
LEAST_SALE_PRICE, MOST_SALE_PRICE = 0.05, 10_000.0
"""Dollars that one item may be sold for. The cheapest article of Online Retail costs 4 pence, 6 cents; what it sells
above 10,000 dollars is no article (a marketplace's fee, postage, a bad debt)."""
LEAST_DOLLARS, MOST_DOLLARS = 1e-7, 10.0
"""Dollars that one unit of a currency may be worth.

Of every currency that the European Central Bank has fixed since 1999 the old Turkish lira was worth the least, 5.7e-7
dollars in 2004, and the Maltese lira the most, 3.46 in 2007. No currency in use is worth more than the Kuwaiti dinar.
"""
MOST_JUMP = 0.10
"""Share that a currency may rise or fall against the dollar from one fixing to the next.

It was more 21 times in 24 years of 41 currencies (Turkey 2001 and 2021, Iceland 2008, Russia 2014 and 2022): seldom
enough to look each time, and a slipped digit is always more.
"""
JUMP_REMEMBERED_DAYS = 7
"""How long a jump warns, so that the runs of a weekend do not hide one of Friday."""

_WORTH = pl.col("rate_to_usd").cast(pl.Float64)
_LATELY = pl.col("as_of_date") > pl.col("as_of_date").max() - pl.duration(days=JUMP_REMEMBERED_DAYS + 1)
_PAID = (pl.col("status") == "PAID") & pl.col("previous_status").ne_missing("PAID")
_ORDER_VALUE = pl.col("amount_usd").cast(pl.Float64).filter(_PAID).mean()


def _lately(values: pl.Expr) -> pl.Expr:
    """Values of the table's last days, those of each currency one after the other."""
    return values.filter(_LATELY).sort_by(pl.col("ccy").filter(_LATELY), pl.col("as_of_date").filter(_LATELY))


_SAME_CURRENCY = _lately(pl.col("ccy")) == _lately(pl.col("ccy")).shift()
_NEXT_DAY = _lately(pl.col("as_of_date")).diff().dt.total_days() == 1
_CHANGE = (_lately(_WORTH) / _lately(_WORTH).shift() - 1).abs().filter(_SAME_CURRENCY & _NEXT_DAY)

AVERAGE_ORDER_VALUE = Rule(
    "average_order_value_unlikely",
    _ORDER_VALUE.is_between(LEAST_ORDER_VALUE, MOST_ORDER_VALUE),
    f"The orders that became PAID on the day are worth {LEAST_ORDER_VALUE:,.0f} to {MOST_ORDER_VALUE:,.0f} dollars on "
    "average.",
    Severity.WARN,
    Scope.TABLE,
    _ORDER_VALUE,
)
"""Of orders as the saved query `average_order_value` counts them: once, when they become PAID."""

SALE_PRICE = Rule(
    "sale_price_unlikely",
    pl.col("amount_usd").cast(pl.Float64).is_between(LEAST_SALE_PRICE, MOST_SALE_PRICE),
    f"An item is sold for {LEAST_SALE_PRICE} to {MOST_SALE_PRICE:,.0f} dollars.",
    Severity.WARN,
)

RATE_TO_USD = Rule(
    "rate_to_usd_out_of_bounds",
    _WORTH.is_between(LEAST_DOLLARS, MOST_DOLLARS),
    f"One unit of a currency is worth {LEAST_DOLLARS} to {MOST_DOLLARS:.0f} dollars.",
)

RATE_JUMP = Rule(
    "rate_to_usd_jumped",
    _CHANGE.max() <= MOST_JUMP,
    f"In the last {JUMP_REMEMBERED_DAYS} days of the table no currency moved by more than {MOST_JUMP:.0%} against the "
    "dollar from one fixing to the next.",
    Severity.WARN,
    Scope.TABLE,
    _CHANGE.max(),
)

FUNNEL = Rule(
    "purchases_exceed_views",
    (pl.col("event_type") == "purchase").sum() <= (pl.col("event_type") == "view").sum(),
    "A day has at least as many views as purchases: with fewer, a tracker does not tell of what was looked at.",
    Severity.WARN,
    Scope.TABLE,
)
