"""What commands print: tables, JSON, CSV and progress. Plain text without borders, colours or bars off a terminal."""

import csv
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

# Off a terminal nothing is wrapped or cut: a line is a row.
UNLIMITED = 10_000
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
    """Rows as a table; columns of numbers are aligned right."""
    kept = list(rows)
    screen = console()
    if title:
        screen.print(title, style="bold", soft_wrap=True)
    table = Table(box=SIMPLE_HEAD if screen.is_terminal else None, pad_edge=False)
    for place, name in enumerate(columns):
        values = [row[place] for row in kept if row[place] is not None]
        numbers = bool(values) and all(isinstance(value, int | float | Decimal) for value in values)
        table.add_column(Text(name), justify="right" if numbers else "left", overflow="fold")
    for row in kept:
        table.add_row(*(Text(cell(value), STYLES.get(str(value), "")) for value in row))
    if screen.is_terminal:
        screen.print(table)
        return
    with screen.capture() as plain:
        screen.print(table)
    click.echo("\n".join(line.rstrip() for line in plain.get().splitlines()))


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
