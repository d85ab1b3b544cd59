"""Athena's `"<table>$partitions"`, `"$snapshots"` and `"$files"` of an input, told from Iceberg metadata alone.

Columns are named and typed as Athena's. Statistics by column, which `$files` has there too, are left out: a query that
names them is refused as one that names any column that does not exist.
"""

from collections.abc import Callable, Mapping

import pyarrow as pa
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.types import IcebergType, IntegerType, LongType, MapType, NestedField, StringType, TimestamptzType

_SIZES = {"record_count": "record_count", "file_count": "file_count", "total_size": "total_data_file_size_in_bytes"}


def metadata_schemas(inputs: Mapping[str, Table]) -> dict[str, Schema]:
    """The columns of every metadata table of every input, by the name that a query gives it."""
    return {
        f"{name}${kind}": schema(table) for name, table in inputs.items() for kind, (schema, _) in _METADATA.items()
    }


def metadata_rows(name: str, inputs: Mapping[str, Table]) -> pa.Table:
    """The rows of the metadata table of this name; none for a table without a snapshot."""
    of, _, kind = name.rpartition("$")
    schema, rows = _METADATA[kind]
    table = inputs[of]
    return pa.Table.from_pylist(rows(table) if table.current_snapshot() else [], schema_to_pyarrow(schema(table)))


def _schema(*fields: tuple[str, IcebergType]) -> Schema:
    return Schema(*(NestedField(place, name, of, required=False) for place, (name, of) in enumerate(fields, start=1)))


def _partitions_schema(table: Table) -> Schema:
    """`partition` is a row, absent from an unpartitioned table; sizes are in bytes."""
    values = table.metadata.specs_struct()
    partition = [("partition", values)] if values.fields else []
    return _schema(*partition, *((name, LongType()) for name in _SIZES))


def _partitions(table: Table) -> list[dict[str, object]]:
    return [
        {"partition": row.get("partition")} | {name: row[source] for name, source in _SIZES.items()}
        for row in table.inspect.partitions().to_pylist()
    ]


def _snapshots_schema(_: Table) -> Schema:
    summary = MapType(101, StringType(), 102, StringType(), value_required=False)
    return _schema(
        ("committed_at", TimestamptzType()),
        ("snapshot_id", LongType()),
        ("parent_id", LongType()),
        ("operation", StringType()),
        ("manifest_list", StringType()),
        ("summary", summary),
    )


def _snapshots(table: Table) -> list[dict[str, object]]:
    """Every snapshot that has not expired, on whichever branch."""
    return list(table.inspect.snapshots().to_pylist())


def _files_schema(_: Table) -> Schema:
    return _schema(
        ("content", IntegerType()),
        ("file_path", StringType()),
        ("file_format", StringType()),
        ("record_count", LongType()),
        ("file_size_in_bytes", LongType()),
    )


def _files(table: Table) -> list[dict[str, object]]:
    """Live files of the current snapshot: data (`content` 0) and deletes (1 by position, 2 by equality)."""
    return list(table.inspect.files().to_pylist())


_METADATA: Mapping[str, tuple[Callable[[Table], Schema], Callable[[Table], list[dict[str, object]]]]] = {
    "partitions": (_partitions_schema, _partitions),
    "snapshots": (_snapshots_schema, _snapshots),
    "files": (_files_schema, _files),
}
