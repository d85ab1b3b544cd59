"""The job `housekeeping` over every table of the lake. What it removes and what it never touches: `lake.chores`."""

from dataclasses import asdict

import dagster as dg
from pydantic import Field

from pricing_lake.contracts.all import TABLES, table_called
from pricing_lake.errors import PermanentError
from pricing_lake.table_asset.column_schema import asset_key

HOUSEKEEPING_OP = "housekeeping_op"


class HousekeepingConfig(dg.Config):
    """Which tables."""

    tables: list[str] = Field(default_factory=list, description="Tables, such as gold/dim_fx; none means all of them.")


@dg.op(
    name=HOUSEKEEPING_OP,
    required_resource_keys={"lake"},
    out=dg.Out(dg.Nothing),
    description="Expire rows and snapshots, merge small files, delete what nothing leads to any more.",
)
def housekeeping_op(context: dg.OpExecutionContext, config: HousekeepingConfig) -> None:
    """One table after the other; one that cannot be kept does not stop the others."""
    from pricing_lake.lake.housekeeping import Housekeeping  # here, so that loading the graph stays quick

    lake = context.resources.lake.open()
    done, failed = [], []
    for table in [table_called(name) for name in config.tables] or TABLES:
        try:
            kept = Housekeeping.at_once(lake, table).run(context.run_id)
        except PermanentError as error:
            failed.append(f"{table.id}: {error}")
            continue
        if kept.any or kept.busy:
            context.log.info("%s", kept)
            context.log_event(dg.AssetObservation(asset_key(table), metadata={"housekeeping": asdict(kept)}))
            done.append(asdict(kept))
    context.add_output_metadata({"tables": dg.MetadataValue.json(done)})
    if failed:
        raise dg.Failure("\n".join(failed), allow_retries=False)


@dg.job(
    name="housekeeping",
    description="Deletes what the lake no longer keeps: see docs/runbooks/housekeeping.md.",
    executor_def=dg.in_process_executor,
)
def housekeeping() -> None:
    """Housekeeping of the whole lake."""
    housekeeping_op()


housekeeping_on_sundays = dg.ScheduleDefinition(
    name="housekeeping_on_sundays",
    job=housekeeping,
    cron_schedule="0 4 * * 0",
    execution_timezone="UTC",
    description="Tidies the lake on Sundays at 04:00 UTC.",
)
"""It starts switched off: what deletes is switched on by a person."""
