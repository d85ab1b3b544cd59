import csv
import io
import json
from datetime import date
from decimal import Decimal

import pytest

from pricing_lake.cli import output


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "-"),
        (True, "yes"),
        (1234567, "1,234,567"),
        (0.25, "0.25"),
        (3.0, "3"),
        (Decimal("1234.50"), "1,234.50"),
        (date(2026, 3, 1), "2026-03-01"),
        ([1, 2], "1, 2"),
        ("Größe 38 ✨", "Größe 38 ✨"),
        ("red\x1b[31m\nnext", "red\\x1b[31m\\x0anext"),
    ],
)
def test_a_cell_is_readable_and_cannot_steer_the_terminal(value, shown):
    assert output.cell(value) == shown


def test_a_table_off_a_terminal_is_a_line_per_row_however_wide(capsys):
    output.print_table(("name", "n"), [("x" * 300, 1), ("[bold]y[/bold]", 20)])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[1].split() == ["x" * 300, "1"]
    assert lines[2].startswith("[bold]y[/bold]")
    assert lines[1].endswith("  1")
    assert not [line for line in lines if line != line.rstrip()]


def test_json_keeps_dates_and_money(capsys):
    output.print_json({"day": date(2026, 3, 1), "price": Decimal("12.50"), "brand": "Größe"})
    text = capsys.readouterr().out
    assert json.loads(text) == {"day": "2026-03-01", "price": 12.5, "brand": "Größe"}
    assert "Größe" in text


def test_csv_reads_back(capsys):
    rows = [{"a": 'x,"y"', "b": None, "c": [1, 2], "d": Decimal("1.10")}]
    output.print_csv(("a", "b", "c", "d"), rows)
    assert list(csv.DictReader(io.StringIO(capsys.readouterr().out))) == [
        {"a": 'x,"y"', "b": "", "c": "[1, 2]", "d": "1.10"}
    ]


@pytest.mark.parametrize(
    ("count", "shown"), [(0, "0 B"), (999, "999 B"), (1_200_000, "1.2 MB"), (7_500_000_000_000_000, "7,500.0 TB")]
)
def test_sizes(count, shown):
    assert output.as_bytes(count) == shown


def test_progress_off_a_terminal_is_a_line_per_step_on_stderr(capsys):
    with output.progress("days") as step:
        step(1, 2, "first")
        step(2, 2, "")
    assert capsys.readouterr() == ("", "days 1/2 first\ndays 2/2\n")


def test_progress_is_silent_when_nobody_wants_it(capsys):
    with output.progress("days", quiet=True) as step:
        step(1, 1, "done")
    assert capsys.readouterr() == ("", "")
