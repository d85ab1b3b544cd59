"""A contract as an Iceberg schema, partition spec and table properties. Talks to no catalog."""

from typing import Any

from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import DayTransform, IdentityTransform, MonthTransform, Transform
from pyiceberg.types import NestedField

from pricing_lake.contracts.columns import stored_columns
from pricing_lake.contracts.model import Table
from pricing_lake.errors import ContractError

_TRANSFORMS: dict[str, Transform[Any, Any]] = {
    "identity": IdentityTransform(),
    "day": DayTransform(),
    "month": MonthTransform(),
}
_FIRST_ELEMENT_ID = 1_000


def iceberg_schema(table: Table) -> Schema:
    """Schema as stored. The catalog assigns its own field ids on creation: look columns up by name, never by id."""
    fields = [
        NestedField(
            field_id=position,
            name=column.name,
            field_type=column.type.iceberg(_FIRST_ELEMENT_ID + position),
            required=column.required,
            doc=column.doc,
        )
        for position, column in enumerate(stored_columns(table), start=1)
    ]
    by_name = {field.name: field.field_id for field in fields}
    return Schema(*fields, identifier_field_ids=[by_name[name] for name in table.key])


def iceberg_partition_spec(table: Table) -> PartitionSpec:
    """Partition spec; a non-identity field is called `<column>_<transform>`, as Iceberg's own tools do."""
    schema = iceberg_schema(table)
    fields = []
    for number, part in enumerate(table.partition_by, start=1_000):
        if part.transform not in _TRANSFORMS:
            raise ContractError(
                f"{table.id}: unknown partition transform {part.transform!r}; use {', '.join(_TRANSFORMS)}"
            )
        name = part.column if part.transform == "identity" else f"{part.column}_{part.transform}"
        fields.append(
            PartitionField(schema.find_field(part.column).field_id, number, _TRANSFORMS[part.transform], name)
        )
    return PartitionSpec(*fields)


def iceberg_properties(table: Table) -> dict[str, str]:
    """Table properties: many quick committers, bounded metadata, serializable days.

    Under snapshot isolation two writers of one new day both land, and its rows are doubled.
    """
    return {
        "format-version": "2",
        "write.parquet.compression-codec": "snappy",
        # Two readers that began at the same offset must not both land: the second one loses, and starts again.
        "commit.retry.num-retries": "0" if table.incremental else "20",
        "commit.retry.min-wait-ms": "50",
        "commit.retry.max-wait-ms": "2000",
        "commit.manifest-merge.enabled": "true",
        "commit.manifest.min-count-to-merge": "20",
        "write.delete.isolation-level": "serializable",
        "write.update.isolation-level": "serializable",
        "write.metadata.delete-after-commit.enabled": "true",
        "write.metadata.previous-versions-max": "20",
        "comment": table.grain,
        # Bounds of list elements help no reader, and collecting them costs a pass over every embedding.
        **{
            f"write.metadata.metrics.column.{column.name}.element": "none"
            for column in table.columns
            if column.type.is_nested
        },
    }
