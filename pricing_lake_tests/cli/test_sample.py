import json
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from pricing_lake.cli.sample import Wishes

SMALL = ("--days", "2", "--sales-per-day", "25", "--tenants", "1")


def test_a_sample_is_made_and_described(pricing_lake, home):
    made = json.loads(pricing_lake("sample", *SMALL, "--last-day", "2026-03-02", "--seed", "5", "--json").stdout)
    assert made == {
        "made": True,
        "database": str(home / "sample" / "smartgo.db"),
        "first_day": "2026-03-01",
        "last_day": "2026-03-02",
        "sales": 50,
        "tenants": ["atelier-nord"],
        "seed": 5,
        "bad_day": None,
    }
    with sqlite3.connect(made["database"]) as connection:
        assert connection.execute("select count(*) from sales").fetchone() == (50,)
    again = pricing_lake("sample", *SMALL, "--last-day", "2026-03-02", "--seed", "5")
    assert "already there" in again.stdout


def test_the_last_day_is_yesterday_unless_said(pricing_lake):
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    assert json.loads(pricing_lake("sample", *SMALL, "--json").stdout)["last_day"] == yesterday.isoformat()


def test_more_tenants_than_named_shops():
    wishes = Wishes(days=1, sales_per_day=2, tenants=5, last_day=None, seed=None)
    assert wishes.record().shape.tenants == ("atelier-nord", "second-spin", "vintage-lane", "shop-04", "shop-05")


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("--days", "0"), 2, "--days"),
        (("--last-day", "tomorrow"), 2, "write it as"),
        (("--last-day", "2200-01-01"), 1, "no sample of this shape"),
        (("--last-day", "2026-03-02", "--days", "2", "--bad-day", "2026-03-03"), 1, "2026-03-01 to 2026-03-02"),
    ],
)
def test_a_sample_that_makes_no_sense_is_refused(pricing_lake, home, words, code, text):
    result = pricing_lake("sample", *words)
    assert result.exit_code == code
    assert text in result.stderr
    assert not (home / "settings.toml").exists()
