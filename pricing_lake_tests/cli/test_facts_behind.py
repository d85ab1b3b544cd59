"""`pricing-lake facts-behind`: says which days are behind, runs them when told to, and tells of refusals."""

import json
from datetime import date
from pathlib import Path

import pytest

from pricing_lake.contracts.gold_facts import FACT_ORDERS
from pricing_lake.contracts.silver_orders import ORDERS
from pricing_lake.contracts.silver_people import CUSTOMERS
from pricing_lake.gold.dim_customer import dim_customer
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.publish import publish
from pricing_lake.lake.window import PartitionWindow
from pricing_lake_tests.cli.conftest import type_in
from pricing_lake_tests.gold.star_days import UNKNOWN, customer
from pricing_lake_tests.star_on_stage import StarOnStage


@pytest.fixture
def star(tmp_path: Path) -> StarOnStage:
    """Orders of three days by a customer who became known on the second of them, later."""
    star = StarOnStage(tmp_path / "lake")
    star.ordered(2, 3, 9)
    star.tell(CUSTOMERS, customer(3))
    star.make(dim_customer)
    return star


def known(star: StarOnStage) -> list[bool]:
    return [row["customer_sk"] != UNKNOWN for row in star.rows(FACT_ORDERS)]


def test_it_says_which_days_and_changes_nothing(star: StarOnStage) -> None:
    result = type_in(star.home, "facts-behind")
    assert result.exit_code == 0
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines == [
        ["fact", "day", "customers", "products", "rates"],
        ["gold/fact_orders", "2026-03-03", "1", "0", "0"],
        ["gold/fact_orders", "2026-03-09", "1", "0", "0"],
    ]
    assert "facts-behind --yes" in result.stderr
    [third, ninth] = json.loads(type_in(star.home, "facts-behind", "--json").stdout)["days"]
    assert (third["day"], ninth["customers"]) == ("2026-03-03", 1)
    assert known(star) == [False, False, False]


def test_with_yes_these_days_are_run_and_no_other(star: StarOnStage) -> None:
    result = type_in(star.home, "facts-behind", "--yes")
    assert result.exit_code == 0, result.stdout
    assert "2 of 2 days published" in result.stdout
    assert known(star) == [False, True, True]
    again = type_in(star.home, "facts-behind", "--yes")
    assert (again.exit_code, again.stdout) == (0, "no day of a fact is behind its dimensions\n")


def test_a_day_that_is_refused_leaves_the_others_and_ends_with_1(star: StarOnStage) -> None:
    none = star.lake.table(ORDERS).scan(selected_fields=ORDERS.names).to_arrow().slice(0, 0)
    window = PartitionWindow.of_day(date(2026, 3, 3))
    assert publish(star.lake, ORDERS, [window], lambda _: Candidate(none, expected_rows=1), "silver").refused
    result = type_in(star.home, "facts-behind", "--yes", "--json")
    assert result.exit_code == 1
    outcome = json.loads(result.stdout)
    assert [(day["partition"], day["verdict"]) for day in outcome["days"]] == [
        ("2026-03-03", "REFUSED"),
        ("2026-03-09", "passed"),
    ]
    assert known(star) == [False, False, True]


def test_a_lake_without_facts_has_none_behind(tmp_path: Path) -> None:
    result = type_in(StarOnStage(tmp_path / "empty").home, "facts-behind")
    assert (result.exit_code, result.stdout) == (0, "no day of a fact is behind its dimensions\n")
