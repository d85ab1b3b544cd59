import json

from pricing_lake.contracts.all import TABLES
from pricing_lake.stage import load_stage


def test_every_table_is_listed_with_what_it_holds(on_demo, demo_home):
    facts = {each["table"]: each for each in json.loads(on_demo("tables", "--json").stdout)}
    assert list(facts) == [table.id for table in TABLES]
    history = facts["silver/sales_history"]
    assert (history["layer"], history["partitions_published"], history["partitions"]) == ("silver", 2, 2)
    assert history["files"] == 2
    files = list((load_stage({"PRICING_LAKE_HOME": str(demo_home)}).warehouse).rglob("sales_history/data/**/*.parquet"))
    assert history["bytes"] == sum(file.stat().st_size for file in files)
    assert 60 < history["rows"] < 80
    assert history["last_snapshot"] is not None
    assert history["last_verdict"] == "2026-03-01 passed"
    assert facts["marts/brand_performance"]["partitions"] == 2


def test_tables_that_are_not_there_yet_are_shown_as_such(pricing_lake):
    environment = {"PRICING_LAKE_START_DATE": "2026-03-01", "PRICING_LAKE_END_DATE": "2026-03-02"}
    lines = pricing_lake("tables", **environment).stdout.splitlines()[1:]
    assert len(lines) == len(TABLES)
    assert all(line.endswith("not created yet") for line in lines)
    facts = json.loads(pricing_lake("tables", "--json", **environment).stdout)
    assert {each["rows"] for each in facts} == {None}


def test_a_table_whose_only_day_was_refused_is_empty_and_says_so(shop, pricing_lake):
    pricing_lake("materialize", "--select", "raw_smartgo_sales", "--to", "2026-03-01", PRICING_LAKE_HOME=str(shop.home))
    facts = json.loads(pricing_lake("tables", "--json", PRICING_LAKE_HOME=str(shop.home)).stdout)
    sales = facts[0]
    assert (sales["rows"], sales["partitions_published"], sales["last_verdict"]) == (0, 0, "2026-03-01 REFUSED")
