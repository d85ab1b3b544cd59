"""gold/dim_date: the days of the lake and of the year after it, by every calendar that people count in."""

import polars as pl
import pyarrow as pa

from pricing_lake.contracts.gold_dimensions import DIM_DATE
from pricing_lake.resources.calendar import CalendarResource
from pricing_lake.table_asset import table_asset

_SATURDAY = 6


@table_asset(DIM_DATE)
def dim_date(calendar: CalendarResource) -> pa.Table:
    """Generated. Weeks are ISO 8601: week 1 is the one with the year's first Thursday.

    A fiscal year is named after the calendar year in which it ends, as in "fiscal 2026".
    """
    first_month = calendar.fiscal_year_start_month
    date = pl.col("date")
    month, weekday = date.dt.month().cast(pl.Int32), date.dt.weekday().cast(pl.Int32)
    months_into_year = (month - first_month) % 12
    begins_before = pl.lit(first_month > 1) & (month >= first_month)
    days = pl.select(date=pl.date_range(calendar.first_day, calendar.last_planned_day(), interval="1d"))
    rows = days.select(
        date,
        date_sk=date.dt.year() * 10_000 + month * 100 + date.dt.day(),
        year=date.dt.year(),
        quarter=date.dt.quarter(),
        month=month,
        iso_year=date.dt.iso_year(),
        iso_week=date.dt.week(),
        iso_weekday=weekday,
        is_weekend=weekday >= _SATURDAY,
        fiscal_year=date.dt.year() + begins_before.cast(pl.Int32),
        fiscal_quarter=months_into_year // 3 + 1,
    )
    return rows.select(DIM_DATE.names).to_arrow()
