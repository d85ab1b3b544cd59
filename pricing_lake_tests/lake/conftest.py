"""A lake in a temporary folder, and sales that fit `silver/sales_history`."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyiceberg.catalog.sql import SqlCatalog

from pricing_lake.contracts.as_arrow import own_arrow_schema
from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.window import PartitionWindow


def open_lake(home: Path) -> Lake:
    catalog = SqlCatalog("test", uri=f"sqlite:///{home}/catalog.db", warehouse=f"file://{home}/warehouse")
    return Lake(catalog, "lake", f"file://{home}/warehouse")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return open_lake(tmp_path)


def day(number: int) -> PartitionWindow:
    """Day `number` of March 2026."""
    start = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=number - 1)
    return PartitionWindow(start, start + timedelta(days=1), start.date().isoformat())


def sales(window: PartitionWindow, count: int, seed: int = 0, price: str = "10.00") -> pa.Table:
    """`count` sales of two tenants in `window`; every third has no embedding."""
    random = np.random.default_rng([seed, window.first_day.toordinal()])
    vectors = [None if i % 3 == 2 else random.standard_normal(1024).tolist() for i in range(count)]
    rows = {
        "product_id": [f"p{i % 7}" for i in range(count)],
        "tenant_id": [("acme", "bolt")[i % 2] for i in range(count)],
        "category": ["shoes"] * count,
        "brand": [None if i % 5 == 0 else "Kestrel" for i in range(count)],
        "condition": ["good"] * count,
        "sold_price": [Decimal(price)] * count,
        "sold_date": [window.start.replace(tzinfo=None) + timedelta(minutes=i % 1440) for i in range(count)],
        "season": ["Q1"] * count,
        "image_s3_key": [f"k{i}" for i in range(count)],
        "embedding": vectors,
        "description": ["worn once"] * count,
        "source": ["smartgo"] * count,
        "sale_id": [f"{window.key}-{i}" for i in range(count)],
        "currency": ["EUR"] * count,
    }
    schema = own_arrow_schema(SALES_HISTORY)
    return pa.table({name: pa.array(values, schema.field(name).type) for name, values in rows.items()})
