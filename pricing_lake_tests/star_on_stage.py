"""A star whose lake is that of a local stage, for what meets it through Dagster or the command line."""

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import dagster as dg

from pricing_lake.contracts.silver_orders import ORDERS
from pricing_lake.definitions import build_defs
from pricing_lake.gold.fact_orders import fact_orders
from pricing_lake.resources import resources_for
from pricing_lake.stage import Stage, load_stage, write_settings
from pricing_lake_tests.gold.silver_days import Row, at
from pricing_lake_tests.gold.star_days import StarDays

DAYS_PER_RUN = 3


def order(day: int, **change: object) -> Row:
    """An order of customer c1 and product p1 at noon of a day of March."""
    return {"event_ts": at(day), "order_id": "o1", "product_id": "p1", "category": "shoes", **change}


@dataclass
class StarOnStage(StarDays):
    """A lake of March 2026; `cursor` is what the sensor `facts_follow_dimensions` has kept."""

    cursor: str | None = None
    instance: dg.DagsterInstance = field(default_factory=dg.DagsterInstance.ephemeral)

    def __post_init__(self) -> None:
        calendar = {"PRICING_LAKE_START_DATE": "2026-03-01", "PRICING_LAKE_END_DATE": "2026-03-31"}
        write_settings(self.home, {**calendar, "PRICING_LAKE_BACKFILL_DAYS": str(DAYS_PER_RUN)})
        self.lake = resources_for(self.stage)["lake"].open()

    @property
    def stage(self) -> Stage:
        return load_stage({"PRICING_LAKE_HOME": str(self.home)})

    @cached_property
    def definitions(self) -> dg.Definitions:
        return build_defs(self.stage)

    def ordered(self, *days: int) -> None:
        """An order on each of these days, and the facts that the dimensions of now make of them."""
        for day in days:
            self.publish_day(ORDERS, date(2026, 3, day), [order(day)])
        self.make_dimensions()
        self.facts(fact_orders, *days)

    def tick(self) -> Any:
        """One look of the sensor; a tick that fails leaves the cursor."""
        repository = self.definitions.get_repository_def()
        sensor = repository.get_sensor_def("facts_follow_dimensions")
        context = dg.build_sensor_context(
            instance=self.instance,
            cursor=self.cursor,
            repository_def=repository,
            resources={"lake": resources_for(self.stage)["lake"]},
        )
        with context:
            answer = sensor.evaluate_tick(context)
        self.cursor = answer.cursor or self.cursor
        return answer

    def asked(self) -> list[tuple[str, str, str]]:
        """Which facts the sensor asks for: table, first and last day."""
        return [_range(request) for request in self.tick().run_requests]

    def run(self, request: dg.RunRequest) -> bool:
        """Run what the sensor asked for, as the daemon would; whether it succeeded."""
        job = self.definitions.resolve_job_def("facts_again")
        result = job.execute_in_process(
            instance=self.instance, tags=request.tags, asset_selection=request.asset_selection, raise_on_error=False
        )
        return result.success


def _range(request: dg.RunRequest) -> tuple[str, str, str]:
    [key] = request.asset_selection or ()
    first, last = (request.tags[f"dagster/asset_partition_range_{end}"] for end in ("start", "end"))
    return key.to_user_string(), first[-2:], last[-2:]
