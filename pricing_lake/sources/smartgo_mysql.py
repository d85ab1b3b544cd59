"""SmartGo's sales in MySQL and MariaDB: every value as the server's text, dates that no calendar has told apart."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pyarrow as pa

from pricing_lake.errors import SourceSchemaError
from pricing_lake.sources.smartgo_mapping import COLUMNS, MOMENTS, SmartGoMapping
from pricing_lake.sources.smartgo_sql import SalesSql, ranges
from pricing_lake.sources.window import Control, Window

TIMES = ("timestamp", "datetime", "date")
EXACT = ("decimal", "tinyint", "smallint", "mediumint", "int", "bigint")
NUMBER = "^[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9][0-9]?)?$"
NO_NUMBER = "[^-+.0-9eE]"
LARGEST_EXACT = "1e20"
FIRST = "0001-01-01"


class MySqlSales(SalesSql):
    """MySQL's statements, in a session whose zone is UTC. Times are timestamp, or datetime and date taken as UTC.

    Raises SourceSchemaError when a time column has any other type.
    """

    def __init__(self, mapping: SmartGoMapping, types: Mapping[str, str]) -> None:
        super().__init__(mapping, {name.casefold(): kind.casefold() for name, kind in types.items()})
        for name in MOMENTS:
            kind = self._type(name)
            if kind not in (None, *TIMES):
                raise SourceSchemaError(
                    f"column {mapping.columns[name]} of {mapping.table} is {kind}, but {name} needs timestamp, "
                    "datetime or date: fix SMARTGO mapping, or map a view that casts it"
                )

    @staticmethod
    def bounds(window: Window) -> dict[str, str]:
        """Return both bounds as MySQL writes a time."""
        return {
            name: bound.replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
            for name, bound in (("lo", window.lo), ("hi", window.hi))
        }

    @staticmethod
    def as_control(row: tuple[Any, ...]) -> Control:
        """Return the count, the exact sum and extremes when every price is a number, and the times of change."""
        rows, wrong, total, cheapest, dearest, first, last, updates = row
        prices = [None if wrong or price is None else Decimal(price) for price in (cheapest, dearest)]
        return Control(rows, None if wrong else total, ranges(prices, (first, last)), updates)

    def schema(self) -> pa.Schema:
        """Return text columns only."""
        return pa.schema([(name, pa.string()) for name in COLUMNS])

    def column(self, name: str) -> str:
        """Return the plain column, which the server sends as text of its own; NULL when the shop has none."""
        return self.mapping.quoted(name) if self.mapping.has(name) else "NULL"

    def within(self, name: str) -> str:
        """Return the plain comparison, for days of the calendar: MySQL sorts 30 < '11-00' < '11-01'."""
        column = self.mapping.quoted(name)
        return f"{column} >= {_bound('lo')} AND {column} < {_bound('hi')} AND {_is_dated(column)}"

    def lost(self) -> str:
        """Return: NULL, a zero date, a day that its month has not, or a later moment."""
        column = self.mapping.quoted("sold_at")
        return f"(NOT {_is_dated(column)} OR {column} >= {_bound('hi')})"

    def control(self) -> str:
        """Return rows, prices that are no number or too large to add exactly, sum and extremes of the others, times."""
        price, moment = self.column("sold_price"), self.column("sold_at")
        times = (
            f"CAST(MIN({moment}) AS CHAR), CAST(MAX({moment}) AS CHAR), {self._updates()}"
            f" FROM {self.table} WHERE {self.window()}"
        )
        if self._type("sold_price") in EXACT:
            return f"SELECT COUNT(*), 0, COALESCE(SUM({price}), 0), MIN({price}), MAX({price}), {times}"
        shown = f"CAST({price} AS CHAR)"
        is_number = (
            f"{shown} REGEXP '{NUMBER}' AND NOT {shown} REGEXP '{NO_NUMBER}' AND ABS({shown} + 0e0) < {LARGEST_EXACT}"
        )
        number = f"CASE WHEN {is_number} THEN CAST({shown} AS DECIMAL(65, 20)) END"
        return (
            f"SELECT COUNT(*), COUNT({price}) - COUNT({number}), COALESCE(SUM({number}), 0),"
            f" MIN({number}), MAX({number}), {times}"
        )

    def changed_days(self) -> str:
        """Return the days as dates; a time of sale that is no day of the calendar is left out."""
        column = self.mapping.quoted("sold_at")
        return (
            f"SELECT DATE({column}), COUNT(*) FROM {self.table}"  # noqa: S608
            f" WHERE {self.within('updated_at')} AND {_is_dated(column)} GROUP BY 1 ORDER BY 1"
        )

    def _updates(self) -> str:
        """Return the sum of the times of change in microseconds since 1970."""
        column = self.mapping.quoted("updated_at") if self.mapping.has("updated_at") else ""
        return self.updates(f"TIMESTAMPDIFF(MICROSECOND, '1970-01-01', {column})")

    def _type(self, name: str) -> str | None:
        column = self.mapping.columns[name]
        return None if column is None else self.types[column.casefold()]


def _bound(name: str) -> str:
    return f"CAST({{{name}}} AS DATETIME(6))"


def _is_dated(column: str) -> str:
    """Return the condition, never NULL, that a time is a moment: lax servers store days and months that are zero."""
    return (
        f"COALESCE({column} >= '{FIRST}' AND DAYOFMONTH({column}) > 0 AND DATE({column}) <= LAST_DAY({column}), FALSE)"
    )
