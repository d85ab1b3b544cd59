"""A contract as an Arrow schema, with docs and PII marks in the field metadata. Stores nothing, reads nothing."""

import pyarrow as pa

from pricing_lake.contracts.columns import stored_columns
from pricing_lake.contracts.model import Column, Table


def arrow_field(column: Column) -> pa.Field:
    """One column as a field; `doc` round-trips through Iceberg, `pii` is ours."""
    return pa.field(
        column.name,
        column.type.arrow,
        nullable=not column.required,
        metadata={"doc": column.doc, "pii": column.pii},
    )


def own_arrow_schema(table: Table) -> pa.Schema:
    """Schema of the table's own columns: what a transform returns and a split accepts."""
    return pa.schema([arrow_field(column) for column in table.columns])


def arrow_schema(table: Table) -> pa.Schema:
    """Schema as stored, with run metadata."""
    return pa.schema([arrow_field(column) for column in stored_columns(table)])
