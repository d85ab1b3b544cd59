"""The history that the partitions of one run need of one table: rows of the keys they ask for, read in one pass."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.expressions import And, BooleanExpression, GreaterThanOrEqual, LessThanOrEqual

from pricing_lake.contracts.as_arrow import arrow_schema
from pricing_lake.contracts.model import Table
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.file_rows import FileRows
from pricing_lake.lake.key_match import KeyMatch
from pricing_lake.lake.predicates import window_predicate
from pricing_lake.lake.window import PartitionWindow


@dataclass
class HistoryOfKeys:
    """`names` of those rows of a table whose `key` a partition asks for.

    `asked` says which keys those are. It is asked for every one of `windows` when the first history is wanted; then the
    table is read once for all of them, and memory holds the matches of the whole run.
    """

    lake: Lake
    contract: Table
    names: tuple[str, ...]
    key: str
    windows: Sequence[PartitionWindow]
    asked: Callable[[PartitionWindow], pa.ChunkedArray]

    def until(self, window: PartitionWindow) -> pa.Table:
        """The rows of this partition's keys from the beginning to its end; none when nothing was published."""
        rows = self._matches
        if len(self.windows) > 1:
            rows = rows.filter(self._asked_by(window, rows))
        return rows.select(list(self.names))

    def _asked_by(self, window: PartitionWindow, rows: pa.Table) -> pa.ChunkedArray:
        """Which of the run's matches one partition asks for."""
        _, high = window.bounds(self.contract)
        own = self._keys[window.key].to_arrow(compat_level=pl.CompatLevel.oldest())
        before_its_end = pc.less(rows.column(self.contract.window), high)
        return pc.and_(before_its_end, pc.is_in(rows.column(self.key), value_set=own))

    @cached_property
    def _keys(self) -> dict[str, pl.Series]:
        asked = {window.key: pl.Series(pl.from_arrow(self.asked(window))) for window in self.windows}
        return {key: found.drop_nulls().unique() for key, found in asked.items()}

    @cached_property
    def _matches(self) -> pa.Table:
        """Every row that any of the partitions asks for, with the columns that tell which one does."""
        names = tuple(dict.fromkeys((*self.names, self.key, self.contract.window)))
        keys = pl.concat(self._keys.values()).unique()
        if keys.is_empty() or not self.lake.exists(self.contract):
            stored = arrow_schema(self.contract)
            return pa.schema([stored.field(name) for name in names]).empty_table()
        table = self.lake.table(self.contract)
        rows = FileRows(table, self.contract, names, self._all_time)
        tasks = list(table.scan(row_filter=self._covering(keys)).plan_files())
        return KeyMatch(rows, self.key, keys).read(tasks)

    @property
    def _all_time(self) -> PartitionWindow:
        """From the beginning to the end of the last partition."""
        first, last = min(self.windows).start, max(window.end for window in self.windows)
        return PartitionWindow(min(PartitionWindow.whole().start, first), last, "history")

    def _covering(self, keys: pl.Series) -> BooleanExpression:
        """Every row that may match: where keys rise with time, most of the history lies outside their bounds."""
        low, high = keys.min(), keys.max()
        bounds = [GreaterThanOrEqual(self.key, low), LessThanOrEqual(self.key, high)]  # type: ignore[call-arg, arg-type]
        return reduce(And, bounds, window_predicate(self.contract, self._all_time))
