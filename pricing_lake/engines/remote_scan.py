"""Streams planned Parquet files off an object store with pyarrow, a few at a time. Which files is planned elsewhere.

The Iceberg reader asks for every file at once and holds what comes until it is taken: on S3 that is the whole table.
"""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.dataset as ds
from pyiceberg.expressions import BooleanExpression
from pyiceberg.expressions.visitors import bind
from pyiceberg.io import FileIO
from pyiceberg.io.pyarrow import PyArrowFileIO, expression_to_pyarrow, schema_to_pyarrow
from pyiceberg.manifest import DataFile, FileFormat
from pyiceberg.schema import Schema

FILES_AHEAD, BATCHES_AHEAD, BATCH_ROWS = 4, 8, 16_384


def can_stream(io: FileIO, files: Sequence[DataFile]) -> bool:
    """Whether these files are Parquet in one bucket."""
    if not isinstance(io, PyArrowFileIO) or any(file.file_format != FileFormat.PARQUET for file in files):
        return False
    buckets = {PyArrowFileIO.parse_location(file.file_path)[:2] for file in files}
    return len(buckets) == 1 and all(scheme in {"s3", "s3a", "s3n"} for scheme, _ in buckets)


def streamed_rows(
    io: FileIO, files: Sequence[DataFile], table: Schema, columns: Schema, row_filter: BooleanExpression
) -> pa.RecordBatchReader:
    """The rows of `files` that pass, `columns` only, with `table` as the schema that every file was written in.

    Memory holds FILES_AHEAD files' batches, whatever the size of the table.
    """
    assert isinstance(io, PyArrowFileIO)  # noqa: S101 - `can_stream` said so
    scheme, netloc, _ = io.parse_location(files[0].file_path)
    filesystem = io.fs_by_scheme(scheme, netloc)
    paths = [io.parse_location(file.file_path)[2] for file in files]
    target = schema_to_pyarrow(columns, include_field_ids=False)
    rows = ds.dataset(
        paths,
        schema=schema_to_pyarrow(table, include_field_ids=False),
        format=ds.ParquetFileFormat(pre_buffer=True),
        filesystem=filesystem,
    )
    scanner = rows.scanner(
        columns=target.names,
        filter=expression_to_pyarrow(bind(table, row_filter, case_sensitive=True), table),
        batch_size=BATCH_ROWS,
        batch_readahead=BATCHES_AHEAD,
        fragment_readahead=FILES_AHEAD,
    )
    return scanner.to_reader().cast(target)
