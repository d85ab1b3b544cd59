"""Contracts refuse to be malformed, and every type of the registry has a name in every system."""

from dataclasses import replace

import polars as pl
import pyarrow as pa
import pytest
from pyiceberg.catalog.sql import SqlCatalog

from pricing_lake.contracts.all import TABLES, table_called
from pricing_lake.contracts.as_arrow import arrow_schema
from pricing_lake.contracts.as_iceberg import iceberg_partition_spec, iceberg_schema
from pricing_lake.contracts.columns import SALE_ID, SOLD_PRICE
from pricing_lake.contracts.model import Column, Partition, Rule
from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake.contracts.types import ALL_TYPES, TEXT
from pricing_lake.errors import ContractError

THE_TWELVE = (
    "product_id", "tenant_id", "category", "brand", "condition", "sold_price", "sold_date", "season", "image_s3_key",
    "embedding", "description", "source",
)  # fmt: skip


def test_sales_history_starts_with_the_twelve_columns_in_order() -> None:
    assert SALES_HISTORY.names[:12] == THE_TWELVE
    assert str(iceberg_schema(SALES_HISTORY).find_field("sold_price").field_type) == "decimal(10, 2)"
    assert str(iceberg_schema(SALES_HISTORY).find_field("embedding").field_type) == "list<double>"
    assert [str(f.transform) for f in iceberg_partition_spec(SALES_HISTORY).fields] == ["identity", "month"]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.id)
def test_every_contract_makes_a_table_that_takes_its_own_arrow_schema(table, tmp_path_factory) -> None:
    home = tmp_path_factory.mktemp("catalog")
    catalog = SqlCatalog("t", uri=f"sqlite:///{home}/c.db", warehouse=f"file://{home}")
    catalog.create_namespace("n")
    created = catalog.create_table(
        f"n.{table.name}", iceberg_schema(table), partition_spec=iceberg_partition_spec(table)
    )
    created.append(arrow_schema(table).empty_table())
    read = created.scan().to_arrow().schema
    assert read.names == list(arrow_schema(table).names)
    assert [field.doc for field in created.schema().fields][: len(table.columns)] == [c.doc for c in table.columns]


@pytest.mark.parametrize("kind", ALL_TYPES, ids=lambda kind: kind.name)
def test_arrow_and_polars_agree_on_every_type(kind) -> None:
    series = pl.Series(pl.from_arrow(pa.array([None], kind.arrow)))
    assert series.dtype == kind.polars
    assert str(kind.iceberg(100))
    assert kind.athena
    assert kind.odcs


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"key": ("nope",)}, "names no column: nope"),
        ({"window": "brand"}, "must be required: brand"),
        ({"columns": (*SALES_HISTORY.columns, SALE_ID)}, "declared twice: sale_id"),
        ({"partition_by": (Partition("nope"),)}, "names no column: nope"),
        ({"rules": SOLD_PRICE.rules}, "rule declared twice: sold_price_not_positive"),
    ],
)
def test_a_malformed_contract_is_refused_at_import(change, why) -> None:
    with pytest.raises(ContractError, match=why):
        replace(SALES_HISTORY, **change)


def test_names_are_plain_words() -> None:
    with pytest.raises(ContractError, match=r"price\.positive"):
        Rule("price.positive", pl.lit(True), "dots split names in other tools")
    with pytest.raises(ContractError, match="Sold At"):
        Column("Sold At", TEXT, "spaces do not travel")


def test_unknown_tables_are_named_with_the_known_ones() -> None:
    assert table_called("sales_history") is table_called("silver/sales_history")
    with pytest.raises(ContractError, match="there are bronze/raw_smartgo_sales"):
        table_called("sale_history")


def test_the_fingerprint_follows_rules_types_and_version() -> None:
    assert replace(SALES_HISTORY, version=2).fingerprint != SALES_HISTORY.fingerprint
    assert replace(SALES_HISTORY, columns=SALES_HISTORY.columns[1:], key=SALES_HISTORY.key).fingerprint != (
        SALES_HISTORY.fingerprint
    )
