"""Which rows of SmartGo's sales belong to a window, as SQL that both dialects fill in. Nothing is run here."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa

from pricing_lake.sources.smartgo_mapping import COLUMNS, SmartGoMapping
from pricing_lake.sources.window import Control, Extreme, Window


class SalesSql(ABC):
    """The statements of one dialect for one mapped table, as templates over `{lo}`, `{hi}` and what `bounds` adds.

    `types` says what type the database gives each of the table's columns.
    """

    def __init__(self, mapping: SmartGoMapping, types: Mapping[str, str]) -> None:
        self.mapping = mapping
        self.types = types

    @staticmethod
    @abstractmethod
    def bounds(window: Window) -> dict[str, str]:
        """Return the values that the statements' placeholders stand for."""

    @staticmethod
    @abstractmethod
    def as_control(row: tuple[Any, ...]) -> Control:
        """Return what the row of the control statement says."""

    @abstractmethod
    def schema(self) -> pa.Schema:
        """Return the schema of the rows: SmartGo's columns in their order."""

    @abstractmethod
    def column(self, name: str) -> str:
        """Return the expression that shows one SmartGo column in the type that `schema` gives it."""

    @abstractmethod
    def within(self, name: str) -> str:
        """Return the condition that a time column lies in the window, so written that its index serves."""

    @abstractmethod
    def lost(self) -> str:
        """Return the condition that `sold_at` is not a moment, or not before the window's end."""

    @abstractmethod
    def control(self) -> str:
        """Return the statement whose one row `as_control` understands."""

    @abstractmethod
    def changed_days(self) -> str:
        """Return the statement that gives (day of sale, rows) for the rows updated in the window."""

    def rows(self) -> str:
        """Return the statement that gives the window's rows."""
        shown = ", ".join(f'{self.column(name)} AS "{name}"' for name in COLUMNS)
        return f"SELECT {shown} FROM {self.table} WHERE {self.window()}"  # noqa: S608 - checked identifiers

    def window(self) -> str:
        """Return the condition that a row belongs to the window.

        That is a sale in the window; or a row that no later window would be sure to show: updated in
        the window, and its time of sale is missing, no moment at all, or still to come. A late row
        (sold before, updated within) stays with the day on which it was sold. A row sold after its
        update shows up twice, on the day of the update and on the day of the sale.
        """
        if not self.mapping.has("updated_at"):
            return self.within("sold_at")
        return f"({self.within('sold_at')}) OR ({self.within('updated_at')} AND {self.lost()})"

    def updates(self, change: str) -> str:
        """Return the sum of an expression over `updated_at`; NULL when the shop has no such column."""
        return f"SUM({change})" if self.mapping.has("updated_at") else "NULL"

    @property
    def table(self) -> str:
        """Return the table as SQL."""
        return self.mapping.table_name.quoted


def ranges(prices: Sequence[Decimal | None], moments: Sequence[Extreme | None]) -> dict[str, tuple[Extreme, Extreme]]:
    """Return `Control.ranges` out of the least and greatest price and time of sale, where both are known."""
    pairs = {"sold_price": prices, "sold_at": moments}
    return {name: (pair[0], pair[1]) for name, pair in pairs.items() if pair[0] is not None and pair[1] is not None}
