"""How a table of Snowflake is mapped onto a contract: which table, and which of its columns. No SQL is run here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Self

from pricing_lake.contracts.model import Table
from pricing_lake.errors import ConfigurationError
from pricing_lake.sources.identifiers import IDENTIFIER, quoted

ABSENT = ""
"""What a column is mapped to that the table does not have."""
IGNORED = "ignored"
FALSE_WHEN_ABSENT = ("is_deleted",)
"""Required columns that a table may lack all the same: then they are false."""


@dataclass(frozen=True)
class SnowflakeMapping:
    """Where a contract's columns are: `columns` names, per contract column, the table's own, or "" for none.

    A column that is not named is the contract's name in upper case, which is how Snowflake keeps names that were not
    quoted. `table` may carry a schema and a database (`shop.public.orders` in the case that Snowflake keeps) and may
    be a view. `ignored` names columns of the table that the lake leaves out on purpose: they are no news. Raises
    ConfigurationError, one line that names every wrong field.
    """

    contract: Table
    table: str
    columns: Mapping[str, str] = field(default_factory=dict)
    ignored: Sequence[str] = ()

    def __post_init__(self) -> None:
        problems = [*self._table_problems(), *self._column_problems()]
        if problems:
            raise ConfigurationError(f"fix [{self.section}] of settings.toml: {'; '.join(problems)}")
        complete = {name: self.columns.get(name, name.upper()) for name in self.contract.names}
        object.__setattr__(self, "columns", MappingProxyType(complete))

    @classmethod
    def from_section(cls, contract: Table, table: str, section: Mapping[str, Any]) -> Self:
        """Return the mapping that a section of settings.toml describes: columns by name, and a list `ignored`."""
        return cls(contract, table, {k: v for k, v in section.items() if k != IGNORED}, section.get(IGNORED, ()))

    @property
    def section(self) -> str:
        """Return the table of settings.toml that holds this mapping."""
        return f"{self.contract.name.removeprefix('raw_')}_mapping"

    @property
    def place(self) -> tuple[str, str, str]:
        """Return database, schema and table; empty is the session's."""
        parts = self.table.split(".")
        return tuple([""] * (3 - len(parts)) + parts)  # type: ignore[return-value]  # always three

    @property
    def quoted_table(self) -> str:
        """Return the table as SQL."""
        return ".".join(quoted(part) for part in self.place if part)

    def has(self, column: str) -> bool:
        """Tell whether the table has this column of the contract."""
        return self.columns.get(column, ABSENT) != ABSENT

    def quoted(self, column: str) -> str:
        """Return the table's name of a contract column as SQL; the table must have it."""
        return quoted(self.columns[column])

    @property
    def named(self) -> dict[str, str]:
        """Return the table's own name of each contract column that the table has, in the contract's order."""
        return {name: column for name, column in self.columns.items() if column != ABSENT}

    def unread(self, own: Iterable[str]) -> tuple[str, ...]:
        """Return those of the table's own columns that are neither mapped nor ignored, in their order."""
        known = {*self.columns.values(), *self.ignored}
        return tuple(name for name in own if name not in known)

    def _table_problems(self) -> list[str]:
        parts = self.table.split(".")
        if len(parts) <= 3 and all(map(IDENTIFIER.fullmatch, parts)):
            return []
        return [f"table {self.table!r} must be a plain name, schema.name or database.schema.name"]

    def _column_problems(self) -> list[str]:
        problems = [problem for name, column in self.columns.items() if (problem := self._column_problem(name, column))]
        if isinstance(self.ignored, str) or not all(isinstance(name, str) for name in self.ignored):
            problems.append(f"{IGNORED} must be a list of the table's columns")
        return problems

    def _column_problem(self, name: str, column: object) -> str | None:
        if name not in self.contract.names:
            return f"{name!r} is no column of {self.contract.id}; they are {', '.join(self.contract.names)}"
        if column == ABSENT:
            needed = self.contract.column(name).required and name not in FALSE_WHEN_ABSENT
            return f"{name} must not be empty: every row needs it" if needed else None
        if not isinstance(column, str) or not IDENTIFIER.fullmatch(column):
            return f"{name} is mapped to {column!r}, which is not a plain column name"
        return None
