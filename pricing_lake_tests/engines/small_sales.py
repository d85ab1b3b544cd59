"""A small table of sales, in memory and as Iceberg: two tenants, three months, NULLs in every nullable column."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.transforms import IdentityTransform, MonthTransform
from pyiceberg.types import DecimalType, IntegerType, NestedField, StringType, TimestampType

SCHEMA = Schema(
    NestedField(1, "sale_id", IntegerType(), required=False),
    NestedField(2, "tenant_id", StringType(), required=False),
    NestedField(3, "sold_date", TimestampType(), required=False),
    NestedField(4, "sold_price", DecimalType(10, 2), required=False),
    NestedField(5, "quantity", IntegerType(), required=False),
)
SPEC = PartitionSpec(
    PartitionField(2, 1000, IdentityTransform(), "tenant_id"),
    PartitionField(3, 1001, MonthTransform(), "sold_date_month"),
)
MONTHS = (1, 2, 3)


def rows() -> pa.Table:
    """28 sales: for each tenant and month four on days 1, 8, 15 and 22, then four with a NULL in one column."""
    sales = [
        {
            "sale_id": number,
            "tenant_id": tenant,
            "sold_date": datetime(2024, month, day, 12 * (number % 2)),
            "sold_price": Decimal(number) * Decimal("1.25"),
            "quantity": number % 4,
        }
        for number, (tenant, month, day) in enumerate(
            ((tenant, month, day) for tenant in ("acme", "zoo") for month in MONTHS for day in (1, 8, 15, 22)), start=1
        )
    ]
    gaps = [sales[0] | {"sale_id": 100 + place, column: None} for place, column in enumerate(list(sales[0])[1:])]
    return pa.Table.from_pylist(sales + gaps, schema=schema_to_pyarrow(SCHEMA))


def catalog(folder: Path) -> SqlCatalog:
    """A catalog of its own below `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    made = SqlCatalog("pricing_lake", uri=f"sqlite:///{folder}/catalog.db", warehouse=f"file://{folder}/warehouse")
    made.create_namespace("silver")
    return made


def create(folder: Path) -> Table:
    """The sales as an Iceberg table of eight files: six of tenant and month, two of NULL partitions."""
    table = catalog(folder).create_table("silver.sales", SCHEMA, partition_spec=SPEC)
    table.append(rows())
    return table
