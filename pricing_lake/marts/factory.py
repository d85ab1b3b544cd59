"""Makes each saved mart query an asset: run once per Dagster run, published per partition. No SQL lives here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from pricing_lake.contracts.all import table_called
from pricing_lake.contracts.model import Table
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.queries.saved import SavedQuery, saved_query
from pricing_lake.table_asset import TableAsset

if TYPE_CHECKING:
    from pricing_lake.lake.catalog import Lake


@dataclass(frozen=True)
class MartAsset(TableAsset):
    """A mart: its transform names the resources it needs, its rows come from the saved query."""

    query: SavedQuery | None = None

    @property
    def code_version(self) -> str:
        """Changes when the contract or the query does."""
        return f"{self.contract.fingerprint}-{self.saved.fingerprint}"

    @property
    def description(self) -> str:
        """The question the mart answers, and its SQL."""
        return f"{self.saved.question}\n\n{self.contract.grain}\n\n```sql\n{self.saved.sql.strip()}\n```"

    @property
    def kinds(self) -> set[str]:
        """A mart is SQL run by DuckDB."""
        return {"iceberg", "duckdb"}

    @property
    def saved(self) -> SavedQuery:
        """The mart's query."""
        return self.query or saved_query(self.contract.name)

    def producer(
        self, lake: "Lake", windows: Sequence[PartitionWindow], resources: Any
    ) -> Callable[[PartitionWindow], Candidate]:
        """Run the query once over the whole range; every day mart waits for that day of what it reads."""
        from pricing_lake.lake.reader import PublishedPartitions  # here, so that loading the graph stays quick

        same_grain = [t for t in self.reads if t.every is self.contract.every]
        gates = [PublishedPartitions(lake, table, windows) for table in same_grain]
        inputs = {table.name: lake.table(table) for table in self.reads}
        start, end = (edge.replace(tzinfo=None) for edge in (min(windows).start, max(w.end for w in windows)))
        rows = resources.engine.sql().run(self.saved.sql, inputs, self.saved.over(start, end)).read_all()

        def produce(window: PartitionWindow) -> Candidate:
            for gate in gates:
                gate.require(window)
            return Candidate(_within(self.contract, rows, window))

        return produce


def mart_asset(contract: Table) -> MartAsset:
    """The mart of this contract, made of the saved query of the same name."""

    def mart(engine: object) -> pa.Table:
        raise NotImplementedError(f"a mart's rows come from its query, not from {engine}")

    query = saved_query(contract.name)
    return MartAsset(contract, tuple(table_called(name) for name in query.reads), mart, query=query)


def _within(contract: Table, rows: pa.Table, window: PartitionWindow) -> pa.Table:
    low, high = window.bounds(contract)
    values = rows.column(contract.window)
    return rows.filter(pc.and_(pc.greater_equal(values, low), pc.less(values, high)))
