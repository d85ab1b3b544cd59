import shutil
import sqlite3

import pytest

from pricing_lake_tests.cli.conftest import type_in


def test_the_demo_builds_a_lake_and_shows_it(demo):
    assert demo.exit_code == 0, demo.stderr
    for part in ("The lake", "Dirt: planted", "Leading brands of 2026-03", "five nearest", "make ui"):
        assert part in demo.stdout
    assert "2 of 2 days and 2 of 2 months published" in demo.stdout
    assert "nothing changed" not in demo.stdout


def test_the_dearest_sale_is_shown_beside_five_earlier_ones(demo):
    lines = demo.stdout.partition("five nearest")[2].splitlines()
    assert [line.split()[0] for line in lines[2:7]] == ["1", "2", "3", "4", "5"]


@pytest.fixture
def copied_home(demo, demo_home, tmp_path):
    """The demo's lake at its own place, put back afterwards."""
    kept = tmp_path / "kept"
    shutil.copytree(demo_home, kept)
    yield demo_home
    shutil.rmtree(demo_home)
    kept.rename(demo_home)


def test_again_it_changes_nothing_and_says_so(copied_home):
    again = type_in(copied_home, "demo")
    assert again.exit_code == 0, again.stderr
    assert "nothing changed" in again.stdout


def test_dirt_that_was_not_planted_is_a_loud_failure(copied_home):
    with sqlite3.connect(copied_home / "sample" / "smartgo.db") as connection:
        connection.execute(
            "update sales set condition = 'haunted' where rowid in"
            " (select rowid from sales where condition = 'new' and length(sold_price) = 5 limit 1)"
        )
    result = type_in(copied_home, "demo")
    assert result.exit_code == 1
    assert "condition_unknown planted" in result.stderr


@pytest.mark.parametrize(
    ("name", "value"), [("SMARTGO_URL", "sqlite:////elsewhere.db"), ("PRICING_LAKE_START_DATE", "2026-01-01")]
)
def test_an_environment_that_leads_elsewhere_is_refused(pricing_lake, name, value):
    result = pricing_lake("demo", "--days", "1", "--sales-per-day", "2", "--tenants", "1", **{name: value})
    assert result.exit_code == 1
    assert f"error: {name} is set in the environment" in result.stderr
