"""SmartGo's sales columns, and how a shop's own table is mapped onto them. No SQL is written here."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Self

from pricing_lake.contracts.bronze import RAW_SMARTGO_SALES
from pricing_lake.errors import ConfigurationError
from pricing_lake.sources.identifiers import IDENTIFIER, TableName, quoted

COLUMNS = RAW_SMARTGO_SALES.names
"""Every column of a sale, in the order in which batches carry them."""

MOMENTS = ("sold_at", "updated_at", "deleted_at")
OPTIONAL = ("brand", "image_url", "description", "customer_id", "quantity", "updated_at", "deleted_at")
"""Columns a shop may lack: mapped to None they arrive as NULL."""

FIELDS = ("table", "columns", "ignored")


@dataclass(frozen=True)
class SmartGoMapping:
    """Where a shop keeps SmartGo's columns: `columns` names, per SmartGo column, the shop's own (or None).

    A column that is not named keeps its name. `table` may carry a schema (`shop.sales`) and may be a view.
    `ignored` names columns of the shop that the lake leaves out on purpose: they are no news.
    Raises ConfigurationError, one line that names every wrong field.
    """

    table: str = "sales"
    columns: Mapping[str, str | None] = field(default_factory=dict)
    ignored: Sequence[str] = ()

    def __post_init__(self) -> None:
        problems = [*_table_problems(self.table), *_column_problems(self.columns), *_ignored_problems(self.ignored)]
        if problems:
            raise ConfigurationError(f"fix SMARTGO mapping: {'; '.join(problems)}")
        complete = {name: self.columns.get(name, name) for name in COLUMNS}
        object.__setattr__(self, "columns", MappingProxyType(complete))
        object.__setattr__(self, "ignored", tuple(self.ignored))

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Self:
        """Return the mapping that a configuration file's section holds: `table`, `columns`, `ignored`, all optional."""
        unknown = [name for name in values if name not in FIELDS]
        if unknown:
            raise ConfigurationError(
                f"fix SMARTGO mapping: {', '.join(map(repr, unknown))} is no field; fields are {', '.join(FIELDS)}"
            )
        columns = values.get("columns")
        if isinstance(columns, Mapping):  # TOML has no null: there an empty text stands for a column that is absent
            values = {**values, "columns": {name: None if own == "" else own for name, own in columns.items()}}
        return cls(**values)

    @property
    def table_name(self) -> TableName:
        """Return the table, taken apart."""
        schema, _, name = self.table.rpartition(".")
        return TableName(schema, name)

    def has(self, column: str) -> bool:
        """Tell whether the shop has this SmartGo column."""
        return self.columns[column] is not None

    def unread(self, own: Iterable[str], comparable: Callable[[str], str] = str) -> tuple[str, ...]:
        """Return those of the shop's own columns that are neither mapped nor ignored, in their order.

        `comparable` gives the form in which two names of one column are equal.
        """
        known = {comparable(name) for name in (*self.columns.values(), *self.ignored) if name}
        return tuple(name for name in own if comparable(name) not in known)

    def quoted(self, column: str) -> str:
        """Return the shop's name of a SmartGo column as SQL; the shop must have it."""
        name = self.columns[column]
        if name is None:
            raise ConfigurationError(f"fix SMARTGO mapping: {column} is mapped to null, but it is needed here")
        return quoted(name)


def _table_problems(table: object) -> list[str]:
    parts = table.split(".") if isinstance(table, str) else []
    if 1 <= len(parts) <= 2 and all(map(IDENTIFIER.fullmatch, parts)):
        return []
    return [f"table {table!r} must be a plain name, or schema.name"]


def _column_problems(columns: object) -> list[str]:
    if not isinstance(columns, Mapping):
        return [f"columns must be a mapping of SmartGo column to the table's column, not {columns!r}"]
    return [problem for name, column in columns.items() if (problem := _column_problem(name, column))]


def _ignored_problems(ignored: object) -> list[str]:
    if isinstance(ignored, list | tuple) and all(isinstance(name, str) for name in ignored):
        return []
    return [f"ignored must be a list of the table's columns, not {ignored!r}"]


def _column_problem(name: object, column: object) -> str | None:
    if name not in COLUMNS:
        return f"{name!r} is not a SmartGo column; they are {', '.join(COLUMNS)}"
    if column is None:
        return None if name in OPTIONAL else f"{name} must not be null: every sale needs it"
    if not isinstance(column, str) or not IDENTIFIER.fullmatch(column):
        return f"{name} is mapped to {column!r}, which is not a plain column name"
    return None
