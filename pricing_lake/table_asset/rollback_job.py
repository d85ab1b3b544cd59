"""The job `rollback`: one table set back to an earlier snapshot, and its verdicts with it. How is `lake.rollback`."""

import dagster as dg
from pydantic import Field

from pricing_lake.contracts.all import table_called
from pricing_lake.table_asset.partition_verdicts import record_in_job
from pricing_lake.table_asset.policies import RETRY_TRANSIENT, for_good

ROLLBACK_OP = "rollback_op"


class RollbackConfig(dg.Config):
    """The table and the snapshot it goes back to, as text: browsers round numbers of that size."""

    table: str = Field(description="The table, such as silver/sales_history.")
    snapshot: str = Field(description="Id of the snapshot to go back to; `pricing-lake rollback TABLE` lists them.")


def rollback_job() -> dg.JobDefinition:
    """The job. It has no default snapshot: run twice it must not go back twice."""

    @dg.op(
        name=ROLLBACK_OP,
        required_resource_keys={"lake"},
        retry_policy=RETRY_TRANSIENT,
        out=dg.Out(dg.Nothing),
        description="Set the table back and make its verdicts agree with what it holds.",
    )
    def rollback_op(context: dg.OpExecutionContext, config: RollbackConfig) -> None:
        from pricing_lake.lake.rollback import Rollback  # here, so that loading the graph stays quick

        with for_good(ValueError):
            table = table_called(config.table)
            publication = Rollback(context.resources.lake.open(), table, int(config.snapshot)).run(context.run_id)
        record_in_job(context, table, publication)
        context.add_output_metadata(
            {
                "proved_again": dg.MetadataValue.json([v.partition for v in publication.verdicts if v.passed]),
                "refused": dg.MetadataValue.json([v.partition for v in publication.refused]),
            }
        )

    @dg.job(
        name="rollback",
        description="Sets one table back to an earlier snapshot; partitions that nobody proved are refused.",
        executor_def=dg.in_process_executor,
    )
    def job() -> None:
        rollback_op()

    return job
