import json

import pytest

from pricing_lake.cli.query_inputs import query_inputs, why_absent
from pricing_lake.contracts.all import table_called
from pricing_lake.errors import QueryError
from pricing_lake.queries.saved import MARTS_FOLDER, saved_queries
from pricing_lake_tests.shop import Shop

SAVED = [name for name, query in saved_queries().items() if not (MARTS_FOLDER / f"{name}.sql").exists()]


@pytest.mark.parametrize("name", SAVED)
def test_every_saved_query_answers_on_a_lake_without_orders(on_demo, name):
    result = on_demo("query", name, "--format", "json")
    assert result.exit_code == 0, result.stderr
    json.loads(result.stdout)


def test_what_no_source_feeds_is_empty_and_the_settings_that_would_are_named(on_demo):
    result = on_demo("query", "orders_by_day", "--format", "json")
    assert json.loads(result.stdout) == []
    assert (
        "no source of gold/fact_orders is set up (ORDERS_KAFKA_BOOTSTRAP, SNOWFLAKE_ACCOUNT); it counts as empty"
        in result.stderr
    )
    assert "not created yet" in next(line for line in on_demo("tables").stdout.splitlines() if "fact_orders" in line)


def test_sources_in_use_are_told_beside_those_that_are_not(on_demo):
    late = json.loads(on_demo("query", "late_rows", "--month", "2026-03", "--format", "json").stdout)
    assert [row["source"] for row in late] == ["smartgo"]
    orphans = json.loads(on_demo("query", "orphan_keys", "--month", "2026-03", "--format", "json").stdout)
    assert {row["fact"] for row in orphans} == {"gold/fact_sales"}


def test_what_is_not_there_was_empty_at_any_time(on_demo):
    result = on_demo("query", "orders_by_day", "--as-of", "2120-01-01", "--format", "json")
    assert (result.exit_code, json.loads(result.stdout)) == (0, [])


def test_a_table_that_is_fed_has_to_be_published_first(shop: Shop) -> None:
    reads = [table_called("gold/fact_orders"), table_called("gold/fact_sales")]
    with pytest.raises(
        QueryError, match=r"^q reads gold/fact_sales, not published yet; run `pricing-lake materialize`$"
    ):
        query_inputs(shop.stage, shop.lake, reads, "q")
    assert not shop.lake.exists(reads[1])


def test_why_a_table_is_absent_follows_from_its_sources(shop: Shop) -> None:
    assert "run `pricing-lake materialize`" in why_absent(shop.stage, table_called("gold/fact_sales"))
    behavior = why_absent(shop.stage, table_called("gold/fact_behavior"))
    assert behavior.startswith("no source of gold/fact_behavior is set up (REDSHIFT_UNLOAD_URI or REDSHIFT_URL)")
