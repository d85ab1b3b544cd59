"""Which published days of facts no longer are what their dimensions make of them. Runs nothing.

A dimension changes under facts that were made of it: a customer or a product becomes known late, a version is split or
taken back, a rate arrives. The facts themselves are held against the dimensions, month by month, so it does not matter
how a day came to be behind or whether anybody saw it happen.
"""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa

from pricing_lake.contracts.as_arrow import arrow_schema
from pricing_lake.contracts.gold_dimensions import DIM_CUSTOMER, DIM_FX, DIM_PRODUCT
from pricing_lake.contracts.model import Table
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.transforms.dimension_keys import CUSTOMER_VERSION, PRODUCT_MEMBER
from pricing_lake.transforms.dollars import RATE_OF_DAY
from pricing_lake.transforms.fact_differences import (
    CUSTOMERS,
    PRODUCTS,
    RATES,
    Members,
    columns_needed,
    differing_days,
    has_money,
)

if TYPE_CHECKING:
    from pricing_lake.lake.catalog import Lake

_WHOLE = PartitionWindow.whole()
_NEEDED = {DIM_CUSTOMER.id: CUSTOMER_VERSION, DIM_PRODUCT.id: PRODUCT_MEMBER, DIM_FX.id: RATE_OF_DAY}


@dataclass(frozen=True)
class DayBehind:
    """A day of a fact to be run again, and how many of its rows would have another customer, product or rate.

    `evidence` is the same as long as neither the day's rows nor the dimensions are published anew.
    """

    fact: str
    day: str
    customers: int
    products: int
    rates: int
    evidence: str

    @property
    def why(self) -> str:
        """What would come out differently."""
        counts = {CUSTOMERS: self.customers, PRODUCTS: self.products, RATES: self.rates}
        return ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)


@dataclass(frozen=True)
class Star:
    """The facts of a lake beside its dimensions; each dimension is read once, when the first fact needs it.

    Memory holds a few columns of the dimensions and of one month of one fact.
    """

    lake: "Lake"
    _read: dict[str, tuple[pl.DataFrame, str]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def state(self, fact: Table) -> str:
        """What `behind` would look at, named so that while the name stays, so does the answer; empty without facts."""
        tables = (fact, *_dimensions(fact))
        if not all(self.lake.exists(table) for table in tables):
            return ""
        snapshots = [self.lake.table(table).metadata.current_snapshot_id for table in tables]
        return "" if snapshots[0] is None else " ".join(map(str, snapshots))

    def behind(self, fact: Table, calendar: Collection[str]) -> list[DayBehind]:
        """Days of `calendar` whose rows would come out differently, oldest first.

        Raises RefusedError when a dimension is not published: a day that is made of it would be refused, too.
        """
        if not self.state(fact):
            return []
        dimensions = {dimension.id: self._members(dimension) for dimension in _dimensions(fact)}
        members = Members(*(rows for rows, _ in dimensions.values()))
        snapshots = [snapshot for _, snapshot in dimensions.values()]
        return [
            DayBehind(fact.id, day.isoformat(), customers, products, rates, _evidence(batches, snapshots))
            for rows in _months(self.lake, fact, calendar)
            for day, customers, products, rates, batches in differing_days(fact, rows, members).iter_rows()
        ]

    def _members(self, dimension: Table) -> tuple[pl.DataFrame, str]:
        """Rows of a dimension and the snapshot that they are of."""
        from pricing_lake.lake.reader import PublishedPartitions  # here, so that loading the graph stays quick

        if dimension.id not in self._read:
            published = PublishedPartitions(self.lake, dimension, [_WHOLE])
            rows = published.read(_WHOLE, _NEEDED[dimension.id])
            snapshot = str(published.table.metadata.current_snapshot_id)
            self._read[dimension.id] = pl.DataFrame(pl.from_arrow(rows)), snapshot
        return self._read[dimension.id]


def _dimensions(fact: Table) -> tuple[Table, ...]:
    return (DIM_CUSTOMER, DIM_PRODUCT, DIM_FX) if has_money(fact) else (DIM_CUSTOMER, DIM_PRODUCT)


def _evidence(batches: Sequence[str], snapshots: Sequence[str]) -> str:
    return hashlib.sha256("\n".join((*batches, *snapshots)).encode()).hexdigest()[:16]


def _months(lake: "Lake", fact: Table, calendar: Collection[str]) -> Iterator[pl.DataFrame]:
    """The published days of a fact, a month at a time; its files are planned once."""
    from pyiceberg.io.pyarrow import ArrowScan  # here, so that loading the graph stays quick

    from pricing_lake.lake.live_files import window_tasks
    from pricing_lake.lake.predicates import covering_predicate
    from pricing_lake.lake.verdicts import VerdictStore

    days = sorted(VerdictStore(lake.proofs).partitions(fact.id).intersection(calendar))
    windows = [PartitionWindow.of_day(date.fromisoformat(day)) for day in days]
    table, names = lake.table(fact), columns_needed(fact)
    tasks = window_tasks(table, fact, windows)
    schema = pa.schema([arrow_schema(fact).field(name) for name in names])
    for _, of_month in groupby(windows, key=lambda window: window.start.replace(day=1)):
        month = list(of_month)
        # A file that another engine wrote may lie under several days.
        files = {task.file.file_path: task for window in month for task in tasks[window.key]}
        predicate = covering_predicate(fact, month)
        scan = ArrowScan(table.metadata, table.io, table.schema().select(*names), predicate, case_sensitive=True)
        yield pl.DataFrame(pl.from_arrow(scan.to_table(files.values()).select(list(names)).cast(schema)))
