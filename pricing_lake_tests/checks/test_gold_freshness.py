"""checks/gold_freshness: one step tells of every table, in runs of any day and by the clock; Dagit shows it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from pricing_lake.checks.gold_freshness import CHECK, WATCHED, check_keys, gold_freshness
from pricing_lake.contracts.all import TABLES
from pricing_lake.contracts.model import Layer
from pricing_lake.definitions import build_defs
from pricing_lake.partitions import Calendar
from pricing_lake.stage import load_stage
from pricing_lake_tests.checks.tiny_lake import QUIET, TOTALS, TinyLake, back, tiny, totals
from pricing_lake_tests.table_asset.tiny_table import lake_resource

CALENDAR = Calendar(back(20))
DAYS_KEY, WHOLE_KEY = dg.AssetKey(["gold", QUIET.name]), dg.AssetKey(["gold", TOTALS.name])
KEYS = [dg.AssetCheckKey(key, CHECK) for key in (DAYS_KEY, WHOLE_KEY)]
CLOCK = dg.define_asset_job("clock", selection=dg.AssetSelection.checks(*KEYS))
DUE = (datetime.now(UTC) - timedelta(hours=30)).date() - timedelta(days=1)

pytestmark = pytest.mark.filterwarnings("ignore::dagster.PreviewWarning", "ignore::dagster.BetaWarning")


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


class Watched:
    """A lake of two watched tables, run through Dagster."""

    def __init__(self, home: Path, instance: dg.DagsterInstance) -> None:
        self.tiny_lake, self.instance = TinyLake(home), instance
        amounts = dict.fromkeys(CALENDAR.days.get_partition_keys(), (1, 2))
        self.definitions = dg.Definitions(
            assets=[asset.definition(CALENDAR, "lake", 7) for asset in (tiny, totals)],
            asset_checks=[gold_freshness(CALENDAR, [(QUIET, ()), (TOTALS, (QUIET,))])],
            jobs=[CLOCK],
            resources={"lake": lake_resource(home), "amounts": dg.ResourceDefinition.hardcoded_resource(amounts)},
        )

    def run(self, table: str, *days: date) -> dg.ExecuteInProcessResult:
        """Materialize a table as Dagit does: a day, or a range of days."""
        tags = (
            {
                "dagster/asset_partition_range_start": days[0].isoformat(),
                "dagster/asset_partition_range_end": days[-1].isoformat(),
            }
            if days
            else None
        )
        return self.definitions.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=self.instance,
            asset_selection=[dg.AssetKey(["gold", table])],
            tags=tags,
        )

    def tick(self) -> dg.ExecuteInProcessResult:
        """What the clock starts: the checks and nothing else."""
        result = self.definitions.resolve_job_def("clock").execute_in_process(instance=self.instance)
        assert result.get_asset_materialization_events() == []
        return result

    def page(self, key: dg.AssetKey) -> tuple[str, bool]:
        """What the check's page shows: its status, and whether it speaks of the latest materialization."""
        storage = self.instance.event_log_storage
        [found] = storage.get_latest_asset_check_execution_by_key([dg.AssetCheckKey(key, CHECK)]).values()
        latest = self.instance.get_latest_materialization_event(key)
        assert latest is not None
        assert found.event is not None
        evaluation = found.event.dagster_event.asset_check_evaluation_data  # type: ignore[union-attr]
        target = evaluation.target_materialization_data
        return found.status.value, target is not None and target.run_id == latest.run_id


@pytest.fixture
def watched(tmp_path: Path, instance: dg.DagsterInstance) -> Watched:
    return Watched(tmp_path, instance)


def outcomes(result: dg.ExecuteInProcessResult) -> dict[str, tuple[bool, str]]:
    assert result.success
    found = [one for one in result.get_asset_check_evaluations() if one.check_name == CHECK]
    assert {one.partition for one in found} == {None}, "it speaks of the table"
    return {one.asset_key.path[-1]: (one.passed, one.severity.value) for one in found}


def test_a_run_of_the_due_day_passes_and_so_does_a_backfill_after_it(watched: Watched) -> None:
    assert outcomes(watched.run("tiny", DUE)) == {"tiny": (True, "WARN")}
    assert outcomes(watched.run("tiny", back(18), back(15))) == {"tiny": (True, "WARN")}
    assert watched.page(DAYS_KEY) == ("SUCCEEDED", True)


def test_a_lake_that_is_being_filled_warns_and_fails_no_run(watched: Watched) -> None:
    result = watched.run("tiny", back(18), back(15))
    assert result.success
    assert outcomes(result) == {"tiny": (False, "WARN")}


def test_the_clock_tells_what_no_run_does(watched: Watched) -> None:
    watched.run("tiny", DUE - timedelta(days=3))
    watched.tiny_lake.age(DUE - timedelta(days=3), hours=72)
    result = watched.tick()
    assert outcomes(result) == {"tiny": (False, "ERROR"), "totals": (True, "WARN")}
    assert watched.page(DAYS_KEY) == ("FAILED", True)
    watched.run("tiny", DUE)
    assert watched.page(DAYS_KEY) == ("SUCCEEDED", True)


def test_a_whole_that_was_made_anew_of_equal_content_is_fresh(watched: Watched) -> None:
    """Its proof stays that of the day before; that it was made is known from Dagster alone."""
    watched.run("tiny", DUE)
    watched.run("totals")
    proofs = sorted(watched.tiny_lake.home.rglob("gold/quality/totals/*.json"))
    watched.tiny_lake.publish(DUE, amounts=(3,))
    assert outcomes(watched.run("totals")) == {"totals": (True, "WARN")}
    assert sorted(watched.tiny_lake.home.rglob("gold/quality/totals/*.json")) == proofs
    assert outcomes(watched.tick())["totals"] == (True, "WARN")
    assert watched.page(WHOLE_KEY) == ("SUCCEEDED", True)


def test_a_proof_that_cannot_be_read_fails_the_check_and_not_the_run(watched: Watched) -> None:
    watched.run("tiny", DUE)
    [proof] = watched.tiny_lake.home.rglob("gold/quality/tiny/*.json")
    proof.write_text("{")
    result = watched.tick()
    assert outcomes(result)["tiny"] == (False, "ERROR")
    [said] = [one.description for one in result.get_asset_check_evaluations() if one.asset_key == DAYS_KEY]
    assert str(said).startswith("it cannot be told: verdict gold/quality/tiny/")


def test_the_clock_on_an_empty_lake_blames_nobody_and_makes_no_table(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    stage = load_stage({"PRICING_LAKE_HOME": str(tmp_path), "PRICING_LAKE_START_DATE": back(9).isoformat()})
    job = build_defs(stage).resolve_job_def("freshness_of_gold")
    result = job.execute_in_process(instance=instance)
    assert set(outcomes(result).values()) == {(True, "WARN")}
    assert len(outcomes(result)) == len(WATCHED)
    assert list(tmp_path.rglob("*.metadata.json")) == []


def test_every_table_of_gold_is_watched_and_the_clock_strikes_every_hour(tmp_path: Path) -> None:
    assert {table.id for table in WATCHED} == {table.id for table in TABLES if table.layer is Layer.GOLD}
    definitions = build_defs(load_stage({"PRICING_LAKE_HOME": str(tmp_path)}))
    schedule = definitions.resolve_schedule_def("gold_freshness_every_hour")
    assert schedule.cron_schedule == "30 * * * *"
    assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED
    job = definitions.resolve_job_def("freshness_of_gold")
    assert job.asset_layer.asset_graph.asset_check_keys == set(check_keys())
