"""Assembly only: a stage in, Dagster definitions out. A table is found by its name, so a new one is wired nowhere."""

from functools import cache
from importlib import import_module
from typing import Any

import dagster as dg

from pricing_lake.checks.all import checks_on
from pricing_lake.contracts.all import TABLES
from pricing_lake.contracts.bronze import RAW_SMARTGO_SALES
from pricing_lake.contracts.model import Layer, Table
from pricing_lake.fact_sensors import facts_follow_dimensions
from pricing_lake.feed_sensors import change_feed_schedules, feed_sensors
from pricing_lake.marts.factory import mart_asset
from pricing_lake.partitions import Calendar
from pricing_lake.resources import resources_for
from pricing_lake.schedules import daily, daily_at_0300_utc, freshness_of_gold, gold_freshness_every_hour
from pricing_lake.sensors import dimensions, late_arrivals, month_marts, quality_of_day, quality_of_refused_days
from pricing_lake.stage import Stage, load_stage
from pricing_lake.table_asset import TableAsset
from pricing_lake.table_asset.feed import FeedAsset
from pricing_lake.table_asset.housekeeping_job import housekeeping, housekeeping_on_sundays
from pricing_lake.table_asset.read_as_of_job import read_as_of_job
from pricing_lake.table_asset.replay_job import replay_job
from pricing_lake.table_asset.rollback_job import rollback_job


@cache
def table_assets() -> tuple[TableAsset, ...]:
    """Every table of the lake as a blueprint, in flow order."""
    return tuple(_asset_of(table) for table in TABLES)


def _asset_of(table: Table) -> TableAsset:
    """The blueprint `name` in the module `layer/name`; a mart is made of its query."""
    if table.layer is Layer.MARTS:
        return mart_asset(table)
    asset: TableAsset = getattr(import_module(f"pricing_lake.{table.layer}.{table.name}"), table.name)
    return asset


def build_defs(stage: Stage, **overrides: Any) -> dg.Definitions:
    """The whole graph on one stage; `overrides` replace resources by key (tests, the CLI)."""
    calendar = Calendar(stage.start_date, stage.end_date)
    feeds = [asset for asset in table_assets() if isinstance(asset, FeedAsset)]
    return dg.Definitions(
        assets=[asset.definition(calendar, stage.namespace, stage.backfill_days) for asset in table_assets()],
        asset_checks=checks_on(calendar, [(asset.contract, asset.reads) for asset in table_assets()]),
        jobs=[
            daily,
            quality_of_day,
            freshness_of_gold,
            *(feed.collect_job(calendar) for feed in feeds),
            replay_job(calendar),
            rollback_job(),
            read_as_of_job(stage),
            housekeeping,
        ],
        schedules=[daily_at_0300_utc, gold_freshness_every_hour, *change_feed_schedules, housekeeping_on_sundays],
        sensors=[
            month_marts,
            dimensions,
            quality_of_refused_days,
            late_arrivals(
                RAW_SMARTGO_SALES, "smartgo", calendar, stage.late_look_back_days, stage.late_overlap_minutes
            ),
            facts_follow_dimensions(calendar, stage.backfill_days),
            *feed_sensors,
        ],
        resources={**resources_for(stage), **overrides},
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What `workspace.yaml` loads: the stage that the environment and `settings.toml` describe."""
    return build_defs(load_stage())
