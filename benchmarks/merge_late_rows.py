"""Claim: late rows are merged into a day four times as fast as by pyiceberg's upsert, 1.5 times as by delta-rs.

Run from the project folder: `python -m benchmarks.merge_late_rows`. A day of 50,000 sales with vectors of 1,024 doubles
is there; a tenth of its rows come again with another price. Ours includes contract, row hashes and lane.
"""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.benchmark import Benchmark
from benchmarks.comparison import Goal, ratio
from benchmarks.mapped_table import open_mapped, write_mapped
from benchmarks.sales_day import START, WINDOW, new_lake, sales_day
from benchmarks.variants import Work
from benchmarks.write_day import publish_day
from benchmarks.write_day_peers import peer_table
from pricing_lake.contracts.record_hash import row_hashes
from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake.lake.feed import Increment
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.increment import publish_increment
from pricing_lake.lake.window import PartitionWindow

OURS, UPSERT, DELTA = "ours: publish_increment", "pyiceberg upsert", "deltalake merge"
KEY = list(SALES_HISTORY.key)
SHARE = 10
CALENDAR = PartitionWindow(WINDOW.start, WINDOW.end + dt.timedelta(days=1), "calendar")


def make_input(folder: Path, count: int) -> None:
    """The day, and a tenth of it with prices a cent higher, spread over the day."""
    day = sales_day(count)
    write_mapped(folder / "day.arrow", day)
    late = day.take(pa.array(np.sort(np.random.default_rng(1).choice(count, count // SHARE, replace=False))))
    price = pc.add(late.column("sold_price"), pa.scalar(Decimal("0.01"), pa.decimal128(10, 2)))
    position = late.column_names.index("sold_price")
    late = late.set_column(position, "sold_price", price.cast(pa.decimal128(10, 2)))
    own = late.drop_columns("record_hash")
    write_mapped(folder / "late.arrow", own.append_column("record_hash", row_hashes(SALES_HISTORY, own)))


def merge_ours(folder: Path, out: Path) -> Work:
    """Keys and hashes are compared, touched files written again, one commit."""
    lake, late = new_lake(out), open_mapped(folder / "late.arrow")
    publish_day(lake, open_mapped(folder / "day.arrow"))
    rows = late.select(list(SALES_HISTORY.names))

    def work() -> None:
        increment = Increment("late", Candidate(rows, "smartgo"), START, None)
        done = publish_increment(lake, SALES_HISTORY, increment, CALENDAR, "benchmark", after=None)
        assert (done.added, done.replaced) == (late.num_rows, late.num_rows)

    return work


def upsert(folder: Path, out: Path) -> Work:
    """`Table.upsert` on the same key, on a table of the same partitions."""
    day, late = open_mapped(folder / "day.arrow"), open_mapped(folder / "late.arrow")
    table = peer_table(out, day)
    table.append(day)

    def work() -> None:
        done = table.upsert(late, join_cols=KEY)
        assert done.rows_updated == late.num_rows

    return work


def delta_merge(folder: Path, out: Path) -> Work:
    """delta-rs MERGE on the same key, partitioned by tenant."""
    from deltalake import DeltaTable, write_deltalake

    day, late = open_mapped(folder / "day.arrow"), open_mapped(folder / "late.arrow")
    write_deltalake(out / "delta", day, partition_by=["tenant_id"])
    same = " AND ".join(f"stored.{name} = late.{name}" for name in KEY)

    def work() -> None:
        merge = DeltaTable(out / "delta").merge(late, same, source_alias="late", target_alias="stored")
        done = merge.when_matched_update_all().when_not_matched_insert_all().execute()
        assert done["num_target_rows_updated"] == late.num_rows

    return work


def goals(_: int) -> Sequence[Goal]:
    """What the project promises of its merge."""
    return (ratio(OURS, UPSERT, "seconds", 1 / 4), ratio(OURS, DELTA, "seconds", 1 / 1.5))


BENCHMARK = Benchmark(
    module="benchmarks.merge_late_rows",
    rows=50_000,
    passes=3,
    make_input=make_input,
    variants={OURS: merge_ours, UPSERT: upsert, DELTA: delta_merge},
    goals=goals,
)

if __name__ == "__main__":
    BENCHMARK.main()
