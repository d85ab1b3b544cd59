"""A lake that reads Salesforce alone, through the real assets: by days, and by increments between them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg

from pricing_lake.contracts.model import Table
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.publish import Publication
from pricing_lake.lake.verdicts import Verdict, VerdictStore
from pricing_lake.lake.watermark import stamp_of
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.partitions import Calendar
from pricing_lake.resources.salesforce import SalesforceResource
from pricing_lake.table_asset.feed import FeedAsset
from pricing_lake_tests.dying import Step, dies
from pricing_lake_tests.sources.salesforce_org import CLIENT_ID, HOST, SalesforceOrg
from pricing_lake_tests.table_asset.tiny_table import lake_resource

DAY, NEXT, THIRD = "2026-03-01", "2026-03-02", "2026-03-03"
CALENDAR = Calendar(date(2026, 3, 1), date(2026, 3, 5))


def moment(day: str, time: str = "03:00:00") -> datetime:
    return datetime.fromisoformat(f"{day}T{time}+00:00").astimezone(UTC)


@dataclass
class SalesforceLake:
    """The lake in `home`, one of Salesforce's tables in it, and the org; `settings` are added to the resource's."""

    home: Path
    table: Table
    org: SalesforceOrg
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def lake(self) -> Lake:
        return lake_resource(self.home).open()

    @property
    def asset(self) -> FeedAsset:
        found = getattr(import_module(f"pricing_lake.bronze.{self.table.name}"), self.table.name)
        assert isinstance(found, FeedAsset)
        return found

    def resource(self) -> SalesforceResource:
        right = {"domain": HOST, "client_id": CLIENT_ID, "ca_bundle": str(self.org.ca)}
        return SalesforceResource(**(right | self.settings))

    def at(self, day: str, time: str = "03:00:00") -> "SalesforceLake":
        """The same lake when the org's clock has come to this moment."""
        now = moment(day, time)
        self.org.clock = lambda: now
        return self

    def run(self, first: str = DAY, last: str = "") -> dg.ExecuteInProcessResult:
        """One run of days as Dagster makes it."""
        return dg.materialize(
            [self.asset.definition(CALENDAR, "lake", 7)],
            instance=dg.DagsterInstance.ephemeral(),
            resources={"lake": lake_resource(self.home), "salesforce": self.resource()},
            tags={"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last or first},
            raise_on_error=False,
        )

    def collect(self) -> dg.ExecuteInProcessResult:
        """One run of the job between the days."""
        return self.asset.collect_job(CALENDAR).execute_in_process(
            instance=dg.DagsterInstance.ephemeral(),
            resources={"lake": lake_resource(self.home), "salesforce": self.resource()},
            raise_on_error=False,
        )

    def publish(self, first: str = DAY, last: str = "") -> Publication:
        """What `run` does, without Dagster around it, whose retries would wait for minutes."""
        days = range(date.fromisoformat(first).toordinal(), date.fromisoformat(last or first).toordinal() + 1)
        context: Any = SimpleNamespace(
            run=SimpleNamespace(run_id="run"),
            log_event=lambda _: None,
            assets_def=self.asset.definition(CALENDAR, "lake", 7),
            resources=SimpleNamespace(salesforce=self.resource()),
        )
        windows = [PartitionWindow.of_day(date.fromordinal(day)) for day in days]
        return self.asset.publication(self.lake, windows, context)

    def rows(self) -> list[dict[str, Any]]:
        stored = self.lake.table(self.table).scan(selected_fields=self.table.names).to_arrow()
        return sorted(stored.to_pylist(), key=lambda row: (row["id"], row["system_modstamp"]))

    def ids(self) -> list[str]:
        return [str(row["id"]) for row in self.rows()]

    def snapshots(self) -> int:
        return len(self.lake.table(self.table).snapshots())

    @property
    def stamp(self) -> str | None:
        return stamp_of(self.lake.table(self.table))

    def verdict(self, day: str = DAY) -> Verdict:
        return VerdictStore(self.lake.proofs).latest(self.table.id, [day])[day]

    def told(self, day: str = DAY) -> tuple[int, dict[str, int]]:
        """Good rows of a day that passed, and the reasons of those that were set aside on it."""
        verdict = self.verdict(day)
        assert verdict.passed
        return verdict.good_rows, dict(verdict.reasons)


_PROGRAM = """
from pathlib import Path
from pricing_lake.contracts import bronze_customers
from pricing_lake_tests.bronze.salesforce_lake import SalesforceLake
from pricing_lake_tests.sources.salesforce_org import SalesforceOrg
home, ca, table, way = sys.argv[5:]
lake = SalesforceLake(Path(home), getattr(bronze_customers, table), SalesforceOrg(ca=Path(ca)))
getattr(lake, way)()
"""
_BATCH = "pricing_lake.lake.increment_batch"
_LANES = "pricing_lake.lake.increment_lanes:IncrementLanes"
STEPS = (
    Step("pricing_lake.sources.salesforce_bulk", "_awaited"),
    Step("pricing_lake.sources.salesforce", "pages", "within"),
    Step("pricing_lake.lake.increment", "split_rows"),
    Step(_LANES, "propose"),
    Step(_BATCH, "stage_files"),
    Step(_BATCH, "commit_with_stamp", "before"),
    Step(_BATCH, "commit_with_stamp"),
    Step(_LANES, "accept", nth=3),
    Step("pricing_lake.lake.verdicts:VerdictStore", "write", "before"),
)
"""Of the first increment of a table, and of the verdict on the day."""


def killed(lake: SalesforceLake, way: str, step: Step) -> None:
    """Run `way` of the lake in a process of its own that dies at `step`."""
    dies(
        _PROGRAM, step, str(lake.home), str(lake.org.ca), lake.table.name.upper(), way,
        environment=lake.org.environment,
    )  # fmt: skip
