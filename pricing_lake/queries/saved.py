"""Saved queries: finds the `.sql` files of marts and of this folder and reads their headers. Runs nothing.

A file is a header of comment lines, then one SELECT:

    -- question: the question it answers, one line
    -- reads: silver/sales_history, quality/quarantined_rows
    -- param tenant_id: null — one tenant; null means every tenant
    -- example: period_start=2026-03-01 period_end=2026-04-01
    -- answer: day | orders
    -- answer: 2026-03-02 | 2

A default is `null`, a whole number, a decimal number, 'text', or a moment (see `Moment`). The last lines are an
example: what was asked of a small lake that the tests know, and how its answer begins. They may be missing.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cache
from pathlib import Path

from pricing_lake.errors import QueryError

QUERIES_FOLDER = Path(__file__).parent
MARTS_FOLDER = QUERIES_FOLDER.parent / "marts"
FOLDERS = (MARTS_FOLDER, QUERIES_FOLDER)

_PARAMETER = re.compile(r"(?P<name>[a-z][a-z0-9_]*): (?P<default>'[^']*'|\S+) — (?P<meaning>.+)")


class Moment(StrEnum):
    """A default that depends on the day of asking: the UTC instant at which the named day or month begins."""

    YEAR_AGO = "year_ago"
    LAST_MONTH = "last_month"
    THIS_MONTH = "this_month"
    YESTERDAY = "yesterday"
    TODAY = "today"

    def on(self, today: date) -> datetime:
        """The instant, without zone, as seen from `today`."""
        this_month = today.replace(day=1)
        begins = {
            Moment.YEAR_AGO: this_month.replace(year=today.year - 1),
            Moment.LAST_MONTH: (this_month - timedelta(days=1)).replace(day=1),
            Moment.THIS_MONTH: this_month,
            Moment.YESTERDAY: today - timedelta(days=1),
            Moment.TODAY: today,
        }
        return datetime.combine(begins[self], time())


Default = str | int | Decimal | Moment | None


@dataclass(frozen=True)
class SavedQuery:
    """One saved query. `sql` is the SELECT without the header, `reads` table ids; `meanings` explains `parameters`.

    `asked` and `answer` are the example: values as a person types them, and lines of cells, the columns' names first.
    """

    name: str
    sql: str
    question: str
    reads: tuple[str, ...]
    parameters: Mapping[str, Default]
    meanings: Mapping[str, str]
    asked: Mapping[str, str] = field(default_factory=dict)
    answer: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Short hash of the query and its defaults: changes when its answer may."""
        return hashlib.sha256(f"{self.sql}\n{sorted(self.parameters.items())!r}".encode()).hexdigest()[:12]

    def over(self, start: datetime, end: datetime) -> dict[str, object]:
        """Values for the half-open period [start, end), everything else at its default."""
        return {**self.parameters, "period_start": start, "period_end": end}

    def bind(self, given: Mapping[str, str], today: date) -> dict[str, object]:
        """Values for what a person typed; what is not given has its default as seen from `today`.

        Raises QueryError for a name the query does not know and for text that its parameter cannot mean.
        """
        unknown = sorted(given.keys() - self.parameters.keys())
        if unknown:
            raise QueryError(f"{self.name} has no parameter {', '.join(unknown)}; it has {', '.join(self.parameters)}")
        values: dict[str, object] = {}
        for name, default in self.parameters.items():
            if name in given:
                values[name] = _typed(self.name, name, given[name], default)
            else:
                values[name] = default.on(today) if isinstance(default, Moment) else default
        return values

    def bind_after(self, given: Mapping[str, str], last: date) -> dict[str, object]:
        """Values as `bind` has them, on a lake whose last day is `last`: the last month is that day's, though it runs.

        Days are seen from the day after it, months from the month after its own.
        """
        following = (last.replace(day=1) + timedelta(days=32)).replace(day=1)
        by_day = {name for name, default in self.parameters.items() if default in (Moment.YESTERDAY, Moment.TODAY)}
        days = self.bind(given, last + timedelta(days=1))
        return {name: days[name] if name in by_day else value for name, value in self.bind(given, following).items()}


