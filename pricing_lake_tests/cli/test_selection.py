from pathlib import Path

import pytest

from pricing_lake.cli.selection import did_you_mean, fed_tables, made_of, select_tables, settings_that_feed
from pricing_lake.contracts.all import TABLES, table_called
from pricing_lake.contracts.model import Layer
from pricing_lake.errors import ConfigurationError
from pricing_lake.stage import load_stage


def ids(*names: str) -> list[str]:
    return [table.id for table in select_tables(names)]


def test_nothing_named_is_everything():
    assert select_tables(()) == TABLES


def test_tables_by_id_bare_name_and_layer_come_in_flow_order():
    bronze = [table.id for table in TABLES if table.layer is Layer.BRONZE]
    found = ids("comparables", "silver/sales_history", "bronze")
    assert found == [*bronze, "silver/sales_history", "marts/comparables"]


def test_a_table_named_twice_is_run_once():
    assert ids("silver", "sales_history") == [table.id for table in TABLES if table.layer is Layer.SILVER]


@pytest.mark.parametrize(("typed", "meant"), [("silvr", "silver"), ("sales_histroy", "sales_history")])
def test_a_slip_of_the_pen_gets_a_suggestion(typed, meant):
    with pytest.raises(ConfigurationError, match=rf"did you mean {meant}\?.*layers are bronze, silver"):
        select_tables((typed,))


def test_nothing_is_suggested_for_a_word_far_off():
    assert did_you_mean("zzz", ["silver"]) == ""


def test_what_no_source_in_use_feeds_is_left_out(home: Path) -> None:
    names = {table.id for table in fed_tables(load_stage({"PRICING_LAKE_HOME": str(home)}))}
    assert {
        "bronze/raw_smartgo_sales",
        "bronze/raw_fx_rates",
        "silver/sales_history",
        "quality/quality_results",
    } <= names
    assert not names & {"bronze/raw_orders_stream", "bronze/raw_orders_dlq", "bronze/raw_salesforce_leads"}


def test_what_is_made_of_a_table_is_below_it_alone() -> None:
    below = [table.id for table in made_of(table_called("silver/sales_history"))]
    assert below[0] == "gold/dim_product"
    assert {"gold/fact_sales", "marts/comparables", "quality/quality_results"} <= set(below)
    assert not {"silver/sales_history", "silver/embeddings", "bronze/raw_smartgo_sales"} & set(below)


def test_the_settings_that_feed_a_table_are_those_of_all_its_sources() -> None:
    assert settings_that_feed(table_called("gold/fact_orders")) == ["ORDERS_KAFKA_BOOTSTRAP", "SNOWFLAKE_ACCOUNT"]
    assert settings_that_feed(table_called("silver/salesforce_leads")) == ["SALESFORCE_DOMAIN"]
    assert settings_that_feed(table_called("gold/dim_date")) == []


def test_a_source_that_is_set_up_brings_its_tables_back(home: Path) -> None:
    settings = {"PRICING_LAKE_HOME": str(home), "ORDERS_KAFKA_BOOTSTRAP": "127.0.0.1:9"}
    names = {table.id for table in fed_tables(load_stage(settings))}
    assert {"bronze/raw_orders_stream", "bronze/raw_orders_dlq"} <= names
    assert "bronze/raw_snowflake_orders" not in names
