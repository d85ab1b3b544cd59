"""The rows of unloaded Parquet files, row group by row group, held against what the manifest says of each file."""

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from pricing_lake.errors import ConfigurationError, SourceDataError
from pricing_lake.sources.redshift_mapping import COLUMNS, EVENT_TIME
from pricing_lake.sources.redshift_unload_manifest import UnloadedFile, readable

MOMENT = pa.timestamp("us", "UTC")
SCHEMA = pa.schema([(name, MOMENT if name == EVENT_TIME else pa.string()) for name in COLUMNS])
"""What a batch of an unload looks like."""

_BATCH_ROWS = 65_536


def unload_file_system(region: str, endpoint: str) -> fs.FileSystem:
    """Return S3 in a region, at AWS's own address unless `endpoint` names another."""
    try:
        return fs.S3FileSystem(
            region=region,
            endpoint_override=endpoint or None,
            connect_timeout=3,
            request_timeout=30,
            retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=6),
        )
    except (pa.ArrowInvalid, OSError) as error:
        raise ConfigurationError(f"no S3 for region {region!r}: check AWS_REGION and AWS_ENDPOINT_URL") from error


def check_footers(files: fs.FileSystem, unloaded: Sequence[UnloadedFile]) -> None:
    """Look at the end of each file, where Parquet keeps its schema and its count, before any row is handed on.

    Raises SourceDataError for a file that is no Parquet, has other columns or another count than its manifest says.
    """
    for file in unloaded:
        with readable(file.path), files.open_input_file(file.path) as stream:
            parquet = _opened(file, stream)
            names = parquet.schema_arrow.names
            rows = parquet.metadata.num_rows
        if names != list(COLUMNS):
            raise SourceDataError(f"s3://{file.path} has columns {', '.join(names)}: run again to unload anew")
        if rows != file.rows:
            raise SourceDataError(
                f"s3://{file.path} has {rows:,} rows, its manifest says {file.rows:,}: run again to unload anew"
            )


def file_batches(files: fs.FileSystem, unloaded: Sequence[UnloadedFile]) -> Iterator[pa.RecordBatch]:
    """Yield the rows of all files as batches of SCHEMA; one row group at a time is in memory.

    Raises as `check_footers` does, and SourceDataError for a damaged page or a value that is not of its type.
    """
    for file in unloaded:
        rows = 0
        with readable(file.path), files.open_input_file(file.path) as stream:
            parquet = _opened(file, stream)
            for group in range(parquet.num_row_groups):
                for batch in _group(file, parquet, group):
                    rows += batch.num_rows
                    yield batch
        if rows != file.rows:
            raise SourceDataError(
                f"s3://{file.path} gave {rows:,} rows, its manifest says {file.rows:,}: run again to unload anew"
            )


def _opened(file: UnloadedFile, stream: pa.NativeFile) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(stream, coerce_int96_timestamp_unit="us")
    except pa.ArrowInvalid as error:
        raise _damaged(file) from error


def _group(file: UnloadedFile, parquet: pq.ParquetFile, group: int) -> Iterator[pa.RecordBatch]:
    batches = parquet.iter_batches(_BATCH_ROWS, row_groups=[group])
    while True:
        try:
            batch = next(batches, None)
            conformed = batch and _conformed(batch)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise _damaged(file) from error
        except OSError as error:
            if "AWS Error" in str(error):
                raise
            # Parquet's reader raises OSError too: for a page that cannot be unpacked.
            raise _damaged(file) from error
        if conformed is None:
            return
        if conformed.num_rows:
            yield conformed


def _conformed(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return the batch in SCHEMA: a time without a zone is UTC, as the statement made it."""
    return pa.RecordBatch.from_arrays(
        [column.cast(field.type) for column, field in zip(batch.columns, SCHEMA, strict=True)], schema=SCHEMA
    )


def _damaged(file: UnloadedFile) -> SourceDataError:
    return SourceDataError(f"s3://{file.path} is damaged or holds other types: run again to unload anew")
