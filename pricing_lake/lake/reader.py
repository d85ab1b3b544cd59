"""Reading published partitions, and the gate across runs: an unpublished or refused partition is never read."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa
from pyiceberg.table import FileScanTask
from pyiceberg.table import Table as IcebergTable

from pricing_lake.contracts.as_arrow import arrow_schema
from pricing_lake.contracts.model import Table
from pricing_lake.errors import RefusedError
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.file_rows import FileRows
from pricing_lake.lake.live_files import published_hash, window_tasks
from pricing_lake.lake.predicates import window_predicate
from pricing_lake.lake.verdicts import Verdict, VerdictStore
from pricing_lake.lake.window import PartitionWindow


@dataclass
class PublishedPartitions:
    """Some partitions of one table, planned once and read one at a time, so that memory holds one of them."""

    lake: Lake
    contract: Table
    windows: Sequence[PartitionWindow]
    table: IcebergTable = field(init=False)
    tasks: dict[str, list[FileScanTask]] = field(init=False)
    verdicts: dict[str, Verdict] = field(init=False)

    def __post_init__(self) -> None:
        self.verdicts = VerdictStore(self.lake.proofs).latest(self.contract.id, [w.key for w in self.windows])
        self.table = self.lake.table(self.contract)
        self.tasks = window_tasks(self.table, self.contract, self.windows)

    def read(self, window: PartitionWindow, columns: Sequence[str] | None = None) -> pa.Table:
        """Rows of one partition, own columns only unless `columns` are named.

        Raises RefusedError when the partition has no passing verdict, or when what the verdict passed never reached
        the table (a run died between proof and commit).
        """
        self.require(window)
        names = tuple(columns or self.contract.names)
        return FileRows(self.table, self.contract, names, window).read(self.tasks[window.key])

    def require(self, window: PartitionWindow) -> Verdict:
        """The partition's passing verdict. Raises RefusedError when it may not be read."""
        verdict = self.verdicts.get(window.key)
        if verdict is None:
            raise RefusedError(f"{self.contract.id} {window.key} is not published; materialize it first")
        if not verdict.passed:
            raise RefusedError(f"{verdict.explain()}; mend it and materialize that day again")
        if not self.holds(verdict):
            raise RefusedError(
                f"{self.contract.id} {window.key}: its verdict never reached the table, a run died; "
                "materialize it again"
            )
        return verdict

    def holds(self, verdict: Verdict) -> bool:
        """Whether the table holds what was judged."""
        return holds(self.tasks[verdict.partition], verdict)


def holds(tasks: Sequence[FileScanTask], verdict: Verdict) -> bool:
    """Whether a partition's files hold what was judged: by content where our files say it, else by row count."""
    stored = published_hash(tasks)
    if stored is not None:
        return stored == verdict.content_hash
    return sum(task.file.record_count for task in tasks) == verdict.good_rows


@dataclass
class PublishedTable:
    """All partitions of one table together, for a table that is made of its whole history.

    No verdict is asked for: whatever is in a table passed its gate, and a refused day left it as it was.
    """

    lake: Lake
    contract: Table

    def until(self, window: PartitionWindow, columns: Sequence[str] | None = None) -> pa.Table:
        """Every row from the beginning to the end of `window`; none when nothing was published.

        Own columns only unless `columns` are named.
        """
        beginning = PartitionWindow(min(PartitionWindow.whole().start, window.start), window.end, window.key)
        names = tuple(columns or self.contract.names)
        if not self.lake.exists(self.contract):
            return pa.schema([arrow_schema(self.contract).field(name) for name in names]).empty_table()
        table = self.lake.table(self.contract)
        tasks = list(table.scan(row_filter=window_predicate(self.contract, beginning)).plan_files())
        return FileRows(table, self.contract, names, beginning).read(tasks)
