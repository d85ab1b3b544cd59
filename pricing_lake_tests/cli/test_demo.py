import json

import pytest

from pricing_lake_tests.cli.conftest import type_in


def test_the_demo_builds_a_lake_and_shows_it(demo):
    assert demo.exit_code == 0, demo.stderr
    for part in ("The lake", "Dirt: planted", "Leading brands of 2026-03", "nearest earlier", "make ui"):
        assert part in demo.stdout
    assert "2 of 2 days and 2 of 2 months published" in demo.stdout
    assert "nothing changed" not in demo.stdout


def test_the_dearest_sale_is_shown_beside_the_nearest_earlier_ones(demo):
    lines = demo.stdout.partition("at most five)")[2].partition("\n\n")[0].splitlines()[2:]
    assert 1 <= len(lines) <= 5
    assert [int(line.split()[0]) for line in lines] == list(range(1, len(lines) + 1))


def test_what_was_sold_is_shown_in_dollars(demo):
    lines = demo.stdout.partition("(gold/fact_sales)")[2].partition("\n\n")[0].splitlines()[2:]
    amounts = {line.split()[1]: [float(word.replace(",", "")) for word in line.split()[3:]] for line in lines}
    assert amounts["EUR"][1] == pytest.approx(1.08 * amounts["EUR"][0], rel=0.05)
    assert amounts["EUR"][1] > amounts["EUR"][0] > 0


def test_again_it_changes_nothing_and_says_so(demo, demo_home):
    again = type_in(demo_home, "demo")
    assert again.exit_code == 0, again.stderr
    assert "nothing changed" in again.stdout


def test_dirt_that_was_not_planted_is_a_loud_failure(pricing_lake, home):
    small = ("--days", "1", "--sales-per-day", "25", "--tenants", "1", "--last-day", "2026-03-01")
    pricing_lake("sample", *small)
    record = home / "sample" / "sample.json"
    kept = json.loads(record.read_text())
    kept["planted"]["condition_unknown"] += 1
    record.write_text(json.dumps(kept))
    result = pricing_lake("demo", *small)
    assert result.exit_code == 1
    assert "error: the lake found other dirt than was planted: condition_unknown planted" in result.stderr
    assert "nothing changed" not in result.stdout


@pytest.mark.parametrize(
    ("name", "value"), [("SMARTGO_URL", "sqlite:////elsewhere.db"), ("PRICING_LAKE_START_DATE", "2026-01-01")]
)
def test_an_environment_that_leads_elsewhere_is_refused(pricing_lake, name, value):
    result = pricing_lake("demo", "--days", "1", "--sales-per-day", "2", "--tenants", "1", **{name: value})
    assert result.exit_code == 1
    assert f"error: {name} is set in the environment" in result.stderr
