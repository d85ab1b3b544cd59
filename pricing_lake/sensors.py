"""Everything that reacts: month marts after their days, and the quality tables of days that were refused."""

from collections.abc import Iterator

import dagster as dg

from pricing_lake.contracts.all import JUDGED_TABLES
from pricing_lake.contracts.marts_operations import DATA_QUALITY_DAILY
from pricing_lake.contracts.quality import QUALITY
from pricing_lake.table_asset.column_schema import asset_key

QUALITY_KEYS = [asset_key(table) for table in (*QUALITY, DATA_QUALITY_DAILY)]
"""Tables that say why a day was refused, so that they must not wait until it is mended."""
PARTITION_TAGS = ("dagster/partition", "dagster/asset_partition_range_start", "dagster/asset_partition_range_end")
_JUDGED = {asset_key(table) for table in JUDGED_TABLES}

month_marts = dg.AutomationConditionSensorDefinition(
    "month_marts",
    target=dg.AssetSelection.groups("marts"),
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Recomputes exactly the months of which a day changed.",
)

quality_of_day = dg.define_asset_job(
    "quality_of_day",
    selection=dg.AssetSelection.assets(*QUALITY_KEYS),
    description="Loads a day's verdicts and quarantined rows into the quality tables.",
    executor_def=dg.in_process_executor,
)


@dg.run_failure_sensor(
    request_job=quality_of_day,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="A refused day stops its run before the quality tables: load them so that it can be asked why.",
)
def quality_of_refused_days(context: dg.RunFailureSensorContext) -> Iterator[dg.RunRequest]:
    """One run over the partitions of a failed run that judged a table, so that its verdicts can be queried."""
    run = context.dagster_run
    # A job's own run has no asset selection: without the name a failure of this job would request it for ever.
    if run.job_name == quality_of_day.name or (run.asset_selection and not run.asset_selection & _JUDGED):
        return
    partitions = {tag: run.tags[tag] for tag in PARTITION_TAGS if tag in run.tags}
    if partitions:
        yield dg.RunRequest(run_key=run.run_id, tags=partitions)
