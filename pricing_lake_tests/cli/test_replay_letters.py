"""`pricing-lake replay raw_orders_stream`: as any other table, told by day, a run in Dagit, and no broker asked."""

import json
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from pricing_lake.cli.instance import dagster_instance
from pricing_lake.cli.selection import made_from_bronze
from pricing_lake.contracts.bronze_orders import RAW_ORDERS_DLQ, RAW_ORDERS_STREAM
from pricing_lake.lake.catalog import Lake
from pricing_lake.resources import resources_for
from pricing_lake.stage import Stage, load_stage
from pricing_lake_tests.bronze.orders_lake import DAY, today, tomorrow_morning
from pricing_lake_tests.cli.conftest import type_in
from pricing_lake_tests.lake.test_replay_letters import ASIDE, SENT, STRICT
from pricing_lake_tests.sources.mock_kafka import mock_kafka
from pricing_lake_tests.yesterday import judged_by

TABLES = ("--select", "raw_orders_stream", "--select", "raw_orders_dlq")
REPLAY = ("replay", "raw_orders_stream", "--day", today())


@pytest.fixture(scope="module")
def stale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Two settled days, the letters of today, and a broker that is gone by now."""
    home = tmp_path_factory.mktemp("letters") / "lake"
    with mock_kafka() as kafka, judged_by(*STRICT), tomorrow_morning():
        kafka.send("orders", *SENT)
        for day in (DAY, today()):
            words = ("materialize", "--from", day, "--to", day, *TABLES)
            result = type_in(home, *words, PRICING_LAKE_START_DATE=DAY, ORDERS_KAFKA_BOOTSTRAP=kafka.bootstrap)
            assert result.exit_code == 0, result.output
    with tomorrow_morning():
        yield home


def stage_of(home: Path) -> Stage:
    return load_stage({"PRICING_LAKE_HOME": str(home), "PRICING_LAKE_START_DATE": DAY, "ORDERS_KAFKA_BOOTSTRAP": "x:1"})


def lake_of(home: Path) -> Lake:
    lake: Lake = resources_for(stage_of(home))["lake"].open()  # type: ignore[attr-defined]  # a LakeResource
    return lake


def test_letters_are_replayed_without_a_broker_and_dagit_shows_the_run(stale: Path) -> None:
    planned = json.loads(type_in(stale, *REPLAY, "--dry-run", "--json", PRICING_LAKE_START_DATE=DAY).stdout)
    [told] = planned["days"]
    assert (told["regained"], sum(told["still_aside"].values())) == (3, len(ASIDE))
    result = type_in(stale, *REPLAY, PRICING_LAKE_START_DATE=DAY)
    assert result.exit_code == 0, result.stderr
    assert "message_tombstone 1" in result.stdout
    assert f"`pricing-lake replay {RAW_ORDERS_STREAM.id} --from-bronze --day {DAY} --to {today()}`" in result.stderr
    assert lake_of(stale).table(RAW_ORDERS_STREAM).scan().to_arrow().num_rows == 4
    with dagster_instance(stage_of(stale)) as instance:
        [run] = instance.get_runs(dg.RunsFilter(job_name="replay"))
        records = instance.fetch_materializations(dg.AssetKey(["bronze", "raw_orders_stream"]), limit=2).records
    assert {(record.run_id, record.partition_key) for record in records} == {(run.run_id, DAY), (run.run_id, today())}
    assert {run.status} == {dg.DagsterRunStatus.SUCCESS}


def test_the_dead_letters_are_made_again_from_the_lake(stale: Path) -> None:
    """Their table is of bronze, and no source is asked for it."""
    type_in(stale, *REPLAY, PRICING_LAKE_START_DATE=DAY)
    words = ("materialize", "--from", today(), "--to", today(), "--select", "raw_orders_dlq")
    assert type_in(stale, *words, PRICING_LAKE_START_DATE=DAY, ORDERS_KAFKA_BOOTSTRAP="127.0.0.1:9").exit_code == 0
    reasons = lake_of(stale).table(RAW_ORDERS_DLQ).scan(selected_fields=("offset", "reason")).to_arrow().to_pylist()
    assert {row["offset"]: row["reason"] for row in reasons} == ASIDE
    made = [table.id for table in made_from_bronze(stage_of(stale), RAW_ORDERS_STREAM)]
    assert (made[0], "silver/orders" in made, RAW_ORDERS_STREAM.id in made) == (RAW_ORDERS_DLQ.id, True, False)
    assert "bronze/raw_product_images" not in made
