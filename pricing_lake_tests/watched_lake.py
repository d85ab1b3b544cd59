"""A lake whose SmartGo is watched by the sensor `late_arrivals_smartgo`: ask it, run what it asks for, look at it."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import dagster as dg

from pricing_lake.contracts.all import table_called
from pricing_lake.contracts.bronze import RAW_SMARTGO_SALES
from pricing_lake.definitions import build_defs
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.verdicts import Verdict, VerdictStore
from pricing_lake.resources import resources_for
from pricing_lake.stage import Stage, load_stage, write_settings

TABLE = RAW_SMARTGO_SALES.id
CHAIN = (TABLE, "bronze/raw_carousel_sales", "bronze/raw_product_images", "silver/embeddings", "silver/sales_history")
LOOK_BACK_DAYS = 5
NOW = datetime.now(UTC)
FIRST_DAY, YESTERDAY = NOW.date() - timedelta(days=30), NOW.date() - timedelta(days=1)
OLD = (NOW.date() - timedelta(days=20)).isoformat()
"""A day that the sensor looks at only when the shop tells a change of it."""
RECENT, OTHER = ((NOW.date() - timedelta(days=back)).isoformat() for back in (3, 4))
"""Days that it holds against the shop whenever it asks."""


def ago(**span: float) -> str:
    """A moment before now, as SmartGo writes it."""
    return (datetime.now(UTC) - timedelta(**span)).isoformat(timespec="seconds").replace("+00:00", "Z")


@dataclass
class WatchedLake:
    """A lake in `home` on the shop behind `url`; `cursor` is what the sensor has kept."""

    home: Path
    url: str
    mapping: str = ""
    overlap_minutes: int = 60
    cursor: str | None = None
    last_day: date = YESTERDAY
    instance: dg.DagsterInstance = field(default_factory=dg.DagsterInstance.ephemeral)

    def __post_init__(self) -> None:
        days = {
            "PRICING_LAKE_START_DATE": FIRST_DAY.isoformat(),
            "PRICING_LAKE_END_DATE": self.last_day.isoformat(),
            "PRICING_LAKE_LATE_LOOK_BACK_DAYS": str(LOOK_BACK_DAYS),
            "PRICING_LAKE_LATE_OVERLAP_MINUTES": str(self.overlap_minutes),
        }
        settings = write_settings(self.home, {"SMARTGO_URL": self.url, **days})
        settings.write_text(f"{settings.read_text()}\n{self.mapping}\n")

    @property
    def stage(self) -> Stage:
        return load_stage({"PRICING_LAKE_HOME": str(self.home)})

    @property
    def lake(self) -> Lake:
        return resources_for(self.stage)["lake"].open()

    @cached_property
    def definitions(self) -> dg.Definitions:
        return build_defs(self.stage)

    def publish(self, *days: str, tables: tuple[str, ...] = (TABLE,)) -> None:
        """Materialize some days, whether they are refused or not."""
        for day in days:
            self.definitions.resolve_implicit_global_asset_job_def().execute_in_process(
                instance=self.instance,
                partition_key=day,
                asset_selection=[dg.AssetKey.from_user_string(table) for table in tables],
                raise_on_error=False,
            )

    def ask(self) -> dict[str, str]:
        """One tick of the sensor: the run key of each day that it asks for. A tick that fails leaves the cursor."""
        answer = self.tick()
        self.cursor = answer.cursor
        assert all(request.job_name in (None, "daily") for request in answer.run_requests)
        return {str(request.partition_key): str(request.run_key) for request in answer.run_requests}

    def tick(self) -> Any:
        repository = self.definitions.get_repository_def()
        sensor = repository.get_sensor_def("late_arrivals_smartgo")
        context = dg.build_sensor_context(
            instance=self.instance,
            cursor=self.cursor,
            repository_def=repository,
            resources={name: resources_for(self.stage)[name] for name in ("lake", "smartgo")},
        )
        with context:
            return sensor.evaluate_tick(context)

    def run_daily(self, day: str) -> bool:
        """Run the job that the sensor asks for; whether it succeeded."""
        job = self.definitions.resolve_job_def("daily")
        return job.execute_in_process(instance=self.instance, partition_key=day, raise_on_error=False).success

    def verdict(self, day: str) -> Verdict:
        return VerdictStore(self.lake.proofs).latest(TABLE, [day])[day]

    def snapshots(self, name: str = TABLE) -> int:
        return len(self.lake.table(table_called(name)).snapshots())

    def rows(self, name: str = TABLE) -> dict[str, dict[str, Any]]:
        stored = self.lake.table(table_called(name)).scan().to_arrow().to_pylist()
        return {row["sale_id"]: row for row in stored}
