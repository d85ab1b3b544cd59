"""Assembly only: a stage in, Dagster definitions out."""

from typing import Any

import dagster as dg

from pricing_lake.bronze.raw_carousel_sales import raw_carousel_sales
from pricing_lake.bronze.raw_fx_rates import raw_fx_rates
from pricing_lake.bronze.raw_product_images import raw_product_images
from pricing_lake.bronze.raw_smartgo_sales import raw_smartgo_sales
from pricing_lake.checks.freshness import fx_rates_freshness
from pricing_lake.marts.factory import mart_assets
from pricing_lake.partitions import Calendar
from pricing_lake.quality.quality_results import quality_results
from pricing_lake.quality.quarantined_rows import quarantined_rows
from pricing_lake.resources import resources_for
from pricing_lake.schedules import daily, daily_at_0300_utc
from pricing_lake.sensors import month_marts, quality_of_day, quality_of_refused_days
from pricing_lake.silver.embeddings import embeddings
from pricing_lake.silver.sales_history import sales_history
from pricing_lake.stage import Stage, load_stage
from pricing_lake.table_asset import TableAsset


def table_assets() -> tuple[TableAsset, ...]:
    """Every table of the lake as a blueprint, in flow order."""
    return (
        raw_smartgo_sales,
        raw_carousel_sales,
        raw_product_images,
        raw_fx_rates,
        embeddings,
        sales_history,
        quality_results,
        quarantined_rows,
        *mart_assets(),
    )


def build_defs(stage: Stage, **overrides: Any) -> dg.Definitions:
    """The whole graph on one stage; `overrides` replace resources by key (tests, the CLI)."""
    calendar = Calendar(stage.start_date, stage.end_date)
    return dg.Definitions(
        assets=[asset.definition(calendar, stage.namespace, stage.backfill_days) for asset in table_assets()],
        asset_checks=[fx_rates_freshness(calendar)],
        jobs=[daily, quality_of_day],
        schedules=[daily_at_0300_utc],
        sensors=[month_marts, quality_of_refused_days],
        resources={**resources_for(stage), **overrides},
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What `workspace.yaml` loads: the stage that the environment and `settings.toml` describe."""
    return build_defs(load_stage())
