"""A lake that holds one table of the warehouse's, run through the real asset and Dagster, by days and by increments."""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg

from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.publish import Publication
from pricing_lake.lake.verdicts import Verdict, VerdictStore
from pricing_lake.lake.watermark import stamp_of
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.partitions import Calendar
from pricing_lake.resources.snowflake import SnowflakeResource
from pricing_lake.table_asset import TableAsset
from pricing_lake.table_asset.feed import FeedAsset
from pricing_lake_tests.services.snowflake_server import ACCOUNT, DATABASE, ROLE, USER, SnowflakeServer
from pricing_lake_tests.services.snowflake_shop import SnowflakeShop
from pricing_lake_tests.table_asset.tiny_table import lake_resource

OFF = SnowflakeResource()
CALENDAR = Calendar(date(2026, 2, 28), date(2026, 3, 10))


def resource_of(shop: SnowflakeShop, home: Path, **changes: Any) -> SnowflakeResource:
    """The resource as settings would make it, its key in a file of the home."""
    home.mkdir(parents=True, exist_ok=True)
    key = home / "key.p8"
    key.write_text(shop.server.key)
    settings: dict[str, Any] = {
        "account": ACCOUNT,
        "user": USER,
        "private_key_file": str(key),
        "database": DATABASE,
        "schema_name": shop.schema,
        "role": ROLE,
        "host": "127.0.0.1",
        "port": shop.server.port,
        "protocol": "http",
    }
    return SnowflakeResource(**settings | changes)


@dataclass
class SnowflakeLake:
    """The lake in `home`, open from 28 February to 10 March 2026, and one Dagster instance that remembers every run.

    With a `server` every run finds its clock at the text `now`, else at the time it is.
    """

    home: Path
    asset: TableAsset
    server: SnowflakeServer | None = None
    now: str = ""
    instance: dg.DagsterInstance = field(default_factory=dg.DagsterInstance.ephemeral)

    @property
    def lake(self) -> Lake:
        return lake_resource(self.home).open()

    @property
    def clock(self) -> Any:
        """A block in which the warehouse's clock stands at `now`."""
        return self.server.told(clock=f"{self.now}+00:00") if self.server else nullcontext()

    def run(self, snowflake: SnowflakeResource, first: str, last: str = "") -> dg.ExecuteInProcessResult:
        """One run of the asset: of a day as a schedule makes it, of a range as a backfill does."""
        tags = (
            {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
            if last
            else {"dagster/partition": first}
        )
        with self.clock:
            return dg.materialize(
                [self.asset.definition(CALENDAR, "lake", 20)],
                instance=self.instance,
                resources={"lake": lake_resource(self.home), "snowflake": snowflake},
                tags=tags,
                raise_on_error=False,
            )

    def collect(self, snowflake: SnowflakeResource) -> dg.ExecuteInProcessResult:
        """One run of the job between the days."""
        assert isinstance(self.asset, FeedAsset)
        with self.clock:
            return self.asset.collect_job(CALENDAR).execute_in_process(
                instance=self.instance,
                resources={"lake": lake_resource(self.home), "snowflake": snowflake},
                raise_on_error=False,
            )

    def publish(self, snowflake: SnowflakeResource, day: str) -> Publication:
        """What `run` does, without Dagster around it, whose retries would wait for minutes."""
        context: Any = SimpleNamespace(
            run=SimpleNamespace(run_id="run"),
            log_event=lambda _: None,
            assets_def=self.asset.definition(CALENDAR, "lake", 20),
            resources=SimpleNamespace(snowflake=snowflake),
        )
        with self.clock:
            window = PartitionWindow.of_day(date.fromisoformat(day))
            return self.asset.publication(self.lake, [window], context)

    def rows(self) -> list[dict[str, Any]]:
        table = self.lake.table(self.asset.contract)
        rows: list[dict[str, Any]] = table.scan(selected_fields=self.asset.contract.names).to_arrow().to_pylist()
        return rows

    @property
    def commits(self) -> int:
        return len(self.lake.table(self.asset.contract).snapshots())

    @property
    def stamp(self) -> str | None:
        return stamp_of(self.lake.table(self.asset.contract))

    def verdict(self, day: str) -> Verdict | None:
        found: Mapping[str, Verdict] = VerdictStore(self.lake.proofs).latest(self.asset.contract.id, [day])
        return found.get(day)
