"""A contract as Dagster shows it: column schema with constraints and PII tags, column lineage, tags. No data here."""

from collections.abc import Mapping, Sequence

import dagster as dg

from pricing_lake.contracts.columns import stored_columns
from pricing_lake.contracts.model import Column, Pii, Table


def table_schema(table: Table) -> dg.TableSchema:
    """The table as stored, for the Columns tab and the catalogue search.

    A constraint is the name of what is wrong when it is broken: the page cuts texts after some 25 characters.
    """
    return dg.TableSchema(
        columns=[_table_column(column) for column in stored_columns(table)],
        constraints=dg.TableConstraints(other=[f"key: {', '.join(table.key)}"]),
    )


def _table_column(column: Column) -> dg.TableColumn:
    return dg.TableColumn(
        name=column.name,
        type=column.type.athena,
        description=column.doc,
        constraints=dg.TableColumnConstraints(nullable=not column.required, other=[rule.name for rule in column.rules]),
        tags={} if column.pii is Pii.NONE else {"pii": column.pii.value},
    )


def column_lineage(table: Table, reads: Sequence[Table], columns: Mapping[str, Sequence[str]]) -> dg.TableColumnLineage:
    """Columns that pass through: same name and same type in a table that is read, and among its `columns` if named."""
    dependencies = {
        column.name: [
            dg.TableColumnDep(asset_key=asset_key(upstream), column_name=column.name)
            for upstream in reads
            if column.name in columns.get(upstream.name, upstream.names)
            and any(other.name == column.name and other.type is column.type for other in upstream.columns)
        ]
        for column in table.columns
    }
    return dg.TableColumnLineage({name: found for name, found in dependencies.items() if found})


def asset_key(table: Table) -> dg.AssetKey:
    """`layer/name`, the same words as everywhere else."""
    return dg.AssetKey([table.layer.value, table.name])


def asset_tags(table: Table) -> dict[str, str]:
    """Tags to filter by: the layer, the grain, and whether personal data is inside."""
    nearest = [level.value for level in reversed(Pii) if any(column.pii is level for column in table.columns)]
    return {"layer": table.layer.value, "every": table.every.value, "pii": nearest[0]}
