from pathlib import Path

import dagster as dg

import pricing_lake
from pricing_lake.cli.instance import DAGSTER_YAML, dagster_instance
from pricing_lake.stage import load_stage


def test_the_settings_are_those_of_the_project():
    project = Path(pricing_lake.__file__).parent.parent
    assert (project / "dagster.yaml").read_text(encoding="utf-8") == DAGSTER_YAML


def test_the_instance_lies_in_the_home_and_keeps_its_runs(home):
    stage = load_stage({"PRICING_LAKE_HOME": str(home)})

    @dg.asset
    def number() -> int:
        return 1

    with dagster_instance(stage) as instance:
        assert not instance.telemetry_enabled
        assert instance.run_retries_max_retries == 2
        run = dg.materialize([number], instance=instance)
    assert (home / "dagster" / "dagster.yaml").read_text(encoding="utf-8") == DAGSTER_YAML
    with dagster_instance(stage) as instance:
        assert [kept.run_id for kept in instance.get_runs()] == [run.run_id]


def test_settings_that_somebody_made_stay(home):
    mine = f"{DAGSTER_YAML}\n# mine\n"
    (home / "dagster").mkdir(parents=True)
    (home / "dagster" / "dagster.yaml").write_text(mine)
    with dagster_instance(load_stage({"PRICING_LAKE_HOME": str(home)})):
        pass
    assert (home / "dagster" / "dagster.yaml").read_text() == mine
