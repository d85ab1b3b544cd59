"""Rows of planned data files, straight from Parquet wherever a file holds what the table says. Plans nothing.

The Iceberg reader projects every batch in Python. A file whose columns have the table's field ids, names and types
needs none of that; any other file, and any plan with delete files, is left to it, which costs time and never rows.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from pyiceberg.expressions import BooleanExpression
from pyiceberg.expressions.visitors import _StrictMetricsEvaluator, bind
from pyiceberg.io.pyarrow import ArrowScan, expression_to_pyarrow
from pyiceberg.manifest import DataFile, FileFormat
from pyiceberg.table import FileScanTask
from pyiceberg.table import Table as IcebergTable

from pricing_lake.contracts.as_arrow import arrow_schema
from pricing_lake.contracts.model import Table
from pricing_lake.lake.predicates import window_predicate
from pricing_lake.lake.window import PartitionWindow

READERS = 8
"""Files that are read at a time: more than most machines have cores, for a file on S3 is mostly waited for."""
_FIELD_ID = b"PARQUET:field_id"


@dataclass(frozen=True)
class FileRows:
    """`names` of the rows of `window`, read from files of one plan of `table`."""

    table: IcebergTable
    contract: Table
    names: tuple[str, ...]
    window: PartitionWindow

    @cached_property
    def target(self) -> pa.Schema:
        """The columns that are returned, with the contract's types."""
        stored = arrow_schema(self.contract)
        return pa.schema([stored.field(name) for name in self.names])

    def read(self, tasks: Sequence[FileScanTask]) -> pa.Table:
        """The rows in the order of `tasks`."""
        if any(task.delete_files for task in tasks):
            return pa.concat_tables([self.target.empty_table(), *self.by_iceberg(tasks)])
        with ThreadPoolExecutor(READERS) as pool:
            return pa.concat_tables([self.target.empty_table(), *pool.map(self._read_file, tasks)])

    @contextmanager
    def opened(self, task: FileScanTask) -> Iterator[pq.ParquetFile | None]:
        """The file as the plain Parquet it is; None where only the Iceberg reader gets its rows right."""
        if task.delete_files or task.file.file_format != FileFormat.PARQUET:
            yield None
            return
        with (
            self.table.io.new_input(task.file.file_path).open() as stream,
            pq.ParquetFile(stream, pre_buffer=True) as file,
        ):
            yield file if self._is_plain(file.schema_arrow) else None

    def by_iceberg(self, tasks: Sequence[FileScanTask]) -> Iterator[pa.Table]:
        """The rows as the Iceberg reader finds them, deletes applied and columns found by field id.

        It holds a whole file's rows at a time for each of READERS files.
        """
        for first in range(0, len(tasks), READERS):
            for batch in self._scan.to_record_batches(tasks[first : first + READERS]):
                yield self._projected(pa.Table.from_batches([batch]))

    def within(self, rows: pa.Table) -> pa.Table:
        """Those of `rows` that lie in the window; its column is one of theirs."""
        low, high = self.window.bounds(self.contract)
        values = rows.column(self.contract.window)
        return rows.filter(pc.and_(pc.greater_equal(values, low), pc.less(values, high)))

    def _read_file(self, task: FileScanTask) -> pa.Table:
        with self.opened(task) as file:
            if file is not None and self._lies_within(task.file):
                return file.read(list(self.names)).cast(self.target)
        if file is None:
            return self._projected(self._scan.to_table([task]))
        with self.table.io.new_input(task.file.file_path).open() as stream:
            fragment = ds.ParquetFileFormat(pre_buffer=True).make_fragment(stream)
            rows = fragment.to_table(schema=fragment.physical_schema, columns=list(self.names), filter=self._filter)
        return rows.cast(self.target)

    def _is_plain(self, stored: pa.Schema) -> bool:
        """Whether the file says of each column that it is the table's own: by id, by name and by type."""
        return all(
            (place := stored.get_field_index(name)) >= 0
            and stored.field(place).type == kind
            and (stored.field(place).metadata or {}).get(_FIELD_ID) == field_id
            for name, (kind, field_id) in self._identities.items()
        )

    def _lies_within(self, file: DataFile) -> bool:
        """Whether the window holds every row of the file, as its column bounds tell."""
        return self._strict.eval(file)

    def _projected(self, rows: pa.Table) -> pa.Table:
        return rows.select(list(self.names)).cast(self.target)

    @cached_property
    def _identities(self) -> dict[str, tuple[pa.DataType, bytes]]:
        """Type and field id of every column that is returned or filtered by."""
        stored, schema = arrow_schema(self.contract), self.table.schema()
        return {
            name: (stored.field(name).type, str(schema.find_field(name).field_id).encode())
            for name in (*self.names, self.contract.window)
        }

    @cached_property
    def _predicate(self) -> BooleanExpression:
        return window_predicate(self.contract, self.window)

    @cached_property
    def _strict(self) -> _StrictMetricsEvaluator:
        return _StrictMetricsEvaluator(self.table.schema(), self._predicate)

    @cached_property
    def _filter(self) -> ds.Expression:
        schema = self.table.schema()
        return expression_to_pyarrow(bind(schema, self._predicate, case_sensitive=True), schema)

    @cached_property
    def _scan(self) -> ArrowScan:
        schema = self.table.schema().select(*self.names)
        return ArrowScan(self.table.metadata, self.table.io, schema, self._predicate, case_sensitive=True)
