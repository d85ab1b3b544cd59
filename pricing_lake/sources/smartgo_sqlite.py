"""SmartGo's sales in SQLite, where a value may be of any type: everything is shown as the text it is stored as."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from pricing_lake.sources.smartgo_mapping import COLUMNS
from pricing_lake.sources.smartgo_sql import SalesSql
from pricing_lake.sources.window import Control, Window

LARGEST_EXACT = 9_000_000_000
"""Up to here a double holds six decimals exactly (9e9 x 1e6 < 2**53)."""


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
        """Return the count, and the sum of the prices rounded to cents."""
        rows, wrong, units, millionths = row
        if wrong:
            return Control(rows, None)
        return Control(rows, (units + Decimal(millionths).scaleb(-6)).quantize(Decimal("0.01")))

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
        """Return rows, prices that are no exact number, and the rest summed in whole units and millionths.

        A text is a number when SQLite's comparison, which converts only what is one entirely, finds it
        equal to its own cast. Integers are summed because a sum of doubles drifts.
        """
        price = self.column("sold_price")
        return (
            f"WITH shown AS (SELECT {price} AS price FROM {self.table} WHERE {self.window()}),"  # noqa: S608
            " numbers AS (SELECT price, CAST(price AS NUMERIC) AS number FROM shown),"
            " judged AS (SELECT CAST(ROUND(number * 1000000.0) AS INTEGER) AS millionths,"
            f" number = price AND number BETWEEN -{LARGEST_EXACT} AND {LARGEST_EXACT} AS exact FROM numbers)"
            " SELECT COUNT(*), COUNT(CASE WHEN NOT exact THEN 1 END),"
            " COALESCE(SUM(CASE WHEN exact THEN millionths / 1000000 END), 0),"
            " COALESCE(SUM(CASE WHEN exact THEN millionths % 1000000 END), 0) FROM judged"
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


def _is_dated(column: str) -> str:
    return f"typeof({column}) = 'text' AND substr({column}, 1, 10) IS date(substr({column}, 1, 10))"
