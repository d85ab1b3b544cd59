"""Runs one job of the lake inside this process, on the instance that Dagit shows. Knows no job by name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from pricing_lake.cli.instance import dagster_instance
from pricing_lake.cli.interruption import watch_for_interruption
from pricing_lake.cli.run_days import reason_of
from pricing_lake.resources import resources_for
from pricing_lake.stage import Stage


@dataclass(frozen=True)
class JobOutcome:
    """How a job ended. `why` is one line when it failed; `told` is the metadata that its op put out."""

    run_id: str
    why: str = ""
    told: Mapping[str, Any] = field(default_factory=dict)

    @property
    def done(self) -> bool:
        """Whether the job did what was asked for."""
        return not self.why


def run_job(stage: Stage, job: dg.JobDefinition, op: str, config: Mapping[str, object], *, verbose: bool) -> JobOutcome:
    """Run `job`, whose one op is `op`, and wait for it. Raises KeyboardInterrupt when Ctrl-C kept it from its end."""
    run_config = {
        "ops": {op: {"config": dict(config)}},
        "loggers": {"console": {"config": {"log_level": "DEBUG" if verbose else "CRITICAL"}}},
    }
    with dagster_instance(stage) as instance, watch_for_interruption() as interrupted:
        result = job.execute_in_process(
            run_config=run_config, instance=instance, resources=dict(resources_for(stage)), raise_on_error=False
        )
        if interrupted() and not result.success:
            raise KeyboardInterrupt
    failed = next((event for event in result.all_events if event.is_step_failure), None)
    outputs = [event.step_output_data.metadata for event in result.all_events if event.is_successful_output]
    return JobOutcome(
        result.run_id,
        "" if result.success else reason_of(failed) if failed else "the run broke before its first step; see Dagit",
        {name: value.value for metadata in outputs for name, value in metadata.items()},
    )
