"""Dagster's instance of a lake: its settings, its folder, and opening it for runs inside this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pricing_lake.stage import Stage

if TYPE_CHECKING:
    import dagster as dg

DAGSTER_YAML = """\
# Copied into the Dagster home by `pricing-lake` and `make ui`.
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  pools:
    default_limit: 1
    granularity: run
run_retries:
  enabled: true
  max_retries: 2
  # A refused day or a wrong setting stays wrong: only a run whose process died is started again.
  retry_on_asset_or_op_failure: false
"""
"""The project's `dagster.yaml`, word for word (a test compares them): an installed package has no project folder."""

# Capturing stdout starts four processes per run, as long as a run's own work, to record what assets never print.
IN_PROCESS = {
    "compute_logs": {"module": "dagster._core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"}
}


@contextmanager
def dagster_instance(stage: Stage) -> Iterator["dg.DagsterInstance"]:
    """The instance at `$PRICING_LAKE_HOME/dagster`, the one that `make ui` shows; made on first use.

    A `dagster.yaml` that is already there stays as it is.
    """
    import dagster as dg
    from dagster._core.instance.ref import InstanceRef

    stage.dagster_home.mkdir(parents=True, exist_ok=True)
    settings = stage.dagster_home / "dagster.yaml"
    if not settings.exists():
        settings.write_text(DAGSTER_YAML, encoding="utf-8")
    overrides = {**IN_PROCESS, **_warm_event_log(stage, settings.read_text(encoding="utf-8"))}
    reference = InstanceRef.from_dir(str(stage.dagster_home), overrides=overrides)
    with dg.DagsterInstance.from_ref(reference) as instance:
        yield instance


def _warm_event_log(stage: Stage, settings: str) -> dict[str, object]:
    """The event log that keeps its databases open, unless the lake's Dagster has a storage of its own."""
    import yaml

    chosen = yaml.safe_load(settings) or {}
    if {"storage", "run_storage", "event_log_storage", "schedule_storage"} & set(chosen):
        return {}
    return {
        "event_log_storage": {
            "module": "pricing_lake.cli.warm_event_log",
            "class": "WarmEventLog",
            "config": {"base_dir": str(stage.dagster_home / "history" / "runs")},
        }
    }
