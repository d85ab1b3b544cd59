"""Erasing a customer: their rows in every table, their rows in every lane, and what still holds them afterwards.

Tables first, in flow order, then lanes, then silver/customers, then the verdicts of what changed. Killed anywhere and
run again, it goes on; run once more, it finds nothing. The sources are not touched: a customer who is still there comes
back with the next read.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl
from pyiceberg.exceptions import CommitFailedException, ValidationException
from pyiceberg.expressions import BooleanExpression
from pyiceberg.table import Table as IcebergTable

from pricing_lake.contracts.model import Grain, Table
from pricing_lake.contracts.silver_people import CUSTOMERS
from pricing_lake.errors import CommitConflictError
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.erase_find import Customer, predicate_of, with_records
from pricing_lake.lake.erase_lanes import forget, lane_files, remember, rewrite
from pricing_lake.lake.erase_verdicts import amend
from pricing_lake.lake.history import moment_of
from pricing_lake.lake.verdicts import now_utc
from pricing_lake.lake.window import WHOLE_KEY

LANES = "lanes of "
OPERATION, ERASING = "pricing.operation", "erase-customer"


@dataclass(frozen=True)
class Found:
    """A customer's rows in one place: a table, or the lanes of one.

    `snapshots` is how many earlier states of the table still hold rows of theirs, `since` the oldest one's time.
    """

    place: str
    rows: int
    snapshots: int = 0
    since: datetime | None = None


@dataclass(frozen=True)
class Erasure:
    """One customer and all tables that may know them, in flow order."""

    lake: Lake
    tables: Sequence[Table]
    customer: Customer

    def plan(self) -> list[Found]:
        """Where they are, place by place; places without them are left out."""
        customer = with_records(self.lake, self.customer)
        found = [self._look(contract, where) for contract, where in self._known(customer)]
        by_table: dict[str, int] = {}
        for file in lane_files(self.lake.proofs, customer):
            by_table[file.table_id] = by_table.get(file.table_id, 0) + file.rows
        found += [Found(f"{LANES}{table_id}", rows) for table_id, rows in sorted(by_table.items())]
        return [place for place in found if place.rows or place.snapshots]

    def run(self, run_id: str) -> list[Found]:
        """Erase them; returns what was erased and which earlier states still hold it.

        Raises CommitConflictError when somebody else writes one of the tables; run it again then.
        """
        customer = with_records(self.lake, self.customer)
        before = {place.place: place.rows for place in self.plan()}
        # silver/customers last: it holds the links to records that a run which is killed must find again.
        known = sorted(self._known(customer), key=lambda each: each[0] is CUSTOMERS)
        for contract, where in known:
            if contract is not CUSTOMERS:
                _delete(self.lake, contract, where, run_id)
        files = list(lane_files(self.lake.proofs, customer))
        pending = remember(self.lake.proofs, files)
        for file in files:
            rewrite(self.lake.proofs, file)
        for table_id, partition in sorted(pending):
            self._amend(table_id, {partition: now_utc()}, run_id)
        forget(self.lake.proofs)
        for contract, where in known:
            if contract is CUSTOMERS:
                _delete(self.lake, contract, where, run_id)
        for contract in self.tables:
            if self.lake.exists(contract):
                self._amend(contract.id, _erased_at(self.lake.table(contract)), run_id)
        after = [self._look(contract, where) for contract, where in known]
        told = [Found(place.place, before.get(place.place, 0), place.snapshots, place.since) for place in after]
        told += [Found(name, rows) for name, rows in before.items() if name.startswith(LANES)]
        return [place for place in told if place.rows or place.snapshots]

    def _amend(self, table_id: str, erased_at: Mapping[str, datetime], run_id: str) -> None:
        for contract in self.tables:
            if contract.id == table_id and erased_at:
                amend(self.lake, contract, erased_at, run_id)

    def _known(self, customer: Customer) -> Iterator[tuple[Table, BooleanExpression]]:
        for contract in self.tables:
            if self.lake.exists(contract):
                where = predicate_of(self.lake, contract, customer)
                if where is not None:
                    yield contract, where

    def _look(self, contract: Table, where: BooleanExpression) -> Found:
        table = self.lake.table(contract)
        current = table.current_snapshot()
        rows = _matching(table, contract, where).height if current else 0
        others = [s for s in table.snapshots() if current is None or s.snapshot_id != current.snapshot_id]
        holding = [s for s in others if _matching(table, contract, where, s.snapshot_id).height]
        since = min(map(moment_of, holding), default=None)
        return Found(contract.id, rows, len(holding), since)


def _delete(lake: Lake, contract: Table, where: BooleanExpression, run_id: str) -> None:
    """Delete the rows, if any. The snapshot says which partitions they were in, for whoever amends their verdicts."""
    table = lake.table(contract)
    partitions = _partitions(contract, _matching(table, contract, where)) if table.current_snapshot() else set()
    if not partitions:
        return
    properties = {"pricing.run-id": run_id, OPERATION: ERASING, "pricing.partitions": ",".join(sorted(partitions))}
    try:
        table.delete(where, snapshot_properties=properties)
    except (CommitFailedException, ValidationException) as error:
        raise CommitConflictError(
            f"{contract.id}: somebody else is writing it; let that end, then erase again"
        ) from error


def _erased_at(table: IcebergTable) -> dict[str, datetime]:
    """Partitions of which anybody was ever erased, and when last: a run that died may have left their verdicts."""
    erased: dict[str, datetime] = {}
    for snapshot in sorted(table.snapshots(), key=lambda snapshot: snapshot.timestamp_ms):
        told = snapshot.summary.additional_properties if snapshot.summary else {}
        if told.get(OPERATION) == ERASING:
            erased |= dict.fromkeys(told.get("pricing.partitions", "").split(","), moment_of(snapshot))
    return erased


def _matching(
    table: IcebergTable, contract: Table, where: BooleanExpression, snapshot_id: int | None = None
) -> pl.DataFrame:
    """When the matching rows happened: one value a row."""
    scan = table.scan(row_filter=where, selected_fields=(contract.window,), snapshot_id=snapshot_id)
    return pl.DataFrame(pl.from_arrow(scan.to_arrow().select([contract.window])))


def _partitions(contract: Table, rows: pl.DataFrame) -> set[str]:
    if contract.every is Grain.WHOLE:
        return {WHOLE_KEY} if rows.height else set()
    days: list[date] = rows[contract.window].cast(pl.Date).unique().to_list()
    return {day.isoformat() for day in days}
