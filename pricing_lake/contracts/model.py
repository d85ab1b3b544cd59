"""The vocabulary of contracts: Table, Column, Rule, Partition, Retention, Pii. No table is declared here."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import polars as pl

from pricing_lake.contracts.types import LogicalType
from pricing_lake.errors import ContractError

_NAME = re.compile(r"[a-z0-9_]+")


class Layer(StrEnum):
    """First part of an asset key and of a folder; data flows down this list."""

    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"
    MARTS = "marts"
    QUALITY = "quality"


class Owner(StrEnum):
    """Teams that answer for a table; alerts are routed by this value."""

    INGESTION = "team:ingestion"
    PRICING = "team:pricing"
    QUALITY = "team:data-quality"


class Pii(StrEnum):
    """How near a column is to a person. Rendered as a column tag; masking policies read it."""

    NONE = "none"
    PSEUDONYM = "pseudonym"
    FREE_TEXT = "free_text"
    DIRECT = "direct"


class Severity(StrEnum):
    """A broken critical rule refuses the row (or the day); a broken warn rule is only counted."""

    CRITICAL = "critical"
    WARN = "warn"


class Scope(StrEnum):
    """A row rule judges each row; a table rule judges the rows of one partition together."""

    ROW = "row"
    TABLE = "table"


class Grain(StrEnum):
    """Length of one partition of a table."""

    DAY = "day"
    MONTH = "month"

    WHOLE = "whole"
    """The whole table is one partition, made anew from everything that is published: history has no last day."""


class Mode(StrEnum):
    """What happens when a source sends a column that the contract does not know."""

    FREEZE = "freeze"
    """The day is refused: somebody has to look."""

    QUARANTINE = "quarantine"
    """The day is published without the column; a warning names it, and quarantined rows keep it."""


@dataclass(frozen=True)
class Rule:
    """One expectation. Its name is what is wrong when it is broken: the reason in the quarantine lane.

    `expression` is true for a good row (row scope) or a good partition (table scope). A null result counts as
    good: whether a value may be null is the business of `Column.required`, not of a rule. `measure` is the number that
    a rule of a table looks at; the verdict tells it.
    """

    name: str
    expression: pl.Expr
    doc: str
    severity: Severity = Severity.CRITICAL
    scope: Scope = Scope.ROW
    measure: pl.Expr | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ContractError(f"rule name {self.name!r} must match [a-z0-9_]+")


@dataclass(frozen=True)
class Reference:
    """Every value of a column is one of `column` in `table` (`layer/name`), but `unknown`, which stands for none.

    Critical, and judged of a partition: a row whose key leads nowhere is no bad row of a source, it was made of another
    version of the table than the one that stands.
    """

    table: str
    column: str
    unknown: int | None = None

    @property
    def table_name(self) -> str:
        """The other table's bare name."""
        return self.table.rpartition("/")[2]

    @property
    def doc(self) -> str:
        """What holds, for people."""
        known = "Every value" if self.unknown is None else f"Every value but {self.unknown}"
        return f"{known} is a `{self.column}` of {self.table}."


@dataclass(frozen=True)
class Column:
    """One column; `doc` says what it means and its unit, `required` that null is a reason for quarantine."""

    name: str
    type: LogicalType
    doc: str
    required: bool = False
    pii: Pii = Pii.NONE
    rules: tuple[Rule, ...] = ()
    references: Reference | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ContractError(f"column name {self.name!r} must match [a-z0-9_]+")


@dataclass(frozen=True)
class Partition:
    """One field of the Iceberg partition spec."""

    column: str
    transform: str = "identity"


@dataclass(frozen=True)
class Retention:
    """How long rows and history are kept; housekeeping reads it."""

    days: int | None = None
    snapshots: int = 30


