"""A lake that reads Salesforce alone, through the real assets and the real publish, by days and by increments."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg

from pricing_lake.contracts.model import Table
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.feed import TimeFeed
from pricing_lake.lake.increment import Collected, collect
from pricing_lake.lake.publish import Publication, publish
from pricing_lake.lake.verdicts import Verdict, VerdictStore
from pricing_lake.lake.watermark import Watermark
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.partitions import Calendar
from pricing_lake.resources.salesforce import SalesforceResource
from pricing_lake.sources.salesforce import SalesforceRecords
from pricing_lake.sources.window import Window
from pricing_lake.table_asset import TableAsset
from pricing_lake_tests.sources.salesforce_org import CLIENT_ID, HOST, SalesforceOrg
from pricing_lake_tests.table_asset.tiny_table import lake_resource

FIRST = datetime(2026, 3, 1, tzinfo=UTC)
CALENDAR = PartitionWindow(FIRST, FIRST + timedelta(days=30), "calendar")
RULE = Watermark(FIRST, lag=timedelta(minutes=5), overlap=timedelta(hours=1))
DAY, NEXT = "2026-03-01", "2026-03-02"


def windows(first: str = DAY, last: str = "") -> list[PartitionWindow]:
    days = (date.fromisoformat(last or first) - date.fromisoformat(first)).days + 1
    return [PartitionWindow.of_day(date.fromisoformat(first) + timedelta(days=number)) for number in range(days)]


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
    def module(self) -> Any:
        return import_module(f"pricing_lake.bronze.{self.table.name}")

    @property
    def asset(self) -> TableAsset:
        found = getattr(self.module, self.table.name)
        assert isinstance(found, TableAsset)
        return found

    def resource(self) -> SalesforceResource:
        right = {"domain": HOST, "client_id": CLIENT_ID, "ca_bundle": str(self.org.ca)}
        return SalesforceResource(**(right | self.settings))

    def run(self, first: str = DAY, last: str = "") -> dg.ExecuteInProcessResult:
        """One run as Dagster makes it."""
        return dg.materialize(
            [self.asset.definition(Calendar(FIRST.date(), date(2026, 3, 5)), "lake", 7)],
            instance=dg.DagsterInstance.ephemeral(),
            resources={"lake": lake_resource(self.home), "salesforce": self.resource()},
            tags={"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last or first},
            raise_on_error=False,
        )

    def publish(self, first: str = DAY, last: str = "") -> Publication:
        """The same without Dagster around it, whose retries would wait for minutes."""
        lake, days = self.lake, windows(first, last)
        produce = self.asset.producer(lake, days, SimpleNamespace(salesforce=self.resource()))
        return publish(lake, self.table, days, produce, "run")

    def collect(self) -> list[Collected]:
        """What follows the table's stamp, by the org's own clock."""
        salesforce = self.resource()
        source = salesforce.accounts() if self.table.name.endswith("accounts") else salesforce.leads()
        assert isinstance(source, SalesforceRecords)
        feed = TimeFeed(
            source.now,
            lambda start, end: self.module.changed_within(Window(start, end), salesforce),
            RULE,
        )
        return collect(self.lake, self.table, feed, CALENDAR, "run", 100)

    def rows(self) -> list[dict[str, Any]]:
        stored = self.lake.table(self.table).scan(selected_fields=self.table.names).to_arrow()
        return sorted(stored.to_pylist(), key=lambda row: (row["id"], row["system_modstamp"]))

    def snapshots(self) -> int:
        return len(self.lake.table(self.table).snapshots())

    def verdict(self, day: str = DAY) -> Verdict:
        return VerdictStore(self.lake.proofs).latest(self.table.id, [day])[day]


KILLED = """
import os, signal, sys
from importlib import import_module
from pathlib import Path
from pricing_lake.contracts import bronze_customers
from pricing_lake_tests.bronze.salesforce_lake import SalesforceLake
from pricing_lake_tests.sources.salesforce_org import SalesforceOrg

home, ca, table, way, owner, name = sys.argv[1:]
module = import_module(owner)
real = getattr(module, name)

def dying(*given, **named):
    made = real(*given, **named)
    if name == "pages":  # the first page has arrived
        next(made)
    os.kill(os.getpid(), signal.SIGKILL)

setattr(module, name, dying)
lake = SalesforceLake(Path(home), getattr(bronze_customers, table), SalesforceOrg(ca=Path(ca)))
getattr(lake, way)()
"""


def killed(lake: SalesforceLake, way: str, owner: str, name: str) -> None:
    """Run `way` of the lake in a process of its own, that kills itself as soon as `owner.name` has done its work."""
    arguments = (str(lake.home), str(lake.org.ca), lake.table.name.upper(), way, owner, name)
    environment = dict(os.environ) | lake.org.environment
    child = subprocess.run([sys.executable, "-c", KILLED, *arguments], env=environment, check=False)
    assert child.returncode == -signal.SIGKILL
