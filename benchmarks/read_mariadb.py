"""Reading a million sales from MariaDB: our snapshot read beside pymysql with Python values, time and peak memory.

Run `python -m benchmarks.read_mariadb` from the project's root; MariaDB's server programs must be installed.
Each reading is a process of its own; the two take turns, and the median of each counts. Both end in batches of
the contract's Arrow types; ours also counts and adds the window in the same snapshot.
"""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from pymysql.cursors import SSCursor

from benchmarks.sales_readers import ROWS, SPACING, START, SalesReaders
from pricing_lake.contracts.as_arrow import own_arrow_schema
from pricing_lake.contracts.bronze import RAW_SMARTGO_SALES
from pricing_lake.contracts.cast import cast_rows
from pricing_lake.sources.adbc import ReadOptions
from pricing_lake.sources.smartgo import open_smartgo
from pricing_lake.sources.window import Window
from pricing_lake_tests.services.mariadb import running_mariadb
from pricing_lake_tests.services.mariadb_shop import TYPES, connected, execute

BATCH_ROWS = ReadOptions().batch_rows
TYPED = pa.schema([field.with_nullable(True) for field in own_arrow_schema(RAW_SMARTGO_SALES)])


def fill(url: str) -> None:
    """Make `sales`: 5,000 a day, indexed by both times, as a shop would have it."""
    columns = ", ".join(f'"{name}" {kind}' for name, kind in TYPES.items())
    execute(
        url,
        f"CREATE TABLE sales ({columns})",
        f"""INSERT INTO sales
            SELECT CONCAT('s-', seq), CONCAT('tenant-', seq % 7), CONCAT('p-', seq % 50000), 'shoes',
                CONCAT('brand ', seq % 300), 'good', (seq % 100000) / 100.0, 'EUR', moment,
                CONCAT('https://img.example/', seq, '.jpg'),
                CONCAT('Item number ', seq, ', worn a few times and kept with care'), CONCAT('c-', seq % 9999),
                1, moment, NULL
            FROM (SELECT seq, TIMESTAMP'{START:%Y-%m-%d} 00:00:00'
                  + INTERVAL seq * {SPACING.total_seconds()} SECOND AS moment FROM seq_0_to_{ROWS - 1}) numbered""",  # noqa: S608
        "CREATE INDEX by_sale ON sales (sold_at)",
        "CREATE INDEX by_update ON sales (updated_at)",
        "ANALYZE TABLE sales",
    )


def read_with_us(url: str, window: Window) -> int:
    """Check the table, count, stream the window's text from one snapshot, cast it to the contract; return the rows."""
    rows = 0
    with open_smartgo(url).read(window) as read:
        for batch in read.batches:
            cast = cast_rows(RAW_SMARTGO_SALES, pa.Table.from_batches([batch]))
            assert cast.rows.schema.types == TYPED.types
            assert not cast.broken
            rows += cast.rows.num_rows
        assert rows == read.control.rows
    return rows


def read_with_python_values(url: str, window: Window) -> int:
    """Stream the same rows with the driver's own decoders, and make typed batches of its values; return the rows."""
    names = ", ".join(f'"{name}"' for name in TYPED.names)
    rows = 0
    with connected(url) as connection, connection.cursor(SSCursor) as cursor:
        cursor.execute(
            f"SELECT {names} FROM sales WHERE sold_at >= %s AND sold_at < %s",  # noqa: S608
            (window.lo.replace(tzinfo=None), window.hi.replace(tzinfo=None)),
        )
        while values := cursor.fetchmany(BATCH_ROWS):
            columns = [
                typed(column, field.type) for column, field in zip(zip(*values, strict=True), TYPED, strict=True)
            ]
            rows += pa.RecordBatch.from_arrays(columns, schema=TYPED).num_rows
    return rows


def typed(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """Make an array of the driver's values; its times have no zone."""
    if pa.types.is_timestamp(kind):
        return pa.array(values, pa.timestamp("us")).cast(kind)
    return pa.array(values, kind)


READERS = SalesReaders(
    module="benchmarks.read_mariadb",
    readers={"python values": read_with_python_values, "ours": read_with_us},
    running=running_mariadb,
    fill=fill,
    turns=3,
)

if __name__ == "__main__":
    READERS.main()