@cache
def saved_queries(folders: tuple[Path, ...] = FOLDERS) -> Mapping[str, SavedQuery]:
    """Every saved query by name, which is the file's: marts first. Raises QueryError for a malformed header."""
    files = [path for folder in folders for path in sorted(folder.glob("*.sql"))]
    return {path.stem: parse_query(path.stem, path.read_text("utf-8")) for path in files}


def saved_query(name: str) -> SavedQuery:
    """The saved query called `name`. Raises QueryError naming the ones that exist."""
    queries = saved_queries()
    if name not in queries:
        raise QueryError(f"no saved query {name!r}; there are {', '.join(queries) or 'none'}")
    return queries[name]


def parse_query(name: str, text: str) -> SavedQuery:
    """Read one file's `text`. Raises QueryError when its header lacks a part or holds an unknown one."""
    header, sql = _split(text)
    found: dict[str, str] = {}
    parameters: dict[str, Default] = {}
    meanings: dict[str, str] = {}
    answer: list[str] = []
    for line in header:
        label, _, rest = line.partition(" ")
        if label == "param":
            parameter, default, meaning = _parameter(name, rest)
            if parameter in parameters:
                raise QueryError(f"{name}.sql declares parameter {parameter} twice; remove one line")
            parameters[parameter], meanings[parameter] = default, meaning
        elif label == "answer:":
            answer.append(rest)
        elif label in ("question:", "reads:", "example:") and label not in found and rest.strip():
            found[label] = rest.strip()
        else:
            raise QueryError(f"{name}.sql has the header line {line!r}; write question:, reads: or param once each")
    missing = [label for label in ("question:", "reads:") if label not in found]
    if missing or not sql:
        raise QueryError(f"{name}.sql lacks {' and '.join(missing) or 'a SELECT'}; see the header in queries/saved.py")
    reads = tuple(part.strip() for part in found["reads:"].split(","))
    pairs = (pair.partition("=") for pair in found.get("example:", "").split())
    asked = {parameter: value for parameter, _, value in pairs}
    return SavedQuery(name, sql, found["question:"], reads, parameters, meanings, asked, tuple(answer))


def _split(text: str) -> tuple[list[str], str]:
    """The header's lines without their dashes, and the text from the first line that is no comment."""
    lines = text.splitlines()
    length = next((place for place, line in enumerate(lines) if not line.startswith("-- ")), len(lines))
    return [line.removeprefix("-- ").strip() for line in lines[:length]], "\n".join(lines[length:]).strip()


def _parameter(query: str, text: str) -> tuple[str, Default, str]:
    parts = _PARAMETER.fullmatch(text)
    if parts is None:
        raise QueryError(f"{query}.sql declares {text!r}; write `-- param name: default — meaning`")
    return parts["name"], _default(query, parts["default"]), parts["meaning"]


def _default(query: str, text: str) -> Default:
    if text == "null":
        return None
    if text in tuple(Moment):
        return Moment(text)
    if text.startswith("'"):
        return text.strip("'")
    try:
        return int(text) if re.fullmatch(r"-?\d+", text) else Decimal(text)
    except InvalidOperation:
        raise QueryError(
            f"{query}.sql has the default {text}; write null, a number, 'text' or {', '.join(Moment)}"
        ) from None


def _typed(query: str, name: str, text: str, default: Default) -> object:
    """`text` as the type of the parameter's default; a parameter without one, or with text, takes text."""
    try:
        match default:
            case Moment():
                return _instant(text)
            case int():
                return int(text)
            case Decimal():
                return Decimal(text)
    except (ValueError, InvalidOperation):
        kind = {int: "a whole number", Decimal: "a number"}.get(type(default), "a date or time such as 2026-01-31")
        raise QueryError(f"{query}: {name}={text} is not {kind}") from None
    return text


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
