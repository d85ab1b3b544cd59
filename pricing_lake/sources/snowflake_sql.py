"""The statements that read one mapped table of Snowflake, with a mark `?` for every value. Nothing is run here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa

from pricing_lake.contracts.cast import REASON_COLUMN
from pricing_lake.contracts.model import Column
from pricing_lake.contracts.types import BOOLEAN, INSTANT, TEXT
from pricing_lake.errors import SourceSchemaError
from pricing_lake.sources.identifiers import quoted
from pricing_lake.sources.snowflake_mapping import FALSE_WHEN_ABSENT, SnowflakeMapping
from pricing_lake.sources.window import Window

FIXED = "fixed"
_EXACT = "NUMBER(38, 6)"
ZONELESS = ("timestamp_ntz", "date")
ZONED = ("timestamp_ltz", "timestamp_tz")
COUNT, TOTAL, UPDATES = CONTROL = ("_source_rows", "_source_total", "_source_updates")
"""Columns that the warehouse's own figures come in; the rows' statement puts them before the rows, the same in each."""


@dataclass(frozen=True)
class SnowflakeSql:
    """The statements for one mapped table, given its columns with their types in full.

    `window` is the contract's column that decides a row's day; `stray` is a second time column that decides it for
    rows whose `window` is NULL, which no day would show otherwise; `changed` is the time of change; `money` is summed
    up. Raises SourceSchemaError, one line, for a column that is missing or whose type cannot be read exactly.
    """

    mapping: SnowflakeMapping
    types: Mapping[str, str]
    window: str
    stray: str
    changed: str
    money: str = ""

    def __post_init__(self) -> None:
        missing = missing_columns(self.mapping, self.types)
        if missing:
            raise SourceSchemaError(
                f"Snowflake's {self.mapping.table} lacks {', '.join(missing)}: name its columns in "
                f'[{self.mapping.section}] of settings.toml, or "" for one that it does not have',
                missing,
                self.types,
            )
        wrong = [problem for name in self.mapping.named if (problem := self._wrong_type(name))]
        if wrong:
            raise SourceSchemaError(f"Snowflake's {self.mapping.table} cannot be read exactly: {'; '.join(wrong)}")

    def rows(self) -> str:
        """Return the statement whose every row carries the figures and one row of the window, or only a count of 0.

        One statement is one state of the table: no write can come between the count and the rows. It works for views
        and shared tables too, and needs no time travel.
        """
        columns = ", ".join(quoted(name) for name in self.columns)
        shown = ", ".join(f"{self._shown(name)} AS {quoted(name)}" for name in self.columns)
        figures = ", ".join(map(quoted, CONTROL))
        return (
            f"WITH picked AS (SELECT {shown} {self._from_window()}), control AS ({self.control()}) "  # noqa: S608 - checked identifiers
            f"SELECT {figures}, {columns} FROM control LEFT JOIN picked ON TRUE"
        )

    def control(self) -> str:
        """Return the statement that gives one row: count, sum and sum of the times of change of the window."""
        total, updates = "NULL", "NULL"
        if self.gives_total:
            total = f"SUM(CAST({self.mapping.quoted(self.money)} AS {_EXACT}))"
        if self.mapping.has(self.changed):
            changed = f"CAST({self.mapping.quoted(self.changed)} AS {self._kind(self.changed)})"
            moment = f"DATE_PART(EPOCH_MICROSECOND, {changed})"
            updates = f"SUM(CAST({moment} AS {_EXACT}))"
        figures = ("COUNT(*)", f"CAST({total} AS {_EXACT})", f"CAST({updates} AS {_EXACT})")
        shown = ", ".join(f'{figure} AS "{name}"' for figure, name in zip(figures, CONTROL, strict=True))
        return f"SELECT {shown} {self._from_window()}"

    def control_values(self, window: Window) -> tuple[str, ...]:
        """Return the values for the marks of `control`; `rows` has them twice."""
        columns = [self.window, *([self.stray] if self._has_stray else [])]
        return tuple(self._text(column, moment) for column in columns for moment in (window.lo, window.hi))

    def changed_days(self) -> str:
        """Return the statement that gives (day, rows) for the rows whose time of change lies between two values."""
        window, day = self.mapping.quoted(self.window), self._utc(self.window)
        return (
            f"SELECT TO_DATE({day}) AS DAY, COUNT(*) AS CHANGED FROM {self.mapping.quoted_table} "  # noqa: S608 - checked identifiers
            f"WHERE {self._between(self.changed)} AND {window} IS NOT NULL GROUP BY 1 ORDER BY 1"
        )

    def changed_values(self, since: datetime, until: datetime) -> tuple[str, ...]:
        """Return the values for the marks of `changed_days`."""
        return (self._text(self.changed, since), self._text(self.changed, until))

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns of the rows: those of the contract that the table has, then the reason."""
        return (
            *(name for name in self.mapping.contract.names if self.mapping.has(name) or name in FALSE_WHEN_ABSENT),
            REASON_COLUMN,
        )

    @property
    def gives_total(self) -> bool:
        """Tell whether the money column is one that adds up exactly."""
        return bool(self.money) and self._type(self.money) == FIXED

    def _shown(self, name: str) -> str:
        if name == REASON_COLUMN:
            return self._reason()
        if not self.mapping.has(name):
            return "FALSE"
        column = self.mapping.quoted(name)
        is_key_as_number = self.mapping.contract.column(name).type is TEXT and self._type(name) != "text"
        return f"CAST({column} AS VARCHAR)" if is_key_as_number else column

    def _reason(self) -> str:
        """Name what microseconds would cut off, since the driver cuts it without a word."""
        moments = [
            (name, self.mapping.quoted(name)) for name in self.mapping.named if self._type(name).startswith("timestamp")
        ]
        cases = "".join(
            f" WHEN {column} <> DATE_TRUNC('MICROSECOND', {column}) THEN '{name}_finer_than_microsecond'"
            for name, column in moments
        )
        return f"CASE{cases} END" if cases else "CAST(NULL AS VARCHAR)"

    @property
    def _has_stray(self) -> bool:
        return self.mapping.has(self.stray)

    def _from_window(self) -> str:
        return f"FROM {self.mapping.quoted_table} WHERE {self._in_window()}"

    def _in_window(self) -> str:
        if not self._has_stray:
            return self._between(self.window)
        has_no_window = f"{self.mapping.quoted(self.window)} IS NULL"
        return f"{self._between(self.window)} OR ({has_no_window} AND {self._between(self.stray)})"

    def _between(self, name: str) -> str:
        column, kind = self.mapping.quoted(name), self._kind(name)
        return f"({column} >= CAST(? AS {kind}) AND {column} < CAST(? AS {kind}))"

    def _kind(self, name: str) -> str:
        return "TIMESTAMP_NTZ" if self._type(name) in ZONELESS else "TIMESTAMP_TZ"

    def _text(self, name: str, moment: datetime) -> str:
        zoned = moment.astimezone(UTC)
        return (zoned.replace(tzinfo=None) if self._type(name) in ZONELESS else zoned).isoformat(
            timespec="microseconds"
        )

    def _utc(self, name: str) -> str:
        column = self.mapping.quoted(name)
        return column if self._type(name) in ZONELESS else f"CONVERT_TIMEZONE('UTC', {column})"

    def _type(self, name: str) -> str:
        return self.types[self.mapping.columns[name]].partition("(")[0]

    def _wrong_type(self, name: str) -> str | None:
        column, found = self.mapping.contract.column(name), self._type(name)
        allowed = _allowed(column)
        return (
            None if found in allowed else f"{self.mapping.columns[name]} is {found}, it must be {' or '.join(allowed)}"
        )


def missing_columns(mapping: SnowflakeMapping, types: Mapping[str, str]) -> tuple[str, ...]:
    """Return the mapped names that the table lacks. Snowflake's names differ when their case differs."""
    return tuple(column for column in mapping.named.values() if column not in types)


def arrow_type(kind: pa.DataType) -> pa.DataType:
    """Return the type in which a column of the driver goes on: every time as microseconds in UTC, the rest as it is.

    A time without a zone is taken as UTC.
    """
    return INSTANT.arrow if pa.types.is_timestamp(kind) else kind


def _allowed(column: Column) -> tuple[str, ...]:
    """Snowflake's types that become the contract's without a loss; REAL is none, for it holds no cents exactly."""
    if column.type is INSTANT:
        return (*ZONELESS, *ZONED)
    if column.type is BOOLEAN:
        return ("boolean",)
    return ("text", FIXED)
