import contextlib
import csv
import fcntl
import io
import json
import os
import re
import struct
import subprocess
import sys
import termios
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


def test_years_keys_and_ids_are_no_amounts(capsys):
    output.print_table(
        ("year", "fiscal_year", "date_sk", "snapshot_id", "rows"), [(2026, 2027, 20260301, 12345, 12345)]
    )
    assert capsys.readouterr().out.splitlines()[1].split() == ["2026", "2027", "20260301", "12345", "12,345"]


def test_of_a_long_cell_the_beginning_and_the_length_are_shown():
    assert output.excerpt("x" * 300) == "x" * 300
    assert output.excerpt("x" * 1301) == f"{'x' * 300}… (1,301 characters)"
    assert output.excerpt(Decimal("12.50")) == Decimal("12.50")


def on_screen(width: int, columns: tuple[str, ...], rows: list[tuple[object, ...]]) -> list[str]:
    """The lines that a terminal of this width is sent, without colours."""
    leader, follower = os.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    program = "import json, sys; from pricing_lake.cli import output; output.print_table(*json.loads(sys.argv[1]))"
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    subprocess.run(
        [sys.executable, "-c", program, json.dumps([columns, rows])],
        stdout=follower,
        env={**environment, "TERM": "xterm"},
        check=True,
    )
    os.close(follower)
    text = b""
    with contextlib.suppress(OSError):  # the other end of a terminal that was closed
        while piece := os.read(leader, 65536):
            text += piece
    os.close(leader)
    return re.sub(r"\x1b\[[0-9;]*m", "", text.decode()).replace("\r", "").splitlines()


WIDE = ("tenant_id", "growth_vs_previous_month", "price_premium")
ROWS: list[tuple[object, ...]] = [("atelier-nord", 0.5, 1.25), ("second-spin", None, 2)]


def test_a_terminal_that_is_wide_enough_gets_a_line_per_row():
    names, rule, first, *_ = on_screen(80, WIDE, ROWS)
    assert names.split() == list(WIDE)
    assert set(rule) == {"─"}
    assert first.split() == ["atelier-nord", "0.5", "1.25"]


def test_on_a_narrower_one_long_names_are_broken_and_no_value_is():
    lines = on_screen(36, WIDE, ROWS)
    assert [line.split() for line in lines[-2:]] == [["atelier-nord", "0.5", "1.25"], ["second-spin", "-", "2"]]
    assert all(len(line) <= 36 for line in lines)
    assert [word for line in lines[:-3] for word in line.split() if word.startswith("prev")] == ["previous_"]


def test_on_one_that_no_table_fits_each_row_is_a_block():
    assert on_screen(24, WIDE, ROWS) == [
        "tenant_id                 atelier-nord",
        "growth_vs_previous_month  0.5",
        "price_premium             1.25",
        "",
        "tenant_id                 second-spin",
        "growth_vs_previous_month  -",
        "price_premium             2",
    ]


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
