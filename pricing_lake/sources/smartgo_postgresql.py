"""SmartGo's sales in PostgreSQL: typed columns, so that only the types a column may have are checked here."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pyarrow as pa

from pricing_lake.errors import SourceSchemaError
from pricing_lake.sources.smartgo_mapping import COLUMNS, MOMENTS, SmartGoMapping
from pricing_lake.sources.smartgo_sql import SalesSql, ranges
from pricing_lake.sources.window import Control, Window

WITH_ZONE = "timestamp with time zone"
WITHOUT_ZONE = ("timestamp without time zone", "date")
INTEGERS = ("smallint", "integer", "bigint")
FIRST, LAST = "0001-01-01 00:00+00", "9999-12-31 00:00+00"
NUMBER = r"^[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9][0-9]?[0-9]?)?$"


class PostgresSales(SalesSql):
    """PostgreSQL's statements. Times are timestamptz, or timestamp and date taken as UTC.

    Raises SourceSchemaError when a time column has any other type.
    """

    def __init__(self, mapping: SmartGoMapping, types: Mapping[str, str]) -> None:
        super().__init__(mapping, types)
        for name in MOMENTS:
            kind = self._type(name)
            if kind not in (None, WITH_ZONE, *WITHOUT_ZONE):
                raise SourceSchemaError(
                    f"column {mapping.columns[name]} of {mapping.table} is {kind}, but {name} needs timestamptz, "
                    "timestamp or date: fix SMARTGO mapping, or map a view that casts it"
                )

    @staticmethod
    def bounds(window: Window) -> dict[str, str]:
        """Return both bounds as ISO text with their offset."""
        return {"lo": window.lo.isoformat(), "hi": window.hi.isoformat()}

    @staticmethod
    def as_control(row: tuple[Any, ...]) -> Control:
        """Return the count, the exact sum, the extremes and the times of change."""
        rows, total, cheapest, dearest, first, last, updates = row
        is_exact = Decimal(total).is_finite()
        prices = [Decimal(price) if is_exact and price is not None else None for price in (cheapest, dearest)]
        return Control(
            rows,
            Decimal(total) if is_exact else None,
            ranges(prices, (first, last)),
            None if updates is None else Decimal(updates),
        )

    def schema(self) -> pa.Schema:
        """Return text, microseconds in UTC for the times, and int64 for a quantity that is an integer or absent."""
        types = dict.fromkeys(COLUMNS, pa.string())
        types |= dict.fromkeys(MOMENTS, pa.timestamp("us", "UTC"))
        if self._counts_are_integers():
            types["quantity"] = pa.int64()
        return pa.schema(types.items())

    def column(self, name: str) -> str:
        """Return the column in the schema's type."""
        column = self.mapping.quoted(name) if self.mapping.has(name) else "NULL"
        if name in MOMENTS:
            return self._moment(name, column)
        if name == "quantity" and self._counts_are_integers():
            return f"{column}::bigint"
        return f"{column}::text"

    def within(self, name: str) -> str:
        """Return the plain comparison."""
        column = self.mapping.quoted(name)
        return f"{column} >= {self._bound(name, 'lo')} AND {column} < {self._bound(name, 'hi')}"

    def lost(self) -> str:
        """Return: NULL, infinite, or a later moment."""
        column = self.mapping.quoted("sold_at")
        return f"({column} IS NULL OR NOT isfinite({column}) OR {column} >= {self._bound('sold_at', 'hi')})"

    def control(self) -> str:
        """Return rows, the sum and the extremes as text; a price that is not a number makes the sum NaN."""
        price = self.mapping.quoted("sold_price")
        if self._type("sold_price") not in ("numeric", *INTEGERS):
            shown = f"{price}::text"
            price = (
                f"CASE WHEN length({shown}) < 100 AND {shown} ~ '{NUMBER}' THEN {shown}::numeric"
                f" WHEN {price} IS NOT NULL THEN 'NaN'::numeric END"
            )
        moment = self.column("sold_at")
        return (
            f"SELECT count(*), coalesce(sum({price}), 0)::text, min({price})::text, max({price})::text,"  # noqa: S608
            f" min({moment}), max({moment}), {self._updates()}::text FROM {self.table} WHERE {self.window()}"
        )

    def changed_days(self) -> str:
        """Return the days as dates; infinite times of sale, and years that no calendar of ours has, are left out."""
        column = self.mapping.quoted("sold_at")
        day = column if self._type("sold_at") != WITH_ZONE else f"({column} AT TIME ZONE 'UTC')"
        return (
            f"SELECT {day}::date, count(*) FROM {self.table}"  # noqa: S608
            f" WHERE {self.within('updated_at')} AND {column} >= '{FIRST}' AND {column} < '{LAST}'"
            " GROUP BY 1 ORDER BY 1"
        )

    def _updates(self) -> str:
        """Return the sum of the times of change in seconds; numeric, since a sum of doubles depends on its order."""
        column = self.mapping.quoted("updated_at") if self.mapping.has("updated_at") else ""
        return self.updates(f"CASE WHEN isfinite({column}) THEN extract(epoch FROM {column})::numeric END")

    def _type(self, name: str) -> str | None:
        column = self.mapping.columns[name]
        return None if column is None else self.types[column]

    def _counts_are_integers(self) -> bool:
        return self._type("quantity") in (None, *INTEGERS)

    def _bound(self, name: str, bound: str) -> str:
        """Return a bound as a scalar subquery: converted from text once, not once per row."""
        moment = f"{{{bound}}}::timestamptz"
        return f"(SELECT {moment})" if self._type(name) == WITH_ZONE else f"(SELECT {moment} AT TIME ZONE 'UTC')"

    def _moment(self, name: str, column: str) -> str:
        """Return the time, with infinity and far years brought to the ends of the calendar.

        The driver computes in 64 bits from another epoch: there 'infinity' would wrap around to a
        time long ago, and a sale "deleted at infinity" would look deleted.
        """
        kind = self._type(name)
        if kind is None:
            return "NULL::timestamptz"
        moment = {WITH_ZONE: column, "date": f"{column}::timestamp AT TIME ZONE 'UTC'"}.get(
            kind, f"{column} AT TIME ZONE 'UTC'"
        )
        return (
            f"CASE WHEN {column} >= '{LAST}' THEN '{LAST}'::timestamptz"
            f" WHEN {column} < '{FIRST}' THEN '{FIRST}'::timestamptz ELSE {moment} END"
        )
