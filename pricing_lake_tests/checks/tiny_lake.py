"""A lake of one small table of days and the whole made of it, and the moments at which it is looked at."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pyarrow as pa

from pricing_lake.contracts.columns import DAY
from pricing_lake.contracts.model import Column, Grain, Layer, Owner, Table
from pricing_lake.contracts.types import LONG
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.publish import publish
from pricing_lake.lake.verdicts import VerdictStore
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.table_asset import table_asset
from pricing_lake_tests.table_asset.tiny_table import TINY, lake_resource

QUIET = replace(TINY, layer=Layer.GOLD, allow_empty=True)
"""A table whose days may be empty, as every fact's may. It is due 30 hours after a day's end."""
TOTALS = Table(
    layer=Layer.GOLD,
    name="totals",
    grain="One row per day that has amounts.",
    owner=Owner.PRICING,
    key=("day",),
    window="day",
    every=Grain.WHOLE,
    allow_empty=True,
    columns=(DAY, Column("total", LONG, "Sum of the day's amounts.", required=True)),
)
TODAY = datetime.now(UTC).date()
"""Everything that a test publishes is published today; at which moment it is looked at is up to the test."""


@table_asset(QUIET)
def tiny(window: PartitionWindow, amounts: dict[str, Sequence[int]]) -> pa.Table:
    """The amounts of the day."""
    rows = amounts.get(window.key, ())
    return pa.table(
        {"day": pa.array([window.first_day] * len(rows), pa.date32()), "amount": pa.array(rows, pa.int64())}
    )


@table_asset(TOTALS, reads=(QUIET,))
def totals(tiny: pa.Table) -> pa.Table:
    """Totals of every day."""
    return tiny.group_by("day").aggregate([("amount", "sum")]).rename_columns(["day", "total"])


def back(days: int) -> date:
    """A day before today."""
    return TODAY - timedelta(days=days)


def at(days: int, clock: str = "06:00:00") -> datetime:
    """A moment so many days after today, UTC. The day two days before it has just become due at six."""
    return datetime.combine(TODAY + timedelta(days=days), time.fromisoformat(clock), tzinfo=UTC)


@dataclass
class TinyLake:
    """The lake in `home`."""

    home: Path

    @property
    def lake(self) -> Lake:
        return lake_resource(self.home).open()

    def publish(self, *days: date, amounts: Sequence[int] = (1, 2)) -> None:
        """Publish these days with these amounts; a negative one refuses them."""
        windows = [PartitionWindow.of_day(day) for day in days]

        def produce(window: PartitionWindow) -> Candidate:
            return Candidate(tiny.transform(window, {window.key: amounts}))

        publish(self.lake, QUIET, windows, produce, "run")

    def make(self) -> bool:
        """Make the whole of what the days hold now; whether it changed."""
        whole = [PartitionWindow.whole()]
        made = publish(self.lake, TOTALS, whole, totals.producer(self.lake, whole, None), "run")
        assert not made.refused
        return bool(made.changed)

    def age(self, day: date, hours: int) -> None:
        """Make the proof of a day look as if it had been written hours ago: what time does to it."""
        store = VerdictStore(self.lake.proofs)
        [key] = self._keys(day)
        verdict = store.latest(QUIET.id, [day.isoformat()])[day.isoformat()]
        self.lake.proofs.delete_file(key)
        store.write(replace(verdict, evaluated_at=verdict.evaluated_at - timedelta(hours=hours)))

    def _keys(self, day: date) -> list[str]:
        folder = self.home / "warehouse" / "gold" / "quality" / QUIET.name
        return [f"gold/quality/{QUIET.name}/{path.name}" for path in folder.glob(f"*_{day.isoformat()}.json")]
