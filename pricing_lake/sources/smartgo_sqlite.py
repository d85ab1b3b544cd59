"""SmartGo's sales in SQLite, where a value may be of any type: everything is shown as the text it is stored as."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from pricing_lake.sources.smartgo_mapping import COLUMNS
from pricing_lake.sources.smartgo_sql import SalesSql, ranges
from pricing_lake.sources.window import Control, Window

LARGEST_EXACT = 9_000_000_000
"""Up to here a double holds six decimals exactly (9e9 x 1e6 < 2**53)."""
NO_TIME = "*[^-0-9T:.Zz+ ]*"
"""Text that is no time; without such texts, the least and greatest are the same in SQLite's order and in any other."""
LARGE_PRIME = 1_000_000_007
"""Milliseconds are counted in its remainders, so that no number of rows overflows their sum."""


class SqliteSales(SalesSql):
    """SQLite's statements. Times are ISO-8601 text in UTC: `T` or space, fraction or none, `Z`, `+00:00` or none.

    Such texts sort like the moments they name once `T` is a space and `Z` is gone, as long as the bound
    they are compared with is written as short as possible (`_shortest`).
    """

    @staticmethod
    def bounds(window: Window) -> dict[str, str]:
        """Return the exact bounds, and the days around them for the index on the plain column."""
        after = window.hi + timedelta(days=1) - timedelta(microseconds=1)
        return {
            "lo": _shortest(window.lo),
            "hi": _shortest(window.hi),
            "lo_day": window.lo.date().isoformat(),
            "hi_day": after.date().isoformat(),
        }

    @staticmethod
    def as_control(row: tuple[Any, ...]) -> Control:
        """Return the count, the sum of the prices rounded to cents, the extremes and the times of change."""
        rows, wrong, units, millionths, cheapest, dearest, no_times, first, last, updates = row
        total = None if wrong else (units + Decimal(millionths).scaleb(-6)).quantize(Decimal("0.01"))
        prices = [None if wrong or price is None else Decimal(price).scaleb(-6) for price in (cheapest, dearest)]
        moments = (None, None) if no_times else (first, last)
        return Control(rows, total, ranges(prices, moments), None if updates is None else Decimal(updates))

    def schema(self) -> pa.Schema:
        """Return text columns only."""
        return pa.schema([(name, pa.string()) for name in COLUMNS])

    def column(self, name: str) -> str:
        """Return the column as text, exactly as SQLite writes the value; NULL when the shop has none."""
        return f"CAST({self.mapping.quoted(name)} AS TEXT)" if self.mapping.has(name) else "NULL"

    def within(self, name: str) -> str:
        """Return an indexable range of days around the exact comparison."""
        column = self.mapping.quoted(name)
        days = f"{column} >= {{lo_day}} AND {column} < {{hi_day}}"
        return f"{days} AND {_is_dated(column)} AND {_sortable(column)} >= {{lo}} AND {_sortable(column)} < {{hi}}"

    def lost(self) -> str:
        """Return: no text that starts with a day of the calendar, or a later moment."""
        column = self.mapping.quoted("sold_at")
        return f"(NOT ({_is_dated(column)}) OR {_sortable(column)} >= {{hi}})"

    def control(self) -> str:
        """Return rows, prices that are no exact number, the rest summed in whole units and millionths, and extremes.

        A text is a number when SQLite's comparison, which converts only what is one entirely, finds it
        equal to its own cast. Integers are summed because a sum of doubles drifts.
        """
        price, moment = self.column("sold_price"), self.column("sold_at")
        changed = f"{self.column('updated_at')} AS changed"
        return (
            f"WITH shown AS (SELECT {price} AS price, {moment} AS moment, {changed} FROM {self.table}"  # noqa: S608
            f" WHERE {self.window()}),"
            " numbers AS (SELECT price, CAST(price AS NUMERIC) AS number, moment, changed FROM shown),"
            " judged AS (SELECT CAST(ROUND(number * 1000000.0) AS INTEGER) AS millionths, moment, changed,"
            f" number = price AND number BETWEEN -{LARGEST_EXACT} AND {LARGEST_EXACT} AS exact FROM numbers)"
            " SELECT COUNT(*), COUNT(CASE WHEN NOT exact THEN 1 END),"
            " COALESCE(SUM(CASE WHEN exact THEN millionths / 1000000 END), 0),"
            " COALESCE(SUM(CASE WHEN exact THEN millionths % 1000000 END), 0),"
            " MIN(CASE WHEN exact THEN millionths END), MAX(CASE WHEN exact THEN millionths END),"
            f" COUNT(CASE WHEN moment GLOB '{NO_TIME}' THEN 1 END),"
            f" MIN({_time('moment')}), MAX({_time('moment')}),"
            f" {self.updates(_milliseconds('changed'))} FROM judged"
        )

    def changed_days(self) -> str:
        """Return the days as ISO text; a time of sale that names no day of the calendar is left out."""
        column = self.mapping.quoted("sold_at")
        return (
            f"SELECT substr({column}, 1, 10), COUNT(*) FROM {self.table}"  # noqa: S608
            f" WHERE {self.within('updated_at')} AND {_is_dated(column)} AND {column} >= '0001'"
            " GROUP BY 1 ORDER BY 1"
        )


def _shortest(moment: datetime) -> str:
    """Return `2026-11-01`, `2026-11-01 10:00`, `2026-11-01 10:00:30` or `… 10:00:30.5`: nothing that adds zero."""
    text = moment.replace(tzinfo=None).isoformat(sep=" ")
    return text.rstrip("0") if moment.microsecond else text.removesuffix(":00").removesuffix(" 00:00")


def _sortable(column: str) -> str:
    return f"replace(rtrim(upper({column}), 'Z'), 'T', ' ')"


def _time(column: str) -> str:
    return f"CASE WHEN {column} NOT GLOB '{NO_TIME}' THEN {column} END COLLATE BINARY"


def _milliseconds(column: str) -> str:
    return f"CAST(ROUND(julianday({column}) * 86400000.0) AS INTEGER) % {LARGE_PRIME}"


def _is_dated(column: str) -> str:
    return f"typeof({column}) = 'text' AND substr({column}, 1, 10) IS date(substr({column}, 1, 10))"
