"""The graph as a reviewed snapshot: keys, groups, owners, partitions, checks, reads, crons. Any change is a diff.

`python -m pricing_lake_tests.test_graph` writes it again after a change that was meant.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from pricing_lake.definitions import build_defs
from pricing_lake.stage import load_stage

SNAPSHOT = Path(__file__).parent / "graph.txt"


def listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(words)) or "none"


def described(definitions: dg.Definitions) -> str:
    graph = definitions.resolve_asset_graph()
    lines = []
    for key in graph.toposorted_asset_keys:
        node = graph.get(key)
        kind = type(node.partitions_def).__name__.removesuffix("PartitionsDefinition").lower()
        partitions = kind if node.partitions_def else "whole"
        backfill = f"{node.backfill_policy.max_partitions_per_run} per run" if node.backfill_policy else "whole"
        tags = [f"{name}={value}" for name, value in node.tags.items() if not name.startswith("dagster/")]
        lines += [
            key.to_user_string(),
            f"    group {node.group_name} · {partitions} · owners {listed(node.owners)} · kinds {listed(node.kinds)}",
            f"    tags {listed(tags)}",
            f"    backfill {backfill} · pools {listed(node.pools or ())}",
            f"    checks {listed(check.name for check in node.check_keys)}",
            f"    reads {listed(parent.to_user_string() for parent in node.parent_keys)}",
        ]
    repository = definitions.get_repository_def()
    lines += [
        f"schedule {s.name}: {s.cron_schedule}, starts {s.default_status.value}" for s in repository.schedule_defs
    ]
    lines += [f"sensor {s.name}: starts {s.default_status.value}" for s in repository.sensor_defs]
    return "\n".join(lines) + "\n"


def local_definitions(home: Path) -> dg.Definitions:
    return build_defs(load_stage({"PRICING_LAKE_HOME": str(home), "PRICING_LAKE_START_DATE": "2026-03-01"}))


def test_the_graph_is_as_reviewed(tmp_path: Path) -> None:
    assert described(local_definitions(tmp_path)) == SNAPSHOT.read_text(encoding="utf-8")


def test_definitions_load_without_touching_anything(tmp_path: Path) -> None:
    home = tmp_path / "nowhere"
    dg.Definitions.validate_loadable(local_definitions(home))
    assert not home.exists()


def test_the_schedule_asks_for_yesterday(tmp_path: Path) -> None:
    repository = local_definitions(tmp_path).get_repository_def()
    schedule = repository.get_schedule_def("daily_at_0300_utc")
    moment = datetime(2026, 3, 20, 3, tzinfo=UTC)
    tick = schedule.evaluate_tick(dg.build_schedule_context(scheduled_execution_time=moment, repository_def=repository))
    assert [request.partition_key for request in tick.run_requests] == ["2026-03-19"]


@pytest.mark.parametrize("key", ["month_marts", "dimensions", "quality_of_refused_days", "facts_follow_dimensions"])
def test_the_sensors_start_by_themselves(key: str, tmp_path: Path) -> None:
    sensor = local_definitions(tmp_path).get_repository_def().get_sensor_def(key)
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING


if __name__ == "__main__":
    SNAPSHOT.write_text(described(local_definitions(Path("nowhere"))), encoding="utf-8")
