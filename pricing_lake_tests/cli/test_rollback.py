import json

import dagster as dg
import pytest

from pricing_lake.cli.instance import dagster_instance
from pricing_lake.contracts.bronze import RAW_SMARTGO_SALES
from pricing_lake.lake.history import history
from pricing_lake.partitions import Calendar
from pricing_lake_tests.cli.conftest import type_in
from pricing_lake_tests.shop import Shop

DAY, LATER = "2026-03-01", "2026-03-02"
TABLE = "bronze/raw_smartgo_sales"
KEY = dg.AssetKey(["bronze", "raw_smartgo_sales"])


def materialize(shop: Shop, day: str) -> None:
    words = ("materialize", "--from", day, "--to", day, "--select", "raw_smartgo_sales")
    assert type_in(shop.home, *words).exit_code == 0


@pytest.fixture
def corrected(shop: Shop) -> Shop:
    """A day, that day with a wrong price, and a later day."""
    shop.sell("s1", DAY)
    materialize(shop, DAY)
    shop.execute("UPDATE sales SET sold_price = '99.00'")
    materialize(shop, DAY)
    shop.sell("s2", LATER)
    materialize(shop, LATER)
    return shop


def snapshots(shop: Shop) -> list[str]:
    return [str(each.snapshot_id) for each in history(shop.lake.table(RAW_SMARTGO_SALES))]


def prices(shop: Shop) -> list[str]:
    return sorted(str(row["sold_price"]) for row in shop.rows("raw_smartgo_sales", "sold_price"))


def test_without_yes_it_says_what_it_would_do_and_changes_nothing(corrected: Shop) -> None:
    newest, before, first = snapshots(corrected)
    result = type_in(corrected.home, "rollback", TABLE)
    assert result.exit_code == 0
    assert f"--to {before} --yes" in result.stderr
    assert f"refused until materialized again: {LATER}" in result.stdout
    plan = json.loads(type_in(corrected.home, "rollback", TABLE, "--to", first, "--json").stdout)
    assert (plan["proved_again"], plan["refused"], plan["done"]) == ([DAY], [LATER], False)
    assert plan["undone"] == [int(newest), int(before)]
    assert snapshots(corrected) == [newest, before, first]


def test_a_rollback_is_a_run_that_dagit_shows_with_the_verdict_of_each_day(corrected: Shop) -> None:
    result = type_in(corrected.home, "rollback", TABLE, "--to", snapshots(corrected)[2], "--yes")
    assert result.exit_code == 0, result.stderr
    assert prices(corrected) == ["10.00"]
    assert f"once the cause is mended: `pricing-lake materialize --from {LATER} --to {LATER}`" in result.stderr
    again = f"`pricing-lake replay {TABLE} --from-bronze --day {DAY} --to {LATER}`"
    assert "made of it before: bronze/raw_product_images, silver/embeddings, silver/sales_history" in result.stderr
    assert f"make them again: {again}" in result.stderr
    with dagster_instance(corrected.stage) as instance:
        [run] = instance.get_runs(dg.RunsFilter(job_name="rollback"))
        assert run.is_success
        record = instance.fetch_materializations(KEY, limit=1).records[0]
        assert (record.partition_key, record.run_id) == (DAY, run.run_id)
        key = dg.AssetCheckKey(KEY, "gate")
        days = Calendar(corrected.first_day, corrected.last_day).days
        state = instance.event_log_storage.get_asset_check_state([(key, days)])[key]
        page = {day: s.value for s, part in state.subsets.items() for day in part.subset_value.get_partition_keys()}
        assert page == {DAY: "SUCCEEDED", LATER: "FAILED"}
    materialize(corrected, LATER)
    assert prices(corrected) == ["10.00", "10.00"]


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("rollback", "raw_smartgo_sale"), 1, "did you mean raw_smartgo_sales?"),
        (("rollback", TABLE, "--to", "12345"), 1, "no snapshot 12345 that its state stands on"),
        (("rollback", TABLE, "--to", "2020-01-01"), 1, "that its state stands on; the newest are"),
        (("rollback", TABLE, "--to", "yesterday"), 2, "write it as 2026-01-31T12:00Z"),
        (("rollback", "fact_sales"), 1, "is not published yet"),
    ],
)
def test_what_cannot_be_rolled_back_is_one_line(corrected: Shop, words: tuple[str, ...], code: int, text: str) -> None:
    result = type_in(corrected.home, *words)
    assert (result.exit_code, text in " ".join(result.stderr.split())) == (code, True), result.stderr
