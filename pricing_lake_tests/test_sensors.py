"""Which failed runs make `quality_of_refused_days` load the quality tables, and that it never chases itself."""

from collections.abc import Iterator

import dagster as dg
import pytest

from pricing_lake.definitions import build_defs
from pricing_lake.sensors import quality_of_day, quality_of_refused_days
from pricing_lake_tests.shop import Shop

DAY, LATER = "2026-03-02", "2026-03-04"
RANGE = {"dagster/asset_partition_range_start": DAY, "dagster/asset_partition_range_end": LATER}


class FailedRuns:
    """Runs of the real graph on a shop without a single sale: every table refuses its day."""

    def __init__(self, shop: Shop) -> None:
        self.definitions = build_defs(shop.stage)
        self.instance = dg.DagsterInstance.ephemeral()

    def of(self, *tables: str, tags: dict[str, str]) -> list[dg.RunRequest]:
        """What the sensor asks for after a failed run of these tables, as a backfill makes it."""
        graph = self.definitions.resolve_implicit_global_asset_job_def()
        selection = [dg.AssetKey.from_user_string(table) for table in tables]
        return self._asked_after(graph, tags, selection)

    def of_job(self, name: str, tags: dict[str, str]) -> list[dg.RunRequest]:
        """What the sensor asks for after a failed run of a whole job, as a schedule makes it."""
        return self._asked_after(self.definitions.resolve_job_def(name), tags, None)

    def _asked_after(
        self, job: dg.JobDefinition, tags: dict[str, str], selection: list[dg.AssetKey] | None
    ) -> list[dg.RunRequest]:
        result = job.execute_in_process(
            instance=self.instance, tags=tags, asset_selection=selection, raise_on_error=False
        )
        [event] = result.filter_events(lambda found: found.is_run_failure)
        with dg.build_run_status_sensor_context(
            sensor_name=quality_of_refused_days.name,
            dagster_event=event,
            dagster_instance=self.instance,
            dagster_run=result.dagster_run,
        ) as context:
            asked = quality_of_refused_days(context.for_run_failure())
            assert isinstance(asked, Iterator)
            return [request for request in asked if isinstance(request, dg.RunRequest)]


@pytest.fixture
def failed(shop: Shop) -> FailedRuns:
    return FailedRuns(shop)


def test_a_refused_day_asks_for_its_quality_tables(failed: FailedRuns) -> None:
    [request] = failed.of("bronze/raw_smartgo_sales", tags={"dagster/partition": DAY})
    assert request.tags == {"dagster/partition": DAY}


def test_a_refused_range_asks_for_one_run_over_all_its_days(failed: FailedRuns) -> None:
    [request] = failed.of("bronze/raw_smartgo_sales", "silver/sales_history", tags=RANGE)
    assert request.tags == RANGE


def test_a_failed_daily_job_asks_for_its_quality_tables(failed: FailedRuns) -> None:
    [request] = failed.of_job("daily", {"dagster/partition": DAY})
    assert request.tags == {"dagster/partition": DAY}


def test_a_run_that_judges_nothing_asks_for_nothing(failed: FailedRuns) -> None:
    assert failed.of("quality/quality_results", tags=RANGE) == []


def test_a_failure_of_the_quality_job_itself_asks_for_nothing(failed: FailedRuns) -> None:
    assert failed.of_job(quality_of_day.name, {"dagster/partition": DAY}) == []
