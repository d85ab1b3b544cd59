"""Claim: a day of silver/orders needs a fraction of the memory that its history would take, and no more time.

Run from the project folder: `python -m benchmarks.history_of_orders`. A day of orders is made on a history of a few
million events whose ids tell nothing of their time. Before, the history was read whole; now it is streamed and only
the day's own orders are kept. DuckDB finds the same events by a semi join over the same Parquet files. A week in one
run reads the history once; day by day it is read seven times.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from benchmarks.benchmark import Benchmark
from benchmarks.comparison import Goal, ratio
from benchmarks.order_history import days_of, history
from benchmarks.sales_day import new_lake
from benchmarks.variants import Prepare, Work
from pricing_lake.contracts.bronze_orders import RAW_ORDERS_STREAM
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.history_of_keys import HistoryOfKeys
from pricing_lake.lake.reader import PublishedPartitions
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.silver.orders import orders
from pricing_lake.table_asset import TableAsset

DAY, WHOLE_DAY = "ours: a day", "before: a day, history read whole"
FOUND, JOINED = "ours: the stream's matches alone", "duckdb: semi join"
WEEK, WEEK_BY_DAY = "ours: a week in one run", "ours: a week, day by day"
_NAMES = orders.columns[RAW_ORDERS_STREAM.name]
_KEY = orders.history_of[RAW_ORDERS_STREAM.name]


def make_input(folder: Path, count: int) -> None:
    """The history, and how long it is."""
    history(folder / "lake", count)
    (folder / "rows").write_text(str(count))


def made_by(asset: TableAsset, runs: int, days_of_run: int) -> Prepare:
    """The last days of orders as `asset` makes them, in so many runs of so many days each."""

    def prepare(folder: Path, _: Path) -> Work:
        lake, days = _input(folder)

        def work() -> None:
            for number in range(runs, 0, -1):
                windows = days[len(days) - number * days_of_run :][:days_of_run]
                produce = asset.producer(lake, windows, None)
                for window in windows:
                    assert produce(window).rows.num_rows

        return work

    return prepare


def found(folder: Path, _: Path) -> Work:
    """Events of the day's orders, wherever in the history."""
    lake, days = _input(folder)
    day = days[-1]
    own = PublishedPartitions(lake, RAW_ORDERS_STREAM, [day]).read(day, (_KEY,)).column(_KEY)
    return lambda: HistoryOfKeys(lake, RAW_ORDERS_STREAM, _NAMES, _KEY, [day], lambda _: own).until(day)


def joined(folder: Path, _: Path) -> Work:
    """The same by DuckDB, from the files that a plan names."""
    import duckdb

    lake, days = _input(folder)
    day = days[-1]
    own = PublishedPartitions(lake, RAW_ORDERS_STREAM, [day]).read(day, (_KEY,))

    def work() -> pa.Table:
        tasks = lake.table(RAW_ORDERS_STREAM).scan().plan_files()
        files = [task.file.file_path.removeprefix("file://") for task in tasks]
        with duckdb.connect() as connection:
            connection.register("own", own)
            events = connection.read_parquet(files).select(*_NAMES)
            found: pa.Table = events.join(connection.table("own"), _KEY, how="semi").to_arrow_table()
        return found

    return work


def _input(folder: Path) -> tuple[Lake, list[PartitionWindow]]:
    return new_lake(folder / "lake"), days_of(int((folder / "rows").read_text()))


def goals(_: int) -> Sequence[Goal]:
    """What the project promises of a history."""
    return (
        ratio(DAY, WHOLE_DAY, "growth_mb", 0.25),
        ratio(DAY, WHOLE_DAY, "seconds", 1.0),
        ratio(FOUND, JOINED, "seconds", 1.5),
        ratio(FOUND, JOINED, "growth_mb", 1.0),
        ratio(WEEK, WEEK_BY_DAY, "seconds", 0.5),
    )


BENCHMARK = Benchmark(
    module="benchmarks.history_of_orders",
    rows=4_000_000,
    passes=3,
    make_input=make_input,
    variants={
        DAY: made_by(orders, 1, 1),
        WHOLE_DAY: made_by(replace(orders, history_of={}), 1, 1),
        FOUND: found,
        JOINED: joined,
        WEEK: made_by(orders, 1, 7),
        WEEK_BY_DAY: made_by(orders, 7, 1),
    },
    goals=goals,
)

if __name__ == "__main__":
    BENCHMARK.main()
