"""A lake that takes orders from a topic, through the real assets: by days, and by increments between them."""

import json
from collections import Counter
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.test_utils import freeze_time

from pricing_lake.bronze.raw_orders_dlq import raw_orders_dlq
from pricing_lake.bronze.raw_orders_stream import raw_orders_stream
from pricing_lake.contracts.bronze_orders import RAW_ORDERS_DLQ, RAW_ORDERS_STREAM
from pricing_lake.contracts.model import Table
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.verdicts import Verdict, VerdictStore
from pricing_lake.lake.watermark import STAMP, stamp_of
from pricing_lake.partitions import Calendar
from pricing_lake.resources.orders_stream import OrdersStreamResource
from pricing_lake.sources.orders_stream import OrdersStream
from pricing_lake.sources.orders_stream_broker import Timeouts
from pricing_lake_tests.table_asset.tiny_table import lake_resource

DAY = "2026-03-01"
"""The day of the events; letters are counted on the day they are taken, which is today."""
CALENDAR = Calendar(date(2026, 2, 28))


PATIENCE = Timeouts(answer=30, idle=30, delivery=10, identity=0.05)
"""The stand-in never tells a topic's id, so nobody waits long for it."""


class QuickOrders(OrdersStreamResource):
    """The resource with a patience of the tests' own."""

    def stream(self) -> OrdersStream:
        with super().stream() as patient:
            return OrdersStream(replace(patient.settings, timeouts=PATIENCE))


def today() -> str:
    return datetime.now(UTC).date().isoformat()


def tomorrow_morning() -> AbstractContextManager[Any]:
    """A block in which Dagster believes it is tomorrow, so that today is a day that has ended."""
    return freeze_time(datetime.now(UTC) + timedelta(days=1))


@dataclass
class OrdersLake:
    """The lake in `home`, the topic on the broker at `bootstrap`, and one Dagster instance that remembers every run."""

    home: Path
    bootstrap: str
    topic: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    instance: dg.DagsterInstance = field(default_factory=dg.DagsterInstance.ephemeral)

    @property
    def lake(self) -> Lake:
        return lake_resource(self.home).open()

    def resource(self, **changes: Any) -> OrdersStreamResource:
        told = {"bootstrap_servers": self.bootstrap, "topic": self.topic, **self.settings, **changes}
        return QuickOrders(**told) if told["bootstrap_servers"] else OrdersStreamResource(**told)

    def run(self, day: str, **changes: Any) -> dg.ExecuteInProcessResult:
        """One run of both tables over a day."""
        return self._run([raw_orders_stream, raw_orders_dlq], changes, partition_key=day)

    def run_letters(self, day: str) -> dg.ExecuteInProcessResult:
        """One run of the dead letters alone."""
        return self._run([raw_orders_dlq], {}, partition_key=day)

    def run_stream(self, tags: Mapping[str, str]) -> dg.ExecuteInProcessResult:
        """One run of the stream over a range of days."""
        return self._run([raw_orders_stream], {}, tags=tags)

    def run_both_days(self) -> None:
        """Run the day of the events and the day of the letters, which must go well."""
        for day in (DAY, today()):
            assert self.run(day).success

    def _run(self, assets: list[Any], changes: Mapping[str, Any], **days: Any) -> dg.ExecuteInProcessResult:
        with tomorrow_morning():
            return dg.materialize(
                [asset.definition(CALENDAR, "lake", 7) for asset in assets],
                instance=self.instance,
                resources={"lake": lake_resource(self.home), "orders_stream": self.resource(**changes)},
                raise_on_error=False,
                **days,
            )

    def collect(self, **changes: Any) -> dg.ExecuteInProcessResult:
        """One run of the job between the days."""
        return raw_orders_stream.collect_job(CALENDAR).execute_in_process(
            instance=self.instance,
            resources={"lake": lake_resource(self.home), "orders_stream": self.resource(**changes)},
            raise_on_error=False,
        )

    def rows(self, table: Table = RAW_ORDERS_STREAM) -> list[dict[str, Any]]:
        found = self.lake.table(table).scan(selected_fields=table.names).to_arrow().to_pylist()
        return sorted(found, key=lambda row: (row["partition"], row["offset"]))

    def letters(self) -> list[dict[str, Any]]:
        """Dead letters of today, after their day was run."""
        return self.rows(RAW_ORDERS_DLQ)

    def places(self) -> Counter[tuple[int, int]]:
        """Partition and offset of every message in either table: each has to be there once."""
        return Counter((row["partition"], row["offset"]) for row in [*self.rows(), *self.letters()])

    @property
    def stamp(self) -> dict[str, Any] | None:
        stored = stamp_of(self.lake.table(RAW_ORDERS_STREAM))
        return json.loads(stored) if stored else None

    def write_stamp(self, **changes: Any) -> None:
        """Make the table carry other offsets than it does."""
        with self.lake.table(RAW_ORDERS_STREAM).transaction() as transaction:
            transaction.set_properties({STAMP: json.dumps({**(self.stamp or {}), **changes})})

    def commits(self) -> list[Mapping[str, str]]:
        """Properties of every snapshot of the stream's table, in order."""
        snapshots = self.lake.table(RAW_ORDERS_STREAM).snapshots()
        return [snapshot.summary.additional_properties for snapshot in snapshots if snapshot.summary]

    def verdict(self, day: str, table: Table = RAW_ORDERS_STREAM) -> Verdict:
        return VerdictStore(self.lake.proofs).latest(table.id, [day])[day]
