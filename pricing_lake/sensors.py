"""Everything that reacts: month marts after their days, and the quality tables of days that were refused."""

from collections.abc import Iterator

import dagster as dg

from pricing_lake.contracts.all import JUDGED_TABLES
from pricing_lake.contracts.quality import QUALITY
from pricing_lake.table_asset.column_schema import asset_key

QUALITY_KEYS = [asset_key(table) for table in QUALITY]
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
    """One run per partition of a failed run that judged a table, so that its verdicts can be queried."""
    selection = context.dagster_run.asset_selection or frozenset()
    if selection and not selection & _JUDGED:
        return
    for day in _days(context):
        yield dg.RunRequest(run_key=f"{context.dagster_run.run_id}:{day}", partition_key=day)


def _days(context: dg.RunFailureSensorContext) -> list[str]:
    tags = context.dagster_run.tags
    if "dagster/partition" in tags:
        return [tags["dagster/partition"]]
    start, end = (tags.get(f"dagster/asset_partition_range_{edge}") for edge in ("start", "end"))
    if start is None or end is None or context.repository_def is None:
        return []
    partitions = context.repository_def.asset_graph.get(QUALITY_KEYS[0]).partitions_def
    if partitions is None:
        return []
    return list(partitions.get_partition_keys_in_range(dg.PartitionKeyRange(start, end)))
