"""Replay, rollback, reading the past and a range of days, each launched as Dagit launches it and seen in a browser."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest

from pricing_lake.contracts.bronze import RAW_SMARTGO_SALES
from pricing_lake_tests.services.browser import ChromiumMissingError, DagsterPages, open_pages
from pricing_lake_tests.services.dagster_dev import running_dagster_dev
from pricing_lake_tests.services.graphql import REPOSITORY, Dagster, wait_for
from pricing_lake_tests.shop import Shop
from pricing_lake_tests.yesterday import judged_by

pytestmark = pytest.mark.services

TABLE = RAW_SMARTGO_SALES.id
DAYS = ("2026-03-01", "2026-03-02", "2026-03-03")
SECONDS = 180
LAUNCH = """mutation ($execution: ExecutionParams!) { launchRun(executionParams: $execution) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
    ... on RunConfigValidationInvalid { errors { message } } } }"""
RUN = """query ($id: ID!) { runOrError(runId: $id) { ... on Run { status jobName
    eventConnection { events { __typename ... on HandledOutputEvent { stepKey }
        ... on ExecutionStepOutputEvent { metadataEntries { label
            ... on IntMetadataEntry { intValue } ... on PathMetadataEntry { path }
            ... on JsonMetadataEntry { jsonString } ... on MarkdownMetadataEntry { mdStr } } } } } } } }"""
DONE = ("SUCCESS", "FAILURE", "CANCELED")


@dataclass(frozen=True)
class RunningLake:
    """A Dagster on a lake whose first two days hold, in their lane, sales that today's contract takes."""

    dagster: Dagster
    shop: Shop

    def launch(self, job: str, **config: Any) -> tuple[str, dict[str, Any]]:
        """What a click on Launch Run in the Launchpad starts, to its end; the run's id and its op's metadata."""
        selector = {**REPOSITORY, "pipelineName": job}
        execution = {
            "selector": {
                "repositoryName": selector["repositoryName"],
                "repositoryLocationName": selector["repositoryLocationName"],
                "jobName": job,
            },
            "runConfigData": json.dumps({"ops": {f"{job}_op": {"config": config}}}),
        }
        launched = self.dagster.ask(LAUNCH, execution=execution)["launchRun"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        run_id = str(launched["run"]["runId"])

        def ended() -> dict[str, Any] | None:
            found: dict[str, Any] = self.dagster.ask(RUN, id=run_id)["runOrError"]
            return found if found["status"] in DONE else None

        run = wait_for(ended, SECONDS, f"the end of {job}")
        assert run["status"] == "SUCCESS", run
        return run_id, _metadata(run["eventConnection"]["events"])

    def sold(self) -> int:
        return len(self.shop.rows("raw_smartgo_sales", "sale_id"))


def _metadata(events: list[dict[str, Any]]) -> dict[str, Any]:
    entries = [entry for event in events for entry in event.get("metadataEntries") or ()]
    return {
        entry["label"]: next(value for name, value in entry.items() if name not in ("label", "__typename"))
        for entry in entries
    }


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLake]:
    shop = Shop(tmp_path_factory.mktemp("lake"), date(2026, 3, 1), date(2026, 3, 3))
    for day in DAYS:
        shop.sell(f"{day}-cheap", day)
        shop.sell(f"{day}-dear", day, sold_price="60.00")
    with judged_by(RAW_SMARTGO_SALES, "sold_price_not_positive", pl.col("sold_price") < 50):
        for day in DAYS[:2]:
            assert shop.run([day], (TABLE,)).success
    with running_dagster_dev(
        shop.home,
        {
            "PRICING_LAKE_START_DATE": DAYS[0],
            "PRICING_LAKE_END_DATE": DAYS[-1],
            "SMARTGO_URL": f"sqlite:///{shop.database}",
        },
    ) as dagster:
        yield RunningLake(dagster, shop)


@pytest.fixture(scope="module")
def pages(lake: RunningLake) -> Iterator[DagsterPages]:
    try:
        with open_pages(lake.dagster.url) as pages:
            yield pages
    except ChromiumMissingError as missing:
        pytest.fail(str(missing), pytrace=False)


def test_a_replay_a_reading_of_the_past_a_rollback_and_a_range_are_runs_with_verdicts_by_day(
    lake: RunningLake, pages: DagsterPages
) -> None:
    """One story: each step stands on the one before."""
    replayed, told = lake.launch("replay", table=TABLE, first=DAYS[0], last=DAYS[1])
    assert [day["regained"] for day in json.loads(told["days"])] == [1, 1]
    assert json.loads(told["changed"]) == list(DAYS[:2])
    assert lake.sold() == 4
    assert lake.dagster.verdicts(TABLE, "gate") == dict.fromkeys(DAYS[:2], "SUCCEEDED")
    shown = pages.verdicts("replayed", TABLE, "gate", DAYS[0], awaited="Passed (2)")
    assert {"Passed (2)", "Failed (0)", "Missing (1)"} <= set(shown.splitlines())

    snapshots = lake.shop.lake.table(RAW_SMARTGO_SALES).snapshots()
    read, then = lake.launch("read_as_of", table=TABLE, when=[str(snapshots[1].snapshot_id)])
    assert (then["rows"], pq.read_table(Path(then["file"])).num_rows) == (2, 2)
    assert "cheap" in then["preview"]
    seen = pages.run("read_as_of", read, awaited="STEP_OUTPUT")
    assert "preview" in seen

    back, undone = lake.launch("rollback", table=TABLE, snapshot=str(snapshots[1].snapshot_id))
    assert (json.loads(undone["proved_again"]), lake.sold()) == (list(DAYS[:2]), 2)

    backfill = lake.dagster.launch_backfill([TABLE], DAYS)
    assert lake.dagster.finish_backfill(backfill, SECONDS) == "COMPLETED_SUCCESS"
    assert lake.sold() == 6
    assert lake.dagster.verdicts(TABLE, "gate") == dict.fromkeys(DAYS, "SUCCEEDED")
    shown = pages.verdicts("materialized_range", TABLE, "gate", DAYS[2], awaited="Passed (3)")
    assert {"Passed (3)", "Failed (0)", "Missing (0)"} <= set(shown.splitlines())

    runs = pages.runs("runs_of_jobs", awaited="replay")
    assert {"replay", "read_as_of", "rollback"} <= {line.strip() for line in runs.splitlines()}
    assert len({replayed, read, back}) == 3
