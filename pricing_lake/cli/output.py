"""What commands print: tables, JSON, CSV and progress. Plain text without borders, colours or bars off a terminal."""

import csv
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

# Off a terminal nothing is wrapped: a line is a row.
UNLIMITED = 10_000
LONGEST_CELL = 300
NARROW = 8
LONGEST_WORD = 22
STYLES = {
    "ok": "green",
    "passed": "green",
    "yes": "green",
    "warn": "yellow",
    "skipped": "yellow",
    "no": "bold red",
    "FAIL": "bold red",
    "REFUSED": "bold red",
    "refused": "bold red",
    "FAILED": "bold red",
}


Step = Callable[[int, int, str], None]
"""Tells a watcher that so many of so many are done, and what the last one brought."""


def console(*, stderr: bool = False) -> Console:
    """A console on the current stdout or stderr."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(
        file=stream, width=None if stream.isatty() else UNLIMITED, highlight=False, markup=False, emoji=False
    )


def say(text: str = "", style: str | None = None) -> None:
    """One line on stdout."""
    console().print(text, style=style, soft_wrap=True)


def note(text: str, style: str | None = "yellow") -> None:
    """One line on stderr: something to know beside the answer."""
    console(stderr=True).print(text, style=style, soft_wrap=True)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> None:
    """Rows as a table; columns of numbers are aligned right.

    On a terminal that is too narrow, names and words are broken at `_` and `/`; where that is not enough, each row is
    a block of lines, one per column.
    """
    kept = list(rows)
    screen = console()
    if title:
        screen.print(title, style="bold", soft_wrap=True)
    table = _table(screen, columns, kept)
    if not screen.is_terminal:
        with screen.capture() as plain:
            screen.print(table)
        click.echo("\n".join(line.rstrip() for line in plain.get().splitlines()))
        return
    wide = screen.options.update(max_width=UNLIMITED)
    if screen.measure(table, options=wide).minimum > screen.width:
        table = _table(screen, columns, kept, NARROW, LONGEST_WORD)
    if screen.measure(table, options=wide).minimum > screen.width:
        _print_blocks(screen, columns, kept)
    else:
        screen.print(table)


def _table(
    screen: Console,
    columns: Sequence[str],
    rows: list[Sequence[object]],
    header: int = UNLIMITED,
    word: int = UNLIMITED,
) -> Table:
    """The rows with no word longer than `word`, and headers that may be wider than `header` only where values are."""
    table = Table(
        box=SIMPLE_HEAD if screen.is_terminal else None,
        pad_edge=False,
        show_edge=False,
        padding=(0, 1, 0, 0) if screen.is_terminal else (0, 1),
    )
    texts = [[_broken(_cell_of(name, value), word) for name, value in zip(columns, row, strict=True)] for row in rows]
    for place, name in enumerate(columns):
        values = [row[place] for row in rows if row[place] is not None]
        numbers = bool(values) and all(isinstance(value, int | float | Decimal) for value in values)
        widest = max((len(line) for row in texts for line in row[place].split()), default=0)
        heading = Text(_broken(name, max(header, widest)))
        # rich takes width from the widest columns first: not from those that it could only break within a word.
        words_only = not any(" " in text for text in (name, *(row[place] for row in texts)))
        justify: JustifyMethod = "right" if numbers else "left"
        table.add_column(heading, justify=justify, overflow="fold", no_wrap=words_only)
    for row, shown in zip(rows, texts, strict=True):
        table.add_row(*(Text(text, STYLES.get(str(value), "")) for text, value in zip(shown, row, strict=True)))
    return table


def _print_blocks(screen: Console, columns: Sequence[str], rows: list[Sequence[object]]) -> None:
    widest = max(len(name) for name in columns)
    for number, row in enumerate(rows):
        if number:
            screen.print()
        for name, value in zip(columns, row, strict=True):
            text = Text.assemble((f"{name:<{widest}}  ", "bold"), (_cell_of(name, value), STYLES.get(str(value), "")))
            screen.print(text, soft_wrap=True)


def _broken(text: str, width: int) -> str:
    """`text` with line breaks after `_` or `/`, so that no line is longer than `width` if that can be had."""
    lines = [""]
    for piece in re.split(r"(?<=[_/])", text):
        if lines[-1] and len(lines[-1] + piece) > width:
            lines.append("")
        lines[-1] += piece
    return "\n".join(lines)


def _cell_of(name: str, value: object) -> str:
    """The value as the column's `name` makes it read: years, keys and ids are no amounts."""
    if isinstance(value, int) and not isinstance(value, bool) and re.search(r"(^|_)(year|sk|id)$", name):
        return str(value)
    return cell(value)


def excerpt(value: object) -> object:
    """The value, or of one that is long to read its beginning, and how long it is."""
    text = cell(value)
    return value if len(text) <= LONGEST_CELL else f"{text[:LONGEST_CELL]}… ({len(text):,} characters)"


def cell(value: object) -> str:
    """A value as a person reads it. Characters that could steer a terminal are shown, not sent."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.4f}".rstrip("0").rstrip(".")
    if isinstance(value, int | Decimal):
        return f"{value:,}"
    if isinstance(value, list):
        return ", ".join(cell(item) for item in value)
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in str(value))


def print_json(value: object) -> None:
    """One JSON document on stdout."""
    click.echo(json.dumps(value, indent=2, default=as_json, ensure_ascii=False))


def print_csv(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Rows as CSV with a header; null is empty, lists are JSON."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_csv_value(row[name]) for name in columns])


def as_json(value: object) -> Any:
    """Dates as ISO text; decimals as numbers, exact up to fifteen digits."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    return str(value)


def _csv_value(value: object) -> object:
    if isinstance(value, list | dict):
        return json.dumps(value, default=as_json, ensure_ascii=False)
    return value.isoformat() if isinstance(value, date | datetime) else value


def as_bytes(count: int) -> str:
    """A size as a person reads it: 512 B, 1.2 MB."""
    size, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if size < 1_000:
            break
        size, unit = size / 1_000, larger
    return f"{size:,.0f} {unit}" if unit == "B" else f"{size:,.1f} {unit}"


@contextmanager
def progress(what: str, *, quiet: bool = False) -> Iterator[Step]:
    """A bar on stderr for a person who watches, a line per step for a log, nothing when `quiet`."""
    screen = console(stderr=True)
    if not quiet and screen.is_terminal:
        with _bar(screen, what) as step:
            yield step
        return

    def log(done: int, total: int, note: str) -> None:
        if not quiet and (note or done == total):
            screen.print(f"{what} {done}/{total} {note}".rstrip(), soft_wrap=True)

    yield log


@contextmanager
def _bar(screen: Console, what: str) -> Iterator[Step]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    shown = (TextColumn("{task.description:<9}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*shown, TextColumn("{task.fields[note]}"), console=screen) as bar:
        task = bar.add_task(what, total=None, note="")

        def move(done: int, total: int, note: str) -> None:
            bar.update(task, completed=done, total=total, note=note)

        yield move
