"""The statements that read behaviour events out of Redshift, for both ways of reading. Nothing is run here.

They keep to what Redshift and PostgreSQL share, but for the names of Redshift's own catalogue view and clock.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import pyarrow as pa

from pricing_lake.errors import ConfigurationError, SourceSchemaError
from pricing_lake.sources.redshift_mapping import COLUMNS, EVENT_TIME, RedshiftMapping
from pricing_lake.sources.window import Control, Window

NAME = "redshift"
CLOCK = "SELECT CAST(EXTRACT(epoch FROM GETDATE()) AS FLOAT8) AS clock, VERSION() AS version"
"""Gives one row: the warehouse's clock in whole seconds since 1970, and its version."""

WITH_ZONE = ("timestamp with time zone", "timestamptz")
WITHOUT_ZONE = ("timestamp without time zone", "timestamp", "date")
LONGEST_TEXT = "VARCHAR(65535)"
"""A cast to plain VARCHAR cuts text off at 256 bytes in Redshift."""


@dataclass(frozen=True)
class BehaviorRead:
    """One window of events being read; see `window.Read`."""

    schema: pa.Schema
    control: Control
    batches: Iterator[pa.RecordBatch]


class Form(Protocol):
    """How a statement of one way of reading shows times."""

    def bound(self, name: str, kind: str) -> str:
        """Return the window's `lo` or `hi` as an expression of type `kind`, TIMESTAMPTZ or TIMESTAMP in UTC."""

    def moment(self, expression: str) -> str:
        """Return what the result shows of a TIMESTAMP in UTC."""


@dataclass(frozen=True)
class LiteralForm:
    """Bounds stand in the text, for a statement that takes no parameters; times stay TIMESTAMP."""

    window: Window

    def bound(self, name: str, kind: str) -> str:
        """Return a typed literal."""
        return f"{kind} '{text_of(getattr(self.window, name), kind)}'"

    def moment(self, expression: str) -> str:
        """Return the time as it is."""
        return expression


@dataclass(frozen=True)
class BoundForm:
    """Bounds are placeholders of `sources.adbc`, for which `values` has the values; times become ISO 8601 text."""

    def bound(self, name: str, kind: str) -> str:
        """Return a placeholder, cast."""
        return f"CAST({{{name}_{kind.lower()}}} AS {kind})"

    def moment(self, expression: str) -> str:
        """Return the time as text: then no driver's idea of a binary timestamp matters."""
        return f"TO_CHAR({expression}, 'YYYY-MM-DD HH24:MI:SS.US') || 'Z'"

    @staticmethod
    def values(window: Window) -> dict[str, str]:
        """Return every value that a placeholder may stand for."""
        kinds = ("TIMESTAMPTZ", "TIMESTAMP")
        bounds = {"lo": window.lo, "hi": window.hi}
        return {f"{name}_{kind.lower()}": text_of(bound, kind) for name, bound in bounds.items() for kind in kinds}


def text_of(moment: object, kind: str) -> str:
    """Return a UTC moment as text of a SQL type. Raises ConfigurationError for anything but an aware datetime in UTC.

    This is the one place where a value becomes SQL text: nothing but digits and punctuation leaves it.
    """
    if not isinstance(moment, datetime) or moment.utcoffset() is None or moment.utcoffset():
        raise ConfigurationError("a window of Redshift must be made of datetimes in UTC")
    naive = moment.replace(tzinfo=None).isoformat(" ", timespec="microseconds")
    return f"{naive}+00:00" if kind == "TIMESTAMPTZ" else naive


@dataclass(frozen=True)
class BehaviorSql:
    """The statements for one mapped table; `types` says what type the warehouse gives each column, names in lower case.

    Raises SourceSchemaError when the table or a mapped column is missing, or a time column is no time.
    """

    mapping: RedshiftMapping
    types: Mapping[str, str]

    def __post_init__(self) -> None:
        if not self.types:
            raise SourceSchemaError(
                f"Redshift shows no table {self.mapping.table_name}: create it, grant SELECT on it, "
                "or fix [redshift_mapping]"
            )
        missing = missing_columns(self.mapping, self.types)
        if missing:
            raise SourceSchemaError(
                f"{self.mapping.table_name} in Redshift has no column {', '.join(missing)}; "
                f"it has {', '.join(self.types)}: fix [redshift_mapping]"
            )
        for name in filter(None, (self.mapping.columns[EVENT_TIME], self.mapping.arrived_at)):
            self._kind(name)

    def count(self, form: Form) -> str:
        """Return the statement whose one value is the number of rows that `rows` gives."""
        return f"SELECT COUNT(*) AS row_count FROM {self._table} WHERE {self._window(form)}"  # noqa: S608

    def rows(self, form: Form) -> str:
        """Return the statement that gives the window's events: their time as the form shows it, all else as text."""
        shown = ", ".join(f'{self._shown(name, form)} AS "{name}"' for name in COLUMNS)
        return f"SELECT {shown} FROM {self._table} WHERE {self._window(form)}"  # noqa: S608 - checked identifiers

    @property
    def _table(self) -> str:
        return self.mapping.table_name.quoted

    def _shown(self, name: str, form: Form) -> str:
        column = self.mapping.quoted(name)
        if column is None:
            return f"CAST(NULL AS {LONGEST_TEXT})"
        if name != EVENT_TIME:
            return f"CAST({column} AS {LONGEST_TEXT})"
        zoned = self._kind(self.mapping.columns[name]) == "TIMESTAMPTZ"
        moment = f"({column} AT TIME ZONE 'UTC')" if zoned else f"CAST({column} AS TIMESTAMP)"
        return form.moment(moment)

    def _window(self, form: Form) -> str:
        """Return the condition that a row belongs to the window.

        That is an event in the window, or one without a time that came into the warehouse in the window.
        """
        event_time, arrived_at = self.mapping.columns[EVENT_TIME], self.mapping.arrived_at
        within = self._within(event_time, form)
        if not arrived_at:
            return within
        return f'({within}) OR ("{event_time}" IS NULL AND {self._within(arrived_at, form)})'

    def _within(self, column: str, form: Form) -> str:
        kind = self._kind(column)
        return f'"{column}" >= {form.bound("lo", kind)} AND "{column}" < {form.bound("hi", kind)}'

    def _kind(self, column: str) -> str:
        """Return the type that a column is compared in, so that the warehouse need not convert every row."""
        kind = self.types[column.lower()].lower()
        if kind in WITH_ZONE:
            return "TIMESTAMPTZ"
        if kind in WITHOUT_ZONE:
            return "TIMESTAMP"
        raise SourceSchemaError(
            f"column {column} of {self.mapping.table_name} is {kind}, but must be timestamptz, timestamp or date: "
            "fix [redshift_mapping], or map a view that casts it"
        )


def columns_query(schema: str, table: str) -> str:
    """Return the statement that gives (column, type) of a table, late-binding views and external tables included.

    The arguments are placeholders for the table's names.
    """
    return (
        "SELECT column_name, data_type FROM svv_columns"  # noqa: S608 - placeholders, not values
        f" WHERE table_schema = {schema} AND table_name = {table} ORDER BY ordinal_position"
    )


def missing_columns(mapping: RedshiftMapping, types: Mapping[str, str]) -> tuple[str, ...]:
    """Return the mapped names that the table lacks; Redshift folds names to lower case, quoted or not."""
    return tuple(name for name in mapping.needed if name.lower() not in types)
