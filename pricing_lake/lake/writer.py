"""Staging rows as Parquet files that no snapshot knows yet. Judges nothing and commits nothing.

pyiceberg's own partitioned append costs 2.7 times a plain Parquet write and 2.6 times its memory, because it filters
and copies the embeddings per partition; its day overwrite leaves two snapshots. Hence this thin writer on its public
builders (`DataFile.from_args`, `update_snapshot().overwrite()`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from typing import Any
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyiceberg.io.pyarrow import (
    compute_statistics_plan,
    data_file_statistics_from_parquet_metadata,
    parquet_path_to_id_mapping,
    schema_to_pyarrow,
)
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.partitioning import PartitionFieldValue, PartitionKey
from pyiceberg.table import Table as IcebergTable
from pyiceberg.typedef import Record

from pricing_lake.contracts.model import Table
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.gather import RowGatherer
from pricing_lake.lake.live_files import file_name
from pricing_lake.lake.window import PartitionWindow

ROWS_PER_FILE = 65_536
WRITERS = 3
_SAMPLE = 2_048


@dataclass(frozen=True)
class StagedFile:
    """A Parquet file that no snapshot knows yet."""

    path: str
    data_file: DataFile


@dataclass(frozen=True)
class Piece:
    """Rows (by number) that go into one file: one tenant, one window."""

    rows: np.ndarray
    partition: Mapping[str, Any]


def stage_files(
    lake: Lake,
    table: IcebergTable,
    contract: Table,
    window: PartitionWindow,
    rows: pa.Table,
    constants: Mapping[str, pa.Scalar],
    content_hash: str,
) -> list[StagedFile]:
    """Write the rows of one window as files of one tenant each; `constants` are the run-metadata columns.

    Rows of a file stand as received. WRITERS files are written at a time, each through one small buffer.
    """
    pieces = _pieces(contract, window, rows)
    batch_id = str(constants["_batch_id"])
    gatherer = RowGatherer(rows)

    def write(numbered: tuple[int, Piece]) -> StagedFile:
        index, piece = numbered
        key = _partition_key(table, rows, piece)
        name = file_name(window, content_hash, index, len(pieces), batch_id)
        # The path of no partition would be an empty folder name, which S3 refuses.
        path = table.location_provider().new_data_location(name, key if table.spec().fields else None)
        slices = _with_constants(gatherer.slices(piece.rows), constants)
        return _write(lake, table, contract, path, slices, key.partition)

    with ThreadPoolExecutor(min(WRITERS, max(1, len(pieces)))) as pool:
        return list(pool.map(write, enumerate(pieces, start=1)))


def write_beside(
    lake: Lake,
    table: IcebergTable,
    contract: Table,
    old: DataFile,
    rows: pa.Table,
    numbers: np.ndarray,
    name: str | None = None,
) -> StagedFile:
    """Write those of complete rows (metadata included) with these numbers as a new file of the partition of `old`.

    Its name says nothing of its content, unless a `name` is given.
    """
    path = f"{old.file_path.rpartition('/')[0]}/{name or f'survivors.{uuid4()}.parquet'}"
    return _write(lake, table, contract, path, RowGatherer(rows).slices(numbers), old.partition)


def discard(table: IcebergTable, staged: Sequence[StagedFile]) -> None:
    """Delete staged files that will never be committed."""
    for file in staged:
        table.io.delete(file.path)


def _pieces(contract: Table, window: PartitionWindow, rows: pa.Table) -> list[Piece]:
    """Row numbers per identity partition value, cut so that no file grows past ROWS_PER_FILE."""
    identity = [part.column for part in contract.partition_by if part.transform == "identity"]
    identity = [name for name in identity if name != contract.window]
    if not identity or not rows.num_rows:
        groups: list[tuple[dict[str, Any], np.ndarray]] = [({}, np.arange(rows.num_rows))] if rows.num_rows else []
    else:
        keys = rows.select(identity)
        order = pc.sort_indices(keys, sort_keys=[(name, "ascending") for name in identity]).to_numpy()
        counts = keys.group_by(identity).aggregate([([], "count_all")]).sort_by([(n, "ascending") for n in identity])
        stops = np.cumsum(counts.column("count_all").to_numpy())
        values = counts.select(identity).to_pylist()
        groups = [
            (value, np.sort(order[stop - count : stop]))
            for value, stop, count in zip(values, stops, np.diff(stops, prepend=0), strict=True)
        ]
    return [
        Piece(numbers[start : start + ROWS_PER_FILE], value)
        for value, numbers in groups
        for start in range(0, len(numbers), ROWS_PER_FILE)
    ]


def _with_constants(slices: Iterable[pa.Table], constants: Mapping[str, pa.Scalar]) -> Iterator[pa.Table]:
    for part in slices:
        repeated = [pa.repeat(value, part.num_rows) for value in constants.values()]
        yield pa.table([*part.columns, *repeated], names=[*part.column_names, *constants])


def _write(
    lake: Lake, table: IcebergTable, contract: Table, path: str, slices: Iterable[pa.Table], partition: Record
) -> StagedFile:
    """Stream `slices` into one Parquet file; each becomes a row group."""
    schema = schema_to_pyarrow(table.schema(), include_field_ids=True)
    slices = iter(slices)
    first = next(slices)
    nested = {column.name for column in contract.columns if column.type.is_nested}
    vectors = [name for name in nested if pa.types.is_float64(schema.field(name).type.value_type)]
    flat = [name for name in schema.names if name not in nested]
    output = table.io.new_output(path)
    with (
        output.create(overwrite=True) as stream,
        pq.ParquetWriter(
            stream,
            schema,
            compression="snappy",
            use_dictionary=[name for name in flat if _repeats(first.column(name))],
            write_statistics=flat,
            column_encoding={f"{name}.list.element": lake.embedding_encoding for name in vectors},
            store_schema=False,
        ) as writer,
    ):
        for part in chain((first,), slices):
            arrays = [part.column(field.name).cast(field.type) for field in schema]
            writer.write_table(pa.table(arrays, schema=schema))
    return StagedFile(path, _data_file(table, path, len(output), writer.writer.metadata, partition))


def _repeats(column: pa.ChunkedArray) -> bool:
    """Whether a dictionary is worth it, by a sample. One of ids, tokens or hashes costs as much again as the write."""
    sample = column.slice(0, _SAMPLE)
    return 2 * int(pc.count_distinct(sample, mode="all").as_py()) <= len(sample)


def _partition_key(table: IcebergTable, rows: pa.Table, piece: Piece) -> PartitionKey:
    """The file's partition values, transformed: a raw datetime would overflow in the manifest summary."""
    schema, spec = table.schema(), table.spec()
    values = []
    for field in spec.fields:
        column = schema.find_field(field.source_id)
        if column.name in piece.partition:
            raw = piece.partition[column.name]
        else:
            scalar = rows.column(column.name)[int(piece.rows[0])]
            raw = scalar.cast(pa.int32() if pa.types.is_date(scalar.type) else pa.int64()).as_py()
        values.append(PartitionFieldValue(field, field.transform.transform(column.field_type)(raw)))
    return PartitionKey(values, spec, schema)


def _data_file(table: IcebergTable, path: str, size: int, metadata: pq.FileMetaData, partition: Record) -> DataFile:
    statistics = data_file_statistics_from_parquet_metadata(
        parquet_metadata=metadata,
        stats_columns=compute_statistics_plan(table.schema(), table.properties),
        parquet_column_mapping=parquet_path_to_id_mapping(table.schema()),
    )
    return DataFile.from_args(
        content=DataFileContent.DATA,
        file_path=path,
        file_format=FileFormat.PARQUET,
        partition=partition,
        file_size_in_bytes=size,
        sort_order_id=None,
        spec_id=table.spec().spec_id,
        equality_ids=None,
        key_metadata=None,
        **statistics.to_serialized_dict(),
    )
