"""Everything with a clock: the daily job at 03:00 UTC, gold's freshness every hour. Sensors are in `sensors`."""

import dagster as dg

from pricing_lake.checks.gold_freshness import check_keys
from pricing_lake.contracts.all import TABLES
from pricing_lake.contracts.model import Grain
from pricing_lake.table_asset.column_schema import asset_key

DAILY_TABLES = [asset_key(table) for table in TABLES if table.every is not Grain.MONTH]
"""Day tables, and the whole tables between them: facts of a day need the dimensions of that day."""

daily = dg.define_asset_job(
    "daily",
    selection=dg.AssetSelection.assets(*DAILY_TABLES),
    description="One UTC day from the sources to the day marts. Month marts follow by themselves.",
    executor_def=dg.in_process_executor,
)


# It starts switched off: turn it on where the lake should grow by itself.
daily_at_0300_utc = dg.build_schedule_from_partitioned_job(
    daily,
    name="daily_at_0300_utc",
    hour_of_day=3,
    minute_of_hour=0,
    description="Runs `daily` for yesterday (UTC).",
)

freshness_of_gold = dg.define_asset_job(
    "freshness_of_gold",
    selection=dg.AssetSelection.checks(*check_keys()),
    description="Looks whether every table of gold is as new as it should be by now; materializes nothing.",
    executor_def=dg.in_process_executor,
)

# Off like `daily`, and to be turned on with it: a lake that nobody keeps growing is not stale. It looks at the tables
# themselves, because what makes them stale is that nothing runs.
gold_freshness_every_hour = dg.ScheduleDefinition(
    name="gold_freshness_every_hour",
    job=freshness_of_gold,
    cron_schedule="30 * * * *",
    execution_timezone="UTC",
    description="Looks once an hour whether gold is up to date, whether anything ran or not.",
)
