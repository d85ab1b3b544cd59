"""Reading a million sales from PostgreSQL: our snapshot read beside the bare driver's stream, time and peak memory.

Run `python -m benchmarks.read_smartgo` from the project's root; PostgreSQL's server programs must be installed.
Each reading is a process of its own; the two take turns, and the median of each counts.
"""

import adbc_driver_postgresql.dbapi

from benchmarks.sales_readers import ROWS, SPACING, START, SalesReaders
from pricing_lake.sources.smartgo import open_smartgo
from pricing_lake.sources.smartgo_mapping import COLUMNS
from pricing_lake.sources.window import Window
from pricing_lake_tests.services.postgres import running_postgres
from pricing_lake_tests.services.postgres_shop import TYPES, execute


def fill(url: str) -> None:
    """Make `sales`: 5,000 a day, indexed by both times, as a shop would have it."""
    columns = ", ".join(f"{name} {kind}" for name, kind in TYPES.items())
    execute(
        url,
        f"CREATE TABLE sales ({columns})",
        f"""INSERT INTO sales
            SELECT 's-' || i, 'tenant-' || i % 7, 'p-' || i % 50000, 'shoes', 'brand ' || i % 300, 'good',
                (i % 100000) / 100.0, 'EUR', moment, 'https://img.example/' || i || '.jpg',
                'Item number ' || i || ', worn a few times and kept with care', 'c-' || i % 9999, 1, moment, NULL
            FROM (SELECT i, timestamptz '{START.isoformat()}' + i * interval '{SPACING.total_seconds()} seconds'
                  AS moment FROM generate_series(0, {ROWS - 1}) i) numbered""",  # noqa: S608
        "CREATE INDEX ON sales (sold_at)",
        "CREATE INDEX ON sales (updated_at)",
        "VACUUM ANALYZE sales",
    )


def read_with_us(url: str, window: Window) -> int:
    """Check the table, count, and stream the window from one snapshot; return the rows."""
    with open_smartgo(url).read(window) as read:
        rows: int = sum(batch.num_rows for batch in read.batches)
        assert rows == read.control.rows
    return rows


def read_with_driver(url: str, window: Window) -> int:
    """Stream the same columns of the same time with the driver's defaults, without count or snapshot."""
    statement = (
        f"SELECT {', '.join(COLUMNS)} FROM sales"  # noqa: S608
        f" WHERE sold_at >= '{window.lo.isoformat()}' AND sold_at < '{window.hi.isoformat()}'"
    )
    with adbc_driver_postgresql.dbapi.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        rows: int = sum(batch.num_rows for batch in cursor.fetch_record_batch())
    return rows


READERS = SalesReaders(
    module="benchmarks.read_smartgo",
    readers={"driver": read_with_driver, "ours": read_with_us},
    running=running_postgres,
    fill=fill,
    turns=5,
)

if __name__ == "__main__":
    READERS.main()
