"""A contract as the columns of a Glue table, the way a registered Iceberg table shows them. Talks to no catalog."""

from dataclasses import dataclass

from pricing_lake.contracts.columns import stored_columns
from pricing_lake.contracts.model import Table

_HIVE_SPELLING = {"timestamp with time zone": "timestamp"}
"""Glue has Hive's types, whose timestamp has no zone; Athena takes the zone from Iceberg's own metadata."""


@dataclass(frozen=True)
class GlueColumn:
    """One column of a Glue table."""

    name: str
    type: str
    comment: str
    required: bool


def glue_columns(table: Table) -> tuple[GlueColumn, ...]:
    """Columns as stored, in order; a type is Athena's name of it but where Hive has another."""
    return tuple(
        GlueColumn(column.name, _HIVE_SPELLING.get(column.type.athena, column.type.athena), column.doc, column.required)
        for column in stored_columns(table)
    )
