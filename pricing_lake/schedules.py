"""Everything with a clock: the daily job and its 03:00 UTC schedule. Sensors are in `sensors`."""

import dagster as dg

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
