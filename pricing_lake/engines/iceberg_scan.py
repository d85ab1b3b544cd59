"""Plans the Iceberg scan of one input: which files, and whether they may be read as the plain Parquet they are.

Plain Parquet knows neither delete files nor field ids. Wherever one of them matters the scan is left to the
Iceberg reader, which costs time and never rows: that is the default, plain files are the proven exception.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
from pyiceberg.io.pyarrow import ArrowScan, schema_to_pyarrow
from pyiceberg.manifest import DataFile, FileFormat
from pyiceberg.schema import Schema
from pyiceberg.table import DataScan, FileScanTask, Table

from pricing_lake.engines import InputScan
from pricing_lake.engines.pruning import Pruning
from pricing_lake.engines.remote_scan import can_stream, streamed_rows
from pricing_lake.errors import QueryError


@dataclass(frozen=True)
class IcebergScan:
    """One planned scan of one snapshot: `tasks` hold every row that can pass `scan.row_filter`, and more.

    It can be exported as an Arrow stream (`__arrow_c_stream__`) any number of times, each a new read of exactly the
    rows that pass the filter, deletes applied and columns found by field id.
    """

    name: str
    table: Table
    scan: DataScan
    tasks: Sequence[FileScanTask]

    @property
    def schema(self) -> Schema:
        """The selected columns, in the table's order."""
        return self.scan.projection()

    def plain_files(self) -> list[str] | None:
        """List the paths to read as plain Parquet, or None when only the Iceberg reader gets the rows right."""
        paths = [_local_path(task.file) for task in self.tasks]
        plain = [path for path in paths if path is not None]
        return plain if len(plain) == len(paths) and self._is_plain() else None

    def is_streamed(self) -> bool:
        """Tell whether the rows come straight from Parquet files on an object store."""
        return bool(self.tasks) and can_stream(self.table.io, [task.file for task in self.tasks]) and self._is_plain()

    def _is_plain(self) -> bool:
        return not any(task.delete_files for task in self.tasks) and not _is_evolved(self.table, self.schema)

    def __arrow_c_schema__(self) -> object:
        """Export the schema of the stream, so that asking for it costs no read."""
        return schema_to_pyarrow(self.schema).__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Start one more read of the rows."""
        return self._reader().__arrow_c_stream__(requested_schema)

    def _reader(self) -> pa.RecordBatchReader:
        if self.is_streamed():
            files = [task.file for task in self.tasks]
            return streamed_rows(self.table.io, files, self.table.schema(), self.schema, self.scan.row_filter)
        target = schema_to_pyarrow(self.schema)
        rows = ArrowScan(
            self.table.metadata, self.table.io, self.schema, self.scan.row_filter, self.scan.case_sensitive
        ).to_record_batches(self.tasks)
        return pa.RecordBatchReader.from_batches(target, rows).cast(target)

    def stats(self) -> InputScan:
        """Count files and bytes from metadata alone."""
        files_total, bytes_total = _totals(self.table)
        files = [task.file for task in self.tasks]
        return InputScan(
            name=self.name,
            columns=tuple(field.name for field in self.schema.fields),
            reader=_reader_name(self),
            files_scanned=len(files),
            files_total=files_total,
            bytes_scanned=sum(_bytes_of(file, self.schema.field_ids) for file in files),
            bytes_total=bytes_total,
        )


def plan(name: str, table: Table, pruning: Pruning) -> IcebergScan:
    """Plan the scan of `table`'s current snapshot; raise QueryError when pyiceberg cannot read the table."""
    scan = table.scan(row_filter=pruning.row_filter, selected_fields=pruning.columns)
    try:
        tasks = list(scan.plan_files())
    except (ValueError, NotImplementedError) as error:
        raise QueryError(f"table {name} cannot be planned ({str(error).splitlines()[0]}): compact it first") from None
    return IcebergScan(name, table, scan, tasks)


def _reader_name(scan: IcebergScan) -> str:
    match scan.plain_files():
        case []:
            return "nothing"
        case None:
            return "streamed files" if scan.is_streamed() else "iceberg reader"
    return "planned files"


def _local_path(file: DataFile) -> str | None:
    """Give the path of a local Parquet file; None for any other, and for a name that a glob would expand."""
    parts = urlsplit(file.file_path)
    is_plain = parts.scheme in {"", "file"} and not (parts.netloc or parts.query or parts.fragment)
    if not is_plain or file.file_format != FileFormat.PARQUET or set(parts.path) & set("*?[]{}"):
        return None
    return parts.path


def _is_evolved(table: Table, selected: Schema) -> bool:
    """Tell whether a file may hold a selected column under another name, id or type, or lack it.

    A data file does not say under which schema it was written, so every schema the table ever had counts.
    """
    current = {field.name: (field.field_id, field.field_type) for field in selected.fields}
    for schema in table.metadata.schemas:
        past = {field.name: (field.field_id, field.field_type) for field in schema.fields}
        if any(past.get(name) != identity for name, identity in current.items()):
            return True
    return False


def _bytes_of(file: DataFile, field_ids: set[int]) -> int:
    sizes = file.column_sizes
    if not sizes:
        return int(file.file_size_in_bytes)
    return sum(size for field_id, size in sizes.items() if field_id in field_ids)


def _totals(table: Table) -> tuple[int, int]:
    """Read files and bytes of the snapshot off its summary; plan the whole table when a writer left them out."""
    snapshot = table.current_snapshot()
    if snapshot is None:
        return 0, 0
    summary: Any = snapshot.summary
    files, size = (summary and summary.get(key) for key in ("total-data-files", "total-files-size"))
    if files is not None and size is not None:
        return int(files), int(size)
    tasks = list(table.scan().plan_files())
    return len(tasks), sum(task.file.file_size_in_bytes for task in tasks)
