import json
from pathlib import Path

import dagster as dg
import pytest

from pricing_lake.cli.instance import dagster_instance
from pricing_lake.contracts.bronze import RAW_SMARTGO_SALES
from pricing_lake.table_asset.housekeeping_job import housekeeping_on_sundays
from pricing_lake_tests.cli.conftest import type_in
from pricing_lake_tests.lake.chores.ageing import age
from pricing_lake_tests.shop import Shop

DAY = "2026-03-01"
ONE_DAY = ("materialize", "--to", DAY, "--select", "raw_smartgo_sales")
FIGURES = ("expired_partitions", "snapshots", "orphans", "verdicts", "lane_files")


@pytest.fixture
def untidy(shop: Shop) -> Shop:
    """A published day, and a file of a run that died four days ago."""
    shop.sell("s1", DAY)
    assert type_in(shop.home, *ONE_DAY).exit_code == 0
    died(shop).write_bytes(b"died")
    age([died(shop)], 4)
    return shop


def died(shop: Shop) -> Path:
    location = shop.lake.table(RAW_SMARTGO_SALES).location().removeprefix("file://")
    return Path(location) / "data" / "died.parquet"


def test_without_yes_it_says_what_would_go(untidy: Shop) -> None:
    result = type_in(untidy.home, "housekeeping")
    assert result.exit_code == 0
    assert "pricing-lake housekeeping --yes" in result.stderr
    [found] = json.loads(type_in(untidy.home, "housekeeping", "--json").stdout)["tables"]
    assert found["table"] == "bronze/raw_smartgo_sales"
    assert [found[name] for name in FIGURES] == [0, 0, 1, 0, 0]
    assert died(untidy).exists()


def test_with_yes_it_is_a_run_that_dagit_shows(untidy: Shop) -> None:
    result = type_in(untidy.home, "housekeeping", "--select", "bronze", "--yes", "--json")
    assert result.exit_code == 0, result.stderr
    told = json.loads(result.stdout)
    assert (told["done"], [table["orphan_bytes"] for table in told["tables"]]) == (True, [4])
    assert not died(untidy).exists()
    assert [row["sale_id"] for row in untidy.rows("raw_smartgo_sales")] == ["s1"]
    with dagster_instance(untidy.stage) as instance:
        [run] = instance.get_runs(dg.RunsFilter(job_name="housekeeping"))
        assert run.is_success
    assert "nothing to tidy" in type_in(untidy.home, "housekeeping", "--yes").stdout


def test_a_word_that_is_no_table_is_one_line(untidy: Shop) -> None:
    result = type_in(untidy.home, "housekeeping", "--select", "brnze")
    assert (result.exit_code, "did you mean bronze?" in result.stderr) == (1, True)


def test_the_schedule_is_sunday_morning_and_starts_switched_off() -> None:
    assert housekeeping_on_sundays.cron_schedule == "0 4 * * 0"
    assert housekeeping_on_sundays.execution_timezone == "UTC"
    assert housekeeping_on_sundays.default_status is dg.DefaultScheduleStatus.STOPPED
