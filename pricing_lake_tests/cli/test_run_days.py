import pytest

from pricing_lake.cli.instance import dagster_instance
from pricing_lake.cli.run_days import PartitionOutcome, PartitionRunner
from pricing_lake.cli.selection import select_tables

DAY = "2026-03-01"
SALES = ("raw_smartgo_sales", "quality", "data_quality_daily")


@pytest.fixture
def run(shop):
    """Runs tables of the shop's lake for a day."""
    with dagster_instance(shop.stage) as instance:
        runner = PartitionRunner(shop.stage, instance)
        yield lambda key, *names: runner.run(key, select_tables(names))


def test_a_day_is_published_and_its_rows_are_told(shop, run):
    shop.sell("s1", DAY)
    shop.sell("s1", DAY)
    shop.sell("s2", DAY, sold_price="abc")
    outcome = run(DAY, "raw_smartgo_sales")
    assert outcome.passed
    assert outcome.verdict == "passed"
    published = outcome.published["bronze/raw_smartgo_sales"]
    assert (published.rows, published.duplicates, published.quarantined, published.changed) == (1, 1, 1, True)
    assert outcome.changed


def test_the_same_day_again_changes_nothing(shop, run):
    shop.sell("s1", DAY)
    run(DAY, "raw_smartgo_sales")
    again = run(DAY, "raw_smartgo_sales")
    assert again.passed
    assert not again.changed


def test_a_refused_day_says_why_and_still_fills_the_quality_tables(shop, run):
    for number in range(30):
        shop.sell(f"s{number}", DAY, sold_price="abc")
    outcome = run(DAY, *SALES)
    assert outcome.verdict == "REFUSED"
    assert [verdict.table_id for verdict in outcome.refused] == ["bronze/raw_smartgo_sales"]
    assert "30 of 30 rows are bad (sold_price_unparseable 30)" in outcome.why
    assert set(outcome.published) == {
        "quality/quality_results", "quality/quarantined_rows", "marts/data_quality_daily"
    }  # fmt: skip
    assert len(shop.rows("quarantined_rows")) == 30
    assert [row["verdict"] for row in shop.rows("data_quality_daily")] == ["refused"]
    again = run(DAY, *SALES)
    assert (again.verdict, again.changed, again.why) == ("REFUSED", False, outcome.why)


def test_a_failure_that_is_no_verdict_is_told_as_such(shop, run):
    shop.sell("s1", DAY)
    shop.database.unlink()
    outcome = run(DAY, *SALES)
    assert outcome.verdict == "FAILED"
    assert not outcome.refused
    assert "smartgo.db does not exist" in outcome.errors["bronze/raw_smartgo_sales"]


def test_runs_are_kept_with_their_partition_selection_and_checks(shop):
    shop.sell("s1", DAY)
    with dagster_instance(shop.stage) as instance:
        PartitionRunner(shop.stage, instance).run(DAY, select_tables(("raw_smartgo_sales",)))
        (kept,) = instance.get_runs()
        assert kept.tags["dagster/partition"] == DAY
        assert {key.to_user_string() for key in kept.asset_selection} == {"bronze/raw_smartgo_sales"}
        assert {check.name for check in kept.asset_check_selection or ()} <= {"gate", "quarantine"}
        events = [event.dagster_event for event in instance.all_logs(kept.run_id) if event.dagster_event]
        checks = [e.asset_check_evaluation_data for e in events if e.event_type_value == "ASSET_CHECK_EVALUATION"]
    assert {(check.check_name, check.partition, check.passed) for check in checks} == {
        ("gate", DAY, True), ("quarantine", DAY, True)
    }  # fmt: skip


def test_outcomes_of_two_runs_are_joined():
    first = PartitionOutcome(DAY, 1.0, errors={"a/b": "broke"})
    both = first.joined(PartitionOutcome(DAY, 2.0))
    assert (both.seconds, both.verdict, both.why) == (3.0, "FAILED", "a/b: broke")
