import json

import dagster as dg
import polars as pl
import pytest

from pricing_lake.cli.instance import dagster_instance
from pricing_lake.contracts.bronze import RAW_SMARTGO_SALES
from pricing_lake.partitions import Calendar
from pricing_lake_tests.cli.conftest import type_in
from pricing_lake_tests.shop import Shop
from pricing_lake_tests.yesterday import judged_by

DAY, LATER = "2026-03-01", "2026-03-02"
TABLE = "bronze/raw_smartgo_sales"
KEY = dg.AssetKey(["bronze", "raw_smartgo_sales"])
SALES = ("--select", "raw_smartgo_sales")
REPLAY = ("replay", TABLE, "--day", DAY)


@pytest.fixture
def stale(shop: Shop) -> Shop:
    """Two published days; on the first two sales of 60 were set aside by a rule that allows them today."""
    for day in (DAY, LATER):
        for number in range(3):
            shop.sell(f"{day}-{number}", day)
    for number in range(2):
        shop.sell(f"dear-{number}", DAY, sold_price="60.00")
    shop.sell("unreadable", DAY, sold_price="abc")
    with judged_by(RAW_SMARTGO_SALES, "sold_price_not_positive", pl.col("sold_price") < 50):
        result = type_in(shop.home, "materialize", "--to", LATER, *SALES)
        assert result.exit_code == 0, result.stdout
    return shop


def sold(shop: Shop, table: str) -> list[str]:
    return sorted(str(row["sale_id"]) for row in shop.rows(table, "sale_id"))


def page(instance: dg.DagsterInstance, shop: Shop, check: str) -> dict[str, str]:
    """What the check's Partitions page shows."""
    key = dg.AssetCheckKey(KEY, check)
    days = Calendar(shop.first_day, shop.last_day).days
    state = instance.event_log_storage.get_asset_check_state([(key, days)])[key]
    return {day: s.value for s, part in state.subsets.items() for day in part.subset_value.get_partition_keys()}


def test_a_replay_regains_rows_of_a_day_without_the_source_and_is_a_run(stale: Shop) -> None:
    stale.database.unlink()
    planned = json.loads(type_in(stale.home, *REPLAY, "--dry-run", "--json").stdout)
    assert [(day["day"], day["regained"], day["still_aside"]) for day in planned["days"]] == [
        (DAY, 2, {"sold_price_unparseable": 1})
    ]
    assert len(sold(stale, "raw_smartgo_sales")) == 6
    result = type_in(stale.home, *REPLAY, "--to", LATER)
    assert result.exit_code == 0, result.stderr
    assert "sold_price_unparseable 1" in result.stdout
    assert f"`pricing-lake replay {TABLE} --from-bronze --day {DAY}`" in result.stderr, "the day that changed"
    assert len(sold(stale, "raw_smartgo_sales")) == 8
    with dagster_instance(stale.stage) as instance:
        [run] = instance.get_runs(dg.RunsFilter(job_name="replay"))
        assert run.is_success
        record = instance.fetch_materializations(KEY, limit=1).records[0]
        assert (record.partition_key, record.run_id) == (DAY, run.run_id), "the day that changed, and no other"
        assert page(instance, stale, "gate") == {DAY: "SUCCEEDED", LATER: "SUCCEEDED"}


def test_silver_gold_and_marts_are_made_again_from_bronze_without_the_source(stale: Shop) -> None:
    others = ("raw_carousel_sales", "raw_product_images", "raw_fx_rates", "silver", "gold")
    type_in(stale.home, "materialize", "--to", DAY, *(word for name in others for word in ("--select", name)))
    type_in(stale.home, *REPLAY)
    stale.database.unlink()
    assert len(sold(stale, "sales_history")) == 3
    result = type_in(stale.home, *REPLAY, "--from-bronze", "--json")
    assert result.exit_code == 0, result.stdout
    made = json.loads(result.stdout)["days"][0]["tables"]
    assert len(sold(stale, "sales_history")) == 5
    assert "silver/sales_history" in made
    assert not [table for table in made if table.startswith("bronze/")]


def test_from_bronze_names_what_it_would_make(stale: Shop) -> None:
    words = ("replay", "sales_history", "--from-bronze", "--day", DAY, "--dry-run", "--json")
    planned = json.loads(type_in(stale.home, *words).stdout)["tables"]
    assert planned[0] == "silver/embeddings", "what it reads above bronze is made first"
    assert "gold/fact_sales" in planned
    assert "marts/brand_performance" in planned
    assert "silver/orders" not in planned


def test_nothing_to_do_is_said_and_commits_nothing(stale: Shop) -> None:
    type_in(stale.home, *REPLAY)
    again = json.loads(type_in(stale.home, *REPLAY, "--json").stdout)
    assert [(day["changed"], day["regained"]) for day in again["days"]] == [(False, 0)]


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("replay", "raw_smartgo_sale", "--day", DAY), 1, "did you mean raw_smartgo_sales?"),
        (("replay", TABLE, "--day", "2026-03-04"), 1, "is not published; materialize it first"),
        (("replay", TABLE, "--day", "2027-01-01"), 2, "for --day: 2027-01-01 is not a day of this lake"),
        (("replay", "brand_performance", "--day", DAY), 1, "has no days; make its days again with"),
        ((*REPLAY, "--from-bronze", "--gone", "x"), 2, "--gone is about quarantined rows"),
    ],
)
def test_what_cannot_be_replayed_is_one_line(stale: Shop, words: tuple[str, ...], code: int, text: str) -> None:
    result = type_in(stale.home, *words)
    assert (result.exit_code, text in result.stderr) == (code, True), result.stderr


def test_a_day_that_todays_contract_refuses_fails_the_run_and_keeps_its_rows(stale: Shop) -> None:
    for number in range(40):
        stale.sell(f"more-{number}", "2026-03-03")
    assert type_in(stale.home, "materialize", "--from", "2026-03-03", "--to", "2026-03-03", *SALES).exit_code == 0
    with judged_by(RAW_SMARTGO_SALES, "sold_price_not_positive", pl.col("sold_price") > 1_000):
        result = type_in(stale.home, "replay", TABLE, "--day", "2026-03-03")
    assert result.exit_code == 1
    assert "bad_share: 40 of 40 rows are bad" in result.stderr
    assert len(sold(stale, "raw_smartgo_sales")) == 46
    assert type_in(stale.home, "replay", TABLE, "--day", "2026-03-03").exit_code == 0, "mended, it can be replayed"
