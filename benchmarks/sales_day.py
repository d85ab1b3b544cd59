"""One day of sales with embeddings, and an empty lake to put it into: what `write_day` and its peers start from."""

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog

from pricing_lake.contracts.as_arrow import own_arrow_schema
from pricing_lake.contracts.record_hash import row_hashes
from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake.contracts.types import VECTOR_DIMENSIONS
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.window import PartitionWindow

START = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
WINDOW = PartitionWindow(START, START + dt.timedelta(days=1), START.date().isoformat())


def sales_day(count: int) -> pa.Table:
    """`count` sales of one day with the columns of `silver/sales_history` and their record hashes."""
    random = np.random.default_rng(0)
    numbers = range(count)
    vectors = random.standard_normal((count, VECTOR_DIMENSIONS)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    offsets = pa.array(np.arange(count + 1, dtype=np.int32) * VECTOR_DIMENSIONS)
    times = np.datetime64(START.replace(tzinfo=None), "us") + random.integers(0, 86_400_000_000, count)
    columns: dict[str, Any] = {
        "product_id": [f"p{number // 3}" for number in numbers],
        "tenant_id": random.choice(["acme", "bolt", "crow"], count),
        "category": random.choice([f"category {number}" for number in range(40)], count),
        "brand": random.choice([f"brand {number}" for number in range(300)], count),
        "condition": random.choice(["new", "good", "fair"], count),
        "sold_price": pa.array(random.integers(1, 10_000, count).astype(str)).cast(pa.decimal128(10, 2)),
        "sold_date": times,
        "season": ["Q4"] * count,
        "image_s3_key": [f"images/{number // 3:064x}.jpg" for number in numbers],
        "embedding": pa.ListArray.from_arrays(offsets, pa.array(vectors.astype(np.float64).ravel())),
        "description": [f"worn {number % 1000} times and kept with care" for number in numbers],
        "source": ["smartgo"] * count,
        "sale_id": [f"s{number}" for number in numbers],
        "currency": ["EUR"] * count,
    }
    rows = pa.table(columns).cast(own_arrow_schema(SALES_HISTORY))
    return rows.append_column("record_hash", row_hashes(SALES_HISTORY, rows))


def new_lake(home: Path) -> Lake:
    """An empty lake on a local catalog."""
    home.mkdir(parents=True, exist_ok=True)
    catalog = SqlCatalog("benchmark", uri=f"sqlite:///{home}/catalog.db", warehouse=f"file://{home}/warehouse")
    return Lake(catalog, "lake", f"file://{home}/warehouse")
