"""How a table differs between its contract, its row in Glue and its Iceberg metadata. Reads both, changes neither."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pricing_lake.contracts.as_glue import glue_columns
from pricing_lake.contracts.as_iceberg import iceberg_partition_spec, iceberg_properties, iceberg_schema
from pricing_lake.contracts.model import Table

if TYPE_CHECKING:
    from pyiceberg.table import Table as IcebergTable


@dataclass(frozen=True)
class Drift:
    """One difference. A `mendable` one goes by a commit that changes properties alone: Glue's row is written anew."""

    what: str
    mendable: bool = False


def table_drift(contract: Table, row: Mapping[str, Any], table: "IcebergTable") -> list[Drift]:
    """Every difference: contract against Iceberg (columns, layout, properties), then contract against Glue."""
    return [*_columns(contract, table), *_layout(contract, table), *_properties(contract, table), *_glue(contract, row)]


def glue_rows(glue: Any, database: str) -> dict[str, dict[str, Any]]:
    """Every table of the database as Glue has it, by name."""
    pages = glue.get_paginator("get_tables").paginate(DatabaseName=database)
    return {row["Name"]: row for page in pages for row in page["TableList"]}


def not_iceberg(row: Mapping[str, Any]) -> str:
    """Why Glue's row does not lead to an Iceberg table, or nothing."""
    parameters = row.get("Parameters", {})
    if parameters.get("table_type", "").upper() != "ICEBERG":
        return "its Glue row no longer says table_type=ICEBERG"
    return "" if parameters.get("metadata_location") else "its Glue row has no metadata_location"


def _columns(contract: Table, table: "IcebergTable") -> Iterator[Drift]:
    wanted = {item.name: (str(item.field_type), item.required) for item in iceberg_schema(contract).fields}
    stored = {item.name: (str(item.field_type), item.required) for item in table.schema().fields}
    plain = {name: (_plain(kind), required) for name, (kind, required) in stored.items()}
    for name, (kind, required) in wanted.items():
        if name not in stored:
            yield Drift(f"column {name} of the contract is missing")
        elif plain[name][0] != _plain(kind):
            yield Drift(f"column {name} is {stored[name][0]}, not {kind}")
        elif plain[name][1] != required:
            yield Drift(f"column {name} is {'required' if plain[name][1] else 'optional'}, unlike its contract")
    for name in stored.keys() - wanted.keys():
        yield Drift(f"column {name} is not in the contract")


def _plain(kind: str) -> str:
    """A type without the field ids that the catalog gave its elements."""
    return kind.lower()


def _layout(contract: Table, table: "IcebergTable") -> Iterator[Drift]:
    def described(spec: Any, schema: Any) -> list[str]:
        return [f"{field.transform}({schema.find_column_name(field.source_id)})" for field in spec.fields]

    wanted = described(iceberg_partition_spec(contract), iceberg_schema(contract))
    stored = described(table.spec(), table.schema())
    if stored != wanted:
        yield Drift(f"partition spec is {', '.join(stored) or 'none'}, not {', '.join(wanted) or 'none'}")
    keys = sorted(table.schema().identifier_field_names())
    if keys != sorted(contract.key):
        yield Drift(f"key is {', '.join(keys) or 'none'}, not {', '.join(sorted(contract.key))}")
    if table.format_version != 2:
        yield Drift(f"Iceberg format is {table.format_version}, not 2")


def _properties(contract: Table, table: "IcebergTable") -> Iterator[Drift]:
    wanted = {name: value for name, value in iceberg_properties(contract).items() if name != "format-version"}
    differing = sorted(name for name, value in wanted.items() if table.properties.get(name) != value)
    if differing:
        yield Drift(f"properties differ: {', '.join(differing)}", mendable=True)
    kind = table.properties.get("write.format.default", "parquet").lower()
    if kind != "parquet":
        yield Drift(f"new files would be {kind}, not Parquet")


def _glue(contract: Table, row: Mapping[str, Any]) -> Iterator[Drift]:
    """Glue's copy of the columns: Athena plans with it, Iceberg never reads it."""
    listed = [column for column in row["StorageDescriptor"].get("Columns", []) if _is_current(column)]
    stored = {column["Name"]: column["Type"] for column in listed}
    wanted = {column.name: column.type for column in glue_columns(contract)}
    differing = sorted(name for name in stored.keys() | wanted.keys() if stored.get(name) != wanted.get(name))
    if differing:
        yield Drift(f"Glue's columns were changed by hand: {', '.join(differing)}", mendable=True)


def _is_current(column: Mapping[str, Any]) -> bool:
    return bool(column.get("Parameters", {}).get("iceberg.field.current", "true") == "true")
