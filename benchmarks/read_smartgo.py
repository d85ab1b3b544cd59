"""Reading a million sales from PostgreSQL: our snapshot read beside the bare driver's stream, time and peak memory.

Run `python -m benchmarks.read_smartgo` from the project's root; PostgreSQL's server programs must be installed.
Each reading is a process of its own; the two take turns, and the median of each counts.
"""

import json
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from statistics import median

import adbc_driver_postgresql.dbapi
from rich.console import Console
from rich.table import Table

from pricing_lake.sources.smartgo import open_smartgo
from pricing_lake.sources.smartgo_mapping import COLUMNS
from pricing_lake.sources.window import Window
from pricing_lake_tests.services.postgres import running_postgres
from pricing_lake_tests.services.postgres_shop import TYPES, execute

ROWS = 1_000_000
TURNS = 5
START = datetime(2026, 1, 1, tzinfo=UTC)
SPACING = timedelta(seconds=17.28)
WINDOWS = {
    "one day (5,000 rows)": Window(START + timedelta(days=4), START + timedelta(days=5)),
    f"everything ({ROWS:,} rows)": Window(START, START + ROWS * SPACING),
}


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


READERS = {"driver": read_with_driver, "ours": read_with_us}


def measure(reader: str, url: str, window: str) -> None:
    """Read once in this process and print what it took."""
    started = time.perf_counter()
    rows = READERS[reader](url, WINDOWS[window])
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"rows": rows, "seconds": seconds, "peak_mb": peak}))


def in_a_process(reader: str, url: str, window: str) -> dict[str, float]:
    """Measure in a fresh process, so that its peak memory is its own."""
    command = [sys.executable, "-m", "benchmarks.read_smartgo", reader, url, window]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    result: dict[str, float] = json.loads(answer.stdout)
    return result


def compare(url: str) -> Table:
    """Read each window in turns and return the table of ratios."""
    table = Table("window", "reader", "rows", "seconds", "peak MB", "speed", "memory")
    for window in WINDOWS:
        turns = [{reader: in_a_process(reader, url, window) for reader in READERS} for _ in range(TURNS)]
        took = {name: median(turn[name]["seconds"] for turn in turns) for name in READERS}
        held = {name: median(turn[name]["peak_mb"] for turn in turns) for name in READERS}
        for name in READERS:
            speed, memory = took["driver"] / took[name], held[name] / held["driver"]
            rows = f"{turns[0][name]['rows']:,.0f}"
            table.add_row(
                window, name, rows, f"{took[name]:.3f}", f"{held[name]:.0f}", f"{speed:.2f}x", f"{memory:.2f}x"
            )
    return table


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(*sys.argv[1:])
    else:
        with running_postgres() as server:
            fill(server)
            Console(width=120).print(compare(server))
