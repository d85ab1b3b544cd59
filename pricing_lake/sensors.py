"""Everything that reacts: closed days that changed, wholes and months after their days, quality of refused days."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import dagster as dg

from pricing_lake.checks.late_arrivals import Question, late_days
from pricing_lake.contracts.all import JUDGED_TABLES
from pricing_lake.contracts.gold_dimensions import DIMENSIONS
from pricing_lake.contracts.marts_operations import DATA_QUALITY_DAILY
from pricing_lake.contracts.model import Table
from pricing_lake.contracts.quality import QUALITY
from pricing_lake.partitions import Calendar
from pricing_lake.table_asset.column_schema import asset_key

QUALITY_KEYS = [asset_key(table) for table in (*QUALITY, DATA_QUALITY_DAILY)]
"""Tables that say why a day was refused, so that they must not wait until it is mended."""
PARTITION_TAGS = ("dagster/partition", "dagster/asset_partition_range_start", "dagster/asset_partition_range_end")
SECONDS_BETWEEN_QUESTIONS = 15 * 60
_JUDGED = {asset_key(table) for table in JUDGED_TABLES}

month_marts = dg.AutomationConditionSensorDefinition(
    "month_marts",
    target=dg.AssetSelection.groups("marts"),
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Recomputes exactly the months of which a day changed.",
)

dimensions = dg.AutomationConditionSensorDefinition(
    "dimensions",
    target=dg.AssetSelection.assets(*[asset_key(table) for table in DIMENSIONS]),
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Makes a dimension anew after what it is made of changed.",
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


def late_arrivals(
    table: Table, resource: str, calendar: Calendar, look_back_days: int = 14, overlap_minutes: int = 60
) -> dg.SensorDefinition:
    """The sensor `late_arrivals_<resource>`: closed days of one source's table heal themselves.

    Every question reaches `overlap_minutes` back behind the one before, which must be longer than the source's longest
    transaction: a row is stamped when its transaction begins and seen when it ends. The last `look_back_days` are
    compared in any case, so that rows which vanished without a trace are missed there.
    """

    @dg.sensor(
        name=f"late_arrivals_{resource}",
        job_name="daily",
        minimum_interval_seconds=SECONDS_BETWEEN_QUESTIONS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        required_resource_keys={"lake", resource},
        description=f"Asks {resource} which published days of {table.id} changed, and runs exactly those again.",
    )
    def ask(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        from pricing_lake.lake.verdicts import VerdictStore  # here, so that loading the graph stays quick
        from pricing_lake.sources.changed_days import ChangedDays

        verdicts = VerdictStore(context.resources.lake.open().proofs)
        if not verdicts.partitions(table.id):
            return dg.SkipReason(f"no day of {table.id} is published yet")
        source = getattr(context.resources, resource).source()
        if not isinstance(source, ChangedDays):
            return dg.SkipReason(
                f"{source.name} cannot be asked what it holds: run again the days that may have changed"
            )
        until = source.now()
        asked = datetime.fromisoformat(context.cursor) if context.cursor else until - timedelta(days=look_back_days)
        since = min(asked, until) - timedelta(minutes=overlap_minutes)
        question = Question(since, until, look_back_days)
        late = late_days(verdicts, table, source, calendar.days.get_partition_keys(), question)
        for day in late:
            context.log.info("%s %s: %s", table.id, day.day, day.why)
        return dg.SensorResult(
            run_requests=[
                dg.RunRequest(run_key=f"{table.id} {day.day} {day.evidence}", partition_key=day.day) for day in late
            ],
            skip_reason=None if late else f"no published day of {table.id} differs from {source.name}",
            cursor=until.isoformat(),
        )

    return ask
