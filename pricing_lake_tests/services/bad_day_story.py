"""The story the Dagster tests tell: a backfill meets a bad day, its neighbours go on, the day is mended.

Each chapter waits for what it started and keeps what was true then, so that tests may ask in any order.
"""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pricing_lake.contracts.all import TABLES, table_called
from pricing_lake.contracts.model import Grain, Layer
from pricing_lake.resources import resources_for
from pricing_lake.resources.lake import LakeResource
from pricing_lake.stage import load_stage
from pricing_lake_tests.services.graphql import Dagster, wait_for
from pricing_lake_tests.services.small_shop import BAD_DAY, DAYS, HELD_UP_DAYS, SmallShop

SALES = "bronze/raw_smartgo_sales"
QUALITY = ("quality/quarantined_rows", "marts/data_quality_daily")
DAY_TABLES = tuple(table.id for table in TABLES if table.every is Grain.DAY and table.layer is not Layer.GOLD)
"""Facts stay out: they wait for dimensions, which no day's backfill makes."""
MONTH_TABLES = tuple(table.id for table in TABLES if table.every is Grain.MONTH)
SECONDS_FOR_A_BACKFILL = 240
SECONDS_FOR_A_SENSOR = 150

Statuses = dict[str, str]


@dataclass(frozen=True)
class SmallLake:
    """A running Dagster, the shop it reads and the lake it fills."""

    dagster: Dagster
    shop: SmallShop
    home: Path

    def rows(self, table: str) -> pl.DataFrame:
        """Everything published in a table."""
        resource = resources_for(load_stage({"PRICING_LAKE_HOME": str(self.home)}))["lake"]
        assert isinstance(resource, LakeResource)
        lake = resource.open()
        return pl.DataFrame(pl.from_arrow(lake.table(table_called(table)).scan().to_arrow()))

    def rows_of_day(self, table: str, day: str) -> pl.DataFrame:
        """Rows of a table whose partition is kept in a column `day`."""
        return self.rows(table).filter(pl.col("day").cast(pl.String) == day)


@dataclass(frozen=True)
class BadDayMet:
    """What stood after the backfill of both weeks, with the bad day in the second."""

    outcome: str
    partitions: Statuses
    verdicts: Statuses
    published: frozenset[str]
    quarantined: pl.DataFrame
    quality: pl.DataFrame
    backfill_of_neighbours: str


@dataclass(frozen=True)
class BadDayMended:
    """What stood after the neighbours were caught up and the mended day was backfilled alone."""

    outcome_of_neighbours: str
    outcome: str
    partitions: dict[str, Statuses]
    verdicts: Statuses
    quality: pl.DataFrame


def meet_bad_day(lake: SmallLake) -> BadDayMet:
    """Backfill every day table over both weeks, as the UI does; then start over what the bad day held up."""
    dagster = lake.dagster
    # The failure sensor starts to look where it stands at its first tick.
    wait_for(lambda: dagster.ticks("quality_of_refused_days"), SECONDS_FOR_A_SENSOR, "the failure sensor's first tick")
    outcome = dagster.finish_backfill(dagster.launch_backfill(DAY_TABLES, DAYS), SECONDS_FOR_A_BACKFILL)
    partitions, verdicts = dagster.partitions(SALES), dagster.verdicts(SALES, "gate")
    published = lake.rows(SALES)["sold_at"].dt.date().cast(pl.String).unique().to_list()
    neighbours = dagster.launch_backfill([table for table in DAY_TABLES if table != SALES], HELD_UP_DAYS)
    wait_for(
        lambda: all(dagster.partitions(table).get(BAD_DAY) == "MATERIALIZED" for table in QUALITY),
        SECONDS_FOR_A_SENSOR,
        f"the failure sensor to load the quality tables of {BAD_DAY}",
    )
    quarantined, quality = (lake.rows_of_day(table, BAD_DAY) for table in QUALITY)
    return BadDayMet(outcome, partitions, verdicts, frozenset(published), quarantined, quality, neighbours)


def mend_bad_day(lake: SmallLake, met: BadDayMet) -> BadDayMended:
    """Correct the shop's prices and backfill that day alone, while its neighbours are still being caught up."""
    dagster = lake.dagster
    lake.shop.mend()
    mended = dagster.launch_backfill(DAY_TABLES, [BAD_DAY])
    return BadDayMended(
        outcome_of_neighbours=dagster.finish_backfill(met.backfill_of_neighbours, SECONDS_FOR_A_BACKFILL),
        outcome=dagster.finish_backfill(mended, SECONDS_FOR_A_BACKFILL),
        partitions={table: dagster.partitions(table) for table in DAY_TABLES},
        verdicts=dagster.verdicts(SALES, "gate"),
        quality=lake.rows_of_day("marts/data_quality_daily", BAD_DAY),
    )