@dataclass(frozen=True)
class Table:
    """One table of the lake.

    `window` is the column that decides which partition (day or month) a row belongs to: a publish replaces exactly
    the rows of its windows. `key` is unique within one partition. `newest_first` orders rows that repeat a key: the
    first is kept. An `incremental` table carries how far its source was read in the commit that brings the rows, so its
    commits are never retried blindly. `max_bad_share` refuses a day when more of its rows are bad, unless they are at
    most `few_bad_rows`.
    """

    layer: Layer
    name: str
    grain: str
    owner: Owner
    key: tuple[str, ...]
    window: str
    columns: tuple[Column, ...]
    partition_by: tuple[Partition, ...] = ()
    every: Grain = Grain.DAY
    rules: tuple[Rule, ...] = ()
    newest_first: tuple[str, ...] = ()
    correctable: bool = False
    incremental: bool = False
    allow_empty: bool = False
    max_bad_share: float = 0.01
    few_bad_rows: int = 20
    fresh_within_hours: int = 30
    retention: Retention = Retention()
    mode: Mode = Mode.FREEZE
    version: int = 1

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ContractError(f"{self.id}: column declared twice: {', '.join(twice)}")
        wanted = {*self.key, self.window, *self.newest_first, *(part.column for part in self.partition_by)}
        unknown = sorted(wanted - set(names))
        if unknown:
            raise ContractError(f"{self.id}: key, window, order or partition names no column: {', '.join(unknown)}")
        optional = sorted(name for name in (*self.key, self.window) if not self.column(name).required)
        if optional:
            raise ContractError(f"{self.id}: key and window columns must be required: {', '.join(optional)}")
        reasons = [*(rule.name for rule in self.all_rules), *self.references]
        again = sorted({name for name in reasons if reasons.count(name) > 1})
        if again:
            raise ContractError(f"{self.id}: rule declared twice: {', '.join(again)}")

    @property
    def id(self) -> str:
        """`layer/name`: the asset key as text, the heading in docs/tables.md, the name in errors."""
        return f"{self.layer}/{self.name}"

    @property
    def names(self) -> tuple[str, ...]:
        """The table's own column names, in order, without the run metadata."""
        return tuple(column.name for column in self.columns)

    @property
    def all_rules(self) -> tuple[Rule, ...]:
        """Rules of the columns first, then of the table."""
        return (*(rule for column in self.columns for rule in column.rules), *self.rules)

    @property
    def row_rules(self) -> tuple[Rule, ...]:
        """Rules that judge one row at a time."""
        return tuple(rule for rule in self.all_rules if rule.scope is Scope.ROW)

    @property
    def table_rules(self) -> tuple[Rule, ...]:
        """Rules that judge the rows of one partition together."""
        return tuple(rule for rule in self.all_rules if rule.scope is Scope.TABLE)

    @property
    def references(self) -> Mapping[str, tuple[Column, Reference]]:
        """Columns that hold keys of other tables, by the name of what is wrong when a key leads nowhere."""
        return {f"{c.name}_orphan": (c, c.references) for c in self.columns if c.references is not None}

    @property
    def repeated_reason(self) -> str:
        """Reason of a row that repeats a key with other content."""
        return f"{self.key[-1]}_repeated"

    @property
    def fingerprint(self) -> str:
        """Short hash of everything that decides what a row may look like; part of the asset's code version."""
        parts = [f"{column.name}:{column.type.name}:{column.required}" for column in self.columns]
        parts += [f"{rule.name}:{rule.severity}:{rule.expression}" for rule in self.all_rules]
        parts += [f"{name}:{reference}" for name, (_, reference) in self.references.items()]
        return hashlib.sha256("\n".join((self.id, str(self.version), *parts)).encode()).hexdigest()[:12]

    def column(self, name: str) -> Column:
        """The column called `name`. Raises ContractError when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise ContractError(f"{self.id} has no column {name!r}; it has {', '.join(self.names)}")


def by_id(tables: tuple[Table, ...]) -> Mapping[str, Table]:
    """Tables by `layer/name`. Raises ContractError when two share a bare name: table names are one namespace."""
    bare = [table.name for table in tables]
    twice = sorted({name for name in bare if bare.count(name) > 1})
    if twice:
        raise ContractError(f"two tables are called {', '.join(twice)}")
    return {table.id: table for table in tables}
