"""A real `dagster dev`, its daemon and its sensors: a bad day in a range is refused alone, told, and mended."""

import signal
import subprocess
import sys

import polars as pl
import pytest

from pricing_lake_tests.services.bad_day_story import (
    MONTH_TABLES,
    SALES,
    SECONDS_FOR_A_SENSOR,
    BadDayMended,
    BadDayMet,
    SmallLake,
)
from pricing_lake_tests.services.dagster_dev import session_is_alive, stop
from pricing_lake_tests.services.graphql import wait_for
from pricing_lake_tests.services.small_shop import BAD_DAY, DAYS, GOOD_DAYS

pytestmark = pytest.mark.services

STUBBORN_FAMILY = """
import signal, subprocess, sys, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print("born", flush=True)
time.sleep(60)
"""


def test_every_daemon_is_well(small_lake: SmallLake) -> None:
    daemons = small_lake.dagster.daemons()
    assert {"SENSOR", "BACKFILL", "SCHEDULER", "ASSET", "QUEUED_RUN_COORDINATOR"} <= daemons.keys()
    assert all(daemons.values()), daemons


def test_a_backfill_with_a_bad_day_ends_as_failed(bad_day_met: BadDayMet) -> None:
    assert bad_day_met.outcome == "COMPLETED_FAILED"


def test_the_bad_day_alone_is_not_materialized(bad_day_met: BadDayMet) -> None:
    assert bad_day_met.partitions == dict.fromkeys(GOOD_DAYS, "MATERIALIZED") | {BAD_DAY: "FAILED"}


def test_the_gate_has_a_verdict_for_each_day(bad_day_met: BadDayMet) -> None:
    assert bad_day_met.verdicts == dict.fromkeys(GOOD_DAYS, "SUCCEEDED") | {BAD_DAY: "FAILED"}


def test_good_days_of_the_bad_days_run_are_published(bad_day_met: BadDayMet) -> None:
    assert bad_day_met.published == set(GOOD_DAYS)


def test_the_refused_rows_can_be_queried_without_anybody_asking_for_them(
    small_lake: SmallLake, bad_day_met: BadDayMet
) -> None:
    rows = bad_day_met.quarantined
    assert rows["table_id"].unique().to_list() == [SALES]
    assert rows["reasons"].list.contains("sold_price_unparseable").sum() == small_lake.shop.spoiled


def test_the_refusal_can_be_queried_before_it_is_mended(bad_day_met: BadDayMet) -> None:
    refused = bad_day_met.quality.filter(pl.col("verdict") == "refused")
    assert refused.select("table_id", "good_rows").rows() == [(SALES, 0)]


def test_what_the_bad_day_held_up_is_caught_up_by_the_next_backfill(bad_day_mended: BadDayMended) -> None:
    assert bad_day_mended.outcome_of_neighbours == "COMPLETED_SUCCESS"


def test_the_mended_day_turns_everything_green(bad_day_mended: BadDayMended) -> None:
    assert bad_day_mended.outcome == "COMPLETED_SUCCESS"
    assert bad_day_mended.verdicts == dict.fromkeys(DAYS, "SUCCEEDED")
    for table, partitions in bad_day_mended.partitions.items():
        assert partitions == dict.fromkeys(DAYS, "MATERIALIZED"), table
    assert set(bad_day_mended.quality["verdict"]) == {"passed"}


def test_the_months_follow_their_days_by_themselves(small_lake: SmallLake, bad_day_mended: BadDayMended) -> None:
    month = f"{DAYS[0][:7]}-01"
    sold = small_lake.rows("silver/sales_history").height

    def counted() -> bool:
        if any(small_lake.dagster.partitions(table) != {month: "MATERIALIZED"} for table in MONTH_TABLES):
            return False
        return int(small_lake.rows("marts/tenant_month_sales").select(pl.sum("items_sold")).item()) == sold

    wait_for(counted, SECONDS_FOR_A_SENSOR, "every month mart to hold the mended day")


def test_stopping_leaves_no_process_of_the_session_behind() -> None:
    family = subprocess.Popen(
        [sys.executable, "-c", STUBBORN_FAMILY], stdout=subprocess.PIPE, text=False, start_new_session=True
    )
    assert family.stdout is not None
    assert family.stdout.readline() == b"born\n"
    stop(family, patience=0.5)
    assert not session_is_alive(family.pid)
    assert family.returncode == -signal.SIGKILL
