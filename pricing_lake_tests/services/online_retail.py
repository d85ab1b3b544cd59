"""A real shop's nine months as SmartGo's `sales` table: 320,705 invoice lines and 580 photos, kept beside the project.

Lines, prices, times and customers are as in the file; tenant, category, brand, condition and picture are synthetic,
assigned openly from the country and from a hash of the stock code, because the file has none of them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import adbc_driver_postgresql.dbapi
import adbc_driver_sqlite.dbapi
import duckdb
import pyarrow as pa

from pricing_lake.sources.smartgo_mapping import COLUMNS
from pricing_lake_tests.services.postgres_shop import execute

DATA = Path(__file__).resolve().parents[2] / ".." / "shared" / "data"
RETAIL = DATA / "online_retail" / "online_retail_2010-12_2011-08.parquet"
PHOTOS = DATA / "clothing_images" / "clothing_images_dev.parquet"
FIRST_DAY, LAST_DAY = date(2010, 12, 1), date(2011, 8, 31)

EUROPEAN = (
    "Austria", "Belgium", "Cyprus", "Czech Republic", "Denmark", "EIRE", "European Community", "Finland", "France",
    "Germany", "Greece", "Italy", "Lithuania", "Malta", "Netherlands", "Poland", "Portugal", "Spain", "Sweden",
)  # fmt: skip
TENANT = f"""CASE
    WHEN Country = 'United Kingdom' THEN 'uk-shop'
    WHEN Country IN {EUROPEAN} THEN 'eu-shop'
    ELSE 'world-shop'
END"""
CATEGORIES = ("dress", "hat", "longsleeve", "outwear", "pants", "shirt", "shoes", "shorts", "skirt", "t-shirt")
CATEGORY = f"{list(CATEGORIES)}[1 + CAST(md5_number_lower(StockCode) % {len(CATEGORIES)} AS INTEGER)]"
"""SQL over the file's columns; whoever checks what the lake made of the file assigns the same way."""

_SALES = f"""
WITH photos AS (
    SELECT category, sha256, row_number() OVER (PARTITION BY category ORDER BY sha256) - 1 AS place
    FROM read_parquet($photos)
),
lines AS (
    SELECT
        *,
        {TENANT} AS tenant_id,
        {CATEGORY} AS category,
        CAST(md5_number_upper(StockCode) % 1000000 AS INTEGER) AS chance,
        -- Equal lines of an invoice share a number: an exact duplicate repeats its sale, key and content.
        dense_rank() OVER (
            PARTITION BY InvoiceNo
            ORDER BY StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country
        ) AS line,
        strftime(InvoiceDate, '%Y-%m-%dT%H:%M:%SZ') AS moment
    FROM read_parquet($retail)
    WHERE InvoiceDate >= $first AND InvoiceDate < CAST($last AS DATE) + INTERVAL 1 DAY
)
SELECT
    InvoiceNo || '-' || line AS sale_id,
    tenant_id,
    StockCode AS product_id,
    category,
    'synthetic brand ' || (chance % 40) AS brand,
    ['new', 'like_new', 'good', 'fair', 'poor'][1 + (chance // 40) % 5] AS condition,
    CAST(UnitPrice AS VARCHAR) AS sold_price,
    'GBP' AS currency,
    moment AS sold_at,
    $folder || '/' || category || '/' || sha256 || '.jpg' AS image_url,
    Description AS description,
    CAST(CustomerID AS VARCHAR) AS customer_id,
    Quantity AS quantity,
    moment AS updated_at,
    CAST(NULL AS VARCHAR) AS deleted_at
FROM lines
INNER JOIN photos USING (category)
WHERE place = (chance // 200) % 58
ORDER BY InvoiceDate, InvoiceNo, line
"""

_POSTGRES_TYPES = dict.fromkeys(COLUMNS, "text") | {
    "sold_price": "numeric",
    "sold_at": "timestamptz",
    "quantity": "int",
    "updated_at": "timestamptz",
    "deleted_at": "timestamptz",
}
_INDEXES = (
    "CREATE INDEX sales_by_sold_at ON sales (sold_at)",
    "CREATE INDEX sales_by_updated_at ON sales (updated_at)",
)


def missing_data() -> str | None:
    """Why the real data cannot be used here, or None when it can."""
    absent = [path.parent.name for path in (RETAIL, PHOTOS) if not path.exists()]
    return f"the public data sets {', '.join(absent)} are not in ../shared/data beside the project" if absent else None


def write_photos(folder: Path) -> None:
    """Write every photo as `<folder>/<category>/<sha256>.jpg`."""
    with duckdb.connect() as connection:
        rows = connection.execute("SELECT category, sha256, jpeg FROM read_parquet(?)", [str(PHOTOS)]).fetchall()
    for category, sha256, jpeg in rows:
        path = folder / category / f"{sha256}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(jpeg)


def smartgo_sales(photos: Path, first: date = FIRST_DAY, last: date = LAST_DAY) -> pa.Table:
    """The file's lines from `first` to `last` as SmartGo's columns, pictures pointing below the folder `photos`.

    A price is the text that the file's double prints as, so 0.001 stays 0.001.
    """
    values = {"retail": str(RETAIL), "photos": str(PHOTOS), "first": first, "last": last, "folder": photos.as_uri()}
    with duckdb.connect() as connection:
        rows = connection.sql(_SALES, params=values).to_arrow_table()
    assert tuple(rows.column_names) == COLUMNS
    return rows


def fill_sqlite(database: Path, sales: pa.Table) -> str:
    """Make the shop's database file and return its SMARTGO_URL."""
    database.parent.mkdir(parents=True, exist_ok=True)
    with adbc_driver_sqlite.dbapi.connect(str(database), autocommit=True) as connection, connection.cursor() as cursor:
        cursor.adbc_ingest("sales", sales)
        for index in _INDEXES:
            cursor.execute(index)
    return f"sqlite:///{database}"


@contextmanager
def filled_postgresql(server: str, sales: pa.Table) -> Iterator[str]:
    """Make the shop a database of its own on this server and yield its SMARTGO_URL; drop it at the end."""
    url = f"{server.rpartition('/')[0]}/online_retail"
    execute(server, "CREATE DATABASE online_retail")
    try:
        with adbc_driver_postgresql.dbapi.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
            cursor.adbc_ingest("received", sales)
        typed = ", ".join(f"{name}::{kind} AS {name}" for name, kind in _POSTGRES_TYPES.items())
        execute(url, f"CREATE TABLE sales AS SELECT {typed} FROM received", "DROP TABLE received", *_INDEXES)
        execute(url, "VACUUM ANALYZE sales")
        yield url
    finally:
        execute(server, "DROP DATABASE online_retail WITH (FORCE)")
