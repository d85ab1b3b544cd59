"""The event log of in-process runs: Dagster's own files, whoever reads them, with few databases open."""

from pathlib import Path

import dagster as dg
import yaml
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

from pricing_lake.cli.instance import DAGSTER_YAML, dagster_instance
from pricing_lake.cli.warm_event_log import OPEN_SHARDS, WarmEventLog
from pricing_lake.stage import Stage, load_stage

KEY = dg.AssetKey("thing")


@dg.asset(partitions_def=dg.StaticPartitionsDefinition(["a", "b"]))
def thing() -> None:
    """An asset."""


def stage_in(home: Path) -> Stage:
    return load_stage({"PRICING_LAKE_HOME": str(home)})


def open_databases(home: Path) -> int:
    """Descriptors of this process on databases below `home`."""
    targets = [str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    return sum(target.startswith(str(home)) and target.endswith(".db") for target in targets)


def test_what_it_writes_dagsters_own_log_reads(tmp_path: Path) -> None:
    with dagster_instance(stage_in(tmp_path)) as instance:
        assert isinstance(instance.event_log_storage, WarmEventLog)
        run = dg.materialize([thing], instance=instance, partition_key="a")
        written = [entry.message for entry in instance.all_logs(run.run_id)]
    plain = SqliteEventLogStorage(str(tmp_path / "dagster" / "history" / "runs"))
    assert [entry.message for entry in plain.get_logs_for_run(run.run_id)] == written
    with dg.DagsterInstance.from_config(str(tmp_path / "dagster")) as other:
        assert type(other.event_log_storage) is SqliteEventLogStorage
        assert other.get_materialized_partitions(KEY) == {"a"}


def test_it_sees_what_another_process_of_dagster_wrote_meanwhile(tmp_path: Path) -> None:
    with dagster_instance(stage_in(tmp_path)) as warm:
        dg.materialize([thing], instance=warm, partition_key="a")
        with dg.DagsterInstance.from_config(str(tmp_path / "dagster")) as plain:
            dg.materialize([thing], instance=plain, partition_key="b")
            dg.materialize([thing], instance=warm, partition_key="a")
            assert plain.get_materialized_partitions(KEY) == {"a", "b"}
        assert warm.get_materialized_partitions(KEY) == {"a", "b"}


def test_however_many_runs_few_databases_are_open_and_none_at_the_end(tmp_path: Path) -> None:
    with dagster_instance(stage_in(tmp_path)) as instance:
        for _ in range(3 * OPEN_SHARDS):
            dg.materialize([thing], instance=instance, partition_key="a")
        history = tmp_path / "dagster" / "history" / "runs"
        assert 0 < open_databases(history) <= 2 * OPEN_SHARDS
    assert open_databases(history) == 0


def test_a_dagster_with_a_storage_of_its_own_keeps_it(tmp_path: Path) -> None:
    stage = stage_in(tmp_path)
    stage.dagster_home.mkdir(parents=True)
    own = {"storage": {"sqlite": {"base_dir": str(tmp_path / "elsewhere")}}}
    (stage.dagster_home / "dagster.yaml").write_text(DAGSTER_YAML + yaml.safe_dump(own), encoding="utf-8")
    with dagster_instance(stage) as instance:
        dg.materialize([thing], instance=instance, partition_key="a")
        assert instance.get_materialized_partitions(KEY) == {"a"}
    assert (tmp_path / "elsewhere").is_dir()
