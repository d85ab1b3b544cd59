"""Athena's `"<table>$partitions"`: one row per partition of an input, told from Iceberg metadata alone."""

import pyarrow as pa
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.types import LongType, NestedField

PARTITIONS = "$partitions"

_SIZES = {"record_count": "record_count", "file_count": "file_count", "total_size": "total_data_file_size_in_bytes"}


def partitions_schema(table: Table) -> Schema:
    """Columns as Athena names them: `partition` (a row, absent from an unpartitioned table) and three counts."""
    values = table.metadata.specs_struct()
    partition = [NestedField(1, "partition", values, required=False)] if values.fields else []
    counts = [NestedField(number, name, LongType(), required=False) for number, name in enumerate(_SIZES, start=2)]
    return Schema(*partition, *counts)


def partitions(table: Table) -> pa.Table:
    """Count the live files of the current snapshot; no rows for a table without one. `total_size` is in bytes."""
    schema = schema_to_pyarrow(partitions_schema(table))
    if table.current_snapshot() is None:
        return schema.empty_table()
    rows = [
        {"partition": row.get("partition")} | {name: row[source] for name, source in _SIZES.items()}
        for row in table.inspect.partitions().to_pylist()
    ]
    return pa.Table.from_pylist(rows, schema=schema)
