"""What a run of one table asset reads of the tables before it, partition by partition. Knows no transform."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa

from pricing_lake.contracts.model import Grain, Table
from pricing_lake.errors import RefusedError
from pricing_lake.lake.window import PartitionWindow

if TYPE_CHECKING:
    from pricing_lake.lake.catalog import Lake
    from pricing_lake.lake.reader import PublishedPartitions

WHOLE = PartitionWindow.whole()
Read = Callable[[PartitionWindow], pa.Table]


@dataclass(frozen=True)
class Upstream:
    """Reads for partitions `windows` of `contract`; `columns` and `history_of` are those of its asset."""

    lake: "Lake"
    contract: Table
    columns: Mapping[str, tuple[str, ...]]
    history_of: Mapping[str, str]
    windows: Sequence[PartitionWindow]
    _planned: dict[str, "PublishedPartitions"] = field(default_factory=dict, init=False)

    def rows(self, table: Table) -> Read:
        """How one partition's rows of `table` are read: the same partition, or a whole table from or to one."""
        columns = self.columns.get(table.name)
        if table.every is Grain.WHOLE:
            return lambda _: self._partitions(table).read(WHOLE, columns)
        if self.contract.every is Grain.WHOLE:
            return self.history(table, ())
        return partial(self._partitions(table).read, columns=columns)

    def history(self, table: Table, own: Sequence[Table]) -> Read:
        """How the rows of `table` up to a partition's end are read.

        All of them, or those whose key is among the partition's own rows of the tables `own`.
        """
        from pricing_lake.lake.history_of_keys import HistoryOfKeys  # here, so that loading the graph stays quick
        from pricing_lake.lake.reader import PublishedTable

        key = self.history_of.get(table.name)
        if key is None:
            return partial(PublishedTable(self.lake, table).until, columns=self.columns.get(table.name))
        names = tuple(self.columns.get(table.name, table.names))
        asked = partial(self._keys, key, keyed(own, key))
        return HistoryOfKeys(self.lake, table, names, key, self.windows, asked).until

    def _keys(self, key: str, tables: Sequence[Table], window: PartitionWindow) -> pa.ChunkedArray:
        """Values of `key` in the partition's own rows; none where those may not be read, as their own read says."""
        try:
            found = [self._partitions(table).read(window, (key,)).column(key) for table in tables]
        except RefusedError:
            return pa.chunked_array([], tables[0].column(key).type.arrow)
        return pa.chunked_array([chunk for column in found for chunk in column.chunks], found[0].type)

    def _partitions(self, table: Table) -> "PublishedPartitions":
        """The plan of `table`, made once however often it is read."""
        from pricing_lake.lake.reader import PublishedPartitions  # here, so that loading the graph stays quick

        if table.id not in self._planned:
            windows = [WHOLE] if table.every is Grain.WHOLE else self.windows
            self._planned[table.id] = PublishedPartitions(self.lake, table, windows)
        return self._planned[table.id]


def keyed(own: Sequence[Table], key: str) -> list[Table]:
    """Those of `own` whose partitions say which keys they need the history of."""
    return [table for table in own if table.every is not Grain.WHOLE and key in table.names]
