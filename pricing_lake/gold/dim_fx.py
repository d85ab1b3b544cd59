"""gold/dim_fx: what each currency was worth in dollars on each day, with the day of the fixing that says so."""

import polars as pl
import pyarrow as pa

from pricing_lake.contracts.gold_dimensions import CARRIED_DAYS, DIM_FX
from pricing_lake.contracts.silver_fx import FX_RATES
from pricing_lake.contracts.types import PRECISE_RATE, RATE
from pricing_lake.resources.calendar import CalendarResource
from pricing_lake.table_asset import table_asset

_BASE, _DOLLAR = "EUR", "USD"
_ONE = 10**18
"""One dollar per unit as the integer that stores it: PRECISE_RATE has 18 digits after the point."""
_BYTES = 16


@table_asset(DIM_FX, reads=(FX_RATES,), columns={FX_RATES.name: ("as_of_date", "ccy", "rate")})
def dim_fx(fx_rates: pa.Table, calendar: CalendarResource) -> pa.Table:
    """Each day has the latest fixing of the currency up to it, if that is at most a week old; the euro is one of them.

    A rate against the dollar is made of two rates of one fixing, so a fixing without the dollar is none. The rate of a
    currency that is fixed no more ends a week after its last fixing: it came to be another money, or none.
    """
    rates = pl.DataFrame(pl.from_arrow(fx_rates)).select("as_of_date", "ccy", rate_per_eur="rate")
    dollars = rates.filter(pl.col("ccy") == _DOLLAR).select("as_of_date", usd_per_eur="rate_per_eur")
    euros = dollars.select("as_of_date", ccy=pl.lit(_BASE), rate_per_eur=pl.lit(1).cast(RATE.polars))
    fixings = pl.concat([rates, euros]).join(dollars, on="as_of_date").sort("ccy", "as_of_date")
    carried = _carried(_against_dollar(fixings), calendar)
    return carried.select(DIM_FX.names).to_arrow()


def _against_dollar(fixings: pl.DataFrame) -> pl.DataFrame:
    """`fixings` with `rate_to_usd`, divided exactly and rounded half to even at its last digit.

    In integers, because DuckDB divides decimals as doubles and pyarrow cuts digits off.
    """
    dollars, units = (fixings[name].to_physical().to_list() for name in ("usd_per_eur", "rate_per_eur"))
    quotients = b"".join(
        _half_even(dollar * _ONE, unit).to_bytes(_BYTES, "little") for dollar, unit in zip(dollars, units, strict=True)
    )
    rates = pa.Array.from_buffers(PRECISE_RATE.arrow, fixings.height, [None, pa.py_buffer(quotients)])
    return fixings.with_columns(rate_to_usd=pl.Series(pl.from_arrow(rates)))


def _half_even(dividend: int, divisor: int) -> int:
    quotient, rest = divmod(dividend, divisor)
    return quotient + (2 * rest > divisor or (2 * rest == divisor and quotient % 2))


def _carried(fixings: pl.DataFrame, calendar: CalendarResource) -> pl.DataFrame:
    """Each fixing on its own day and on those after it until the currency's next one."""
    rate_date = pl.col("as_of_date")
    until_next = rate_date.shift(-1).over("ccy", order_by=rate_date) - pl.duration(days=1)
    lasts = rate_date + pl.duration(days=CARRIED_DAYS)
    last_day = pl.max_horizontal(rate_date.max(), pl.lit(calendar.last_day()))
    days = fixings.with_columns(
        rate_date=rate_date, as_of_date=pl.date_ranges(rate_date, pl.min_horizontal(until_next, lasts, last_day))
    ).explode("as_of_date")
    staleness = (pl.col("as_of_date") - pl.col("rate_date")).dt.total_days()
    return days.with_columns(staleness_days=staleness.cast(pl.Int32))
