"""Where a Redshift warehouse keeps the behaviour events' columns: checked names, no SQL and no connection."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Self

from pricing_lake.contracts.bronze_customers import RAW_REDSHIFT_BEHAVIOR
from pricing_lake.errors import ConfigurationError
from pricing_lake.sources.identifiers import IDENTIFIER, TableName, quoted

COLUMNS = RAW_REDSHIFT_BEHAVIOR.names
"""Every column of an event, in the order in which batches carry them."""

EVENT_TIME = RAW_REDSHIFT_BEHAVIOR.window
OPTIONAL = tuple(column.name for column in RAW_REDSHIFT_BEHAVIOR.columns if not column.required)
"""Columns a warehouse may lack: mapped to the empty text they arrive as NULL."""

FIELDS = ("table", "columns", "arrived_at")


@dataclass(frozen=True)
class RedshiftMapping:
    """Names of the table and of its columns; a column that is not named keeps its name.

    `table` is `schema.name`, or a bare name in schema `public`; it may be a view. `arrived_at` names the column that
    says when a row came into the warehouse: with it, events without a time of their own are read on the day they
    arrived, without it they are not read. Raises ConfigurationError, one line that names every wrong field.
    """

    table: str = "public.behavior_events"
    columns: Mapping[str, str] = field(default_factory=dict)
    arrived_at: str = ""

    def __post_init__(self) -> None:
        problems = [*_table_problems(self.table), *_column_problems(self.columns)]
        if self.arrived_at and not _is_plain(self.arrived_at):
            problems.append(f"arrived_at is {self.arrived_at!r}, which is not a plain column name")
        if problems:
            raise ConfigurationError(f"fix [redshift_mapping]: {'; '.join(problems)}")
        complete = {name: self.columns.get(name, name) for name in COLUMNS}
        object.__setattr__(self, "columns", MappingProxyType(complete))

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Self:
        """Return the mapping that a configuration file's section holds; every field may be absent."""
        unknown = [name for name in values if name not in FIELDS]
        if unknown:
            raise ConfigurationError(
                f"fix [redshift_mapping]: {', '.join(map(repr, unknown))} is no field; fields are {', '.join(FIELDS)}"
            )
        return cls(**values)

    @property
    def table_name(self) -> TableName:
        """Return the table, taken apart."""
        schema, _, name = self.table.rpartition(".")
        return TableName(schema or "public", name)

    @property
    def needed(self) -> tuple[str, ...]:
        """Return the warehouse's own names of every column that is read."""
        return tuple(filter(None, (*self.columns.values(), self.arrived_at)))

    def quoted(self, column: str) -> str | None:
        """Return the warehouse's name of an event column as SQL, or None when it has none."""
        name = self.columns[column]
        return quoted(name) if name else None


def _is_plain(name: object) -> bool:
    return isinstance(name, str) and bool(IDENTIFIER.fullmatch(name))


def _table_problems(table: object) -> list[str]:
    parts = table.split(".") if isinstance(table, str) else []
    if 1 <= len(parts) <= 2 and all(map(_is_plain, parts)):
        return []
    return [f"table {table!r} must be a plain name, or schema.name"]


def _column_problems(columns: object) -> list[str]:
    if not isinstance(columns, Mapping):
        return [f"columns must be a table of event column to the warehouse's column, not {columns!r}"]
    return [problem for name, column in columns.items() if (problem := _column_problem(name, column))]


def _column_problem(name: object, column: object) -> str | None:
    if name not in COLUMNS:
        return f"{name!r} is not an event column; they are {', '.join(COLUMNS)}"
    if column == "":
        return None if name in OPTIONAL else f"{name} must not be empty: every event needs it"
    return None if _is_plain(column) else f"{name} is mapped to {column!r}, which is not a plain column name"
