"""Claim: 500,000 customers of whom 1 % changed become versions in 1.5 times what plain DuckDB takes, in 1 GB.

Run from the project folder: `python -m benchmarks.scd2_merge`. Ours is the whole publish of gold/dim_customer: all
states read from Iceberg, versions worked out, every rule judged, rows hashed, files written and one commit. DuckDB goes
from Parquet to Parquet and judges nothing: once it merges the changed states into the dimension of the day before, once
it makes the dimension of all states, as ours does.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import scd2_merge_peers as peers
from benchmarks.benchmark import Benchmark
from benchmarks.comparison import Goal, ratio
from benchmarks.customer_states import FIRST, SECOND, changed_states, first_states
from benchmarks.sales_day import new_lake
from benchmarks.variants import Work
from pricing_lake.contracts.gold_dimensions import DIM_CUSTOMER
from pricing_lake.contracts.silver_people import CUSTOMERS
from pricing_lake.gold.dim_customer import dim_customer
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.publish import Publication, publish
from pricing_lake.lake.window import PartitionWindow

PUBLISHED, AGAIN = "ours: publish", "ours: publish unchanged"
MERGED, REBUILT = "duckdb: merge the changes", "duckdb: rebuild from all states"
_WHOLE = PartitionWindow.whole()


def make_input(folder: Path, count: int) -> None:
    """A lake whose dimension knows the first day, with the second day's changes in silver; and all of it as Parquet."""
    first, changed = first_states(count), changed_states(count)
    lake = new_lake(folder / "lake")
    _publish_states(lake, FIRST, first)
    publish_dimension(lake)
    _publish_states(lake, SECOND, changed)
    shutil.copytree(folder / "lake", folder / "before")
    for name, states in (("first", first), ("changes", changed)):
        pq.write_table(states, folder / f"{name}.parquet", compression="snappy")
    peers.rebuild(folder / "dimension.parquet", [folder / "first.parquet"])


def publish_dimension(lake: Lake) -> Publication:
    """Publish the dimension as its asset does."""
    produce = dim_customer.producer(lake, [_WHOLE], SimpleNamespace())
    publication = publish(lake, DIM_CUSTOMER, [_WHOLE], produce, "benchmark")
    assert not publication.refused, publication.refused[0].explain()
    return publication


def published(folder: Path, _: Path) -> Work:
    """The lake of the day before, and the publish of the changed dimension."""
    lake = _lake_of_the_day_before(folder)
    return lambda: publish_dimension(lake)


def published_again(folder: Path, _: Path) -> Work:
    """The same publish when nothing changed since: no snapshot."""
    lake = _lake_of_the_day_before(folder)
    publish_dimension(lake)

    def work() -> None:
        assert publish_dimension(lake).snapshot_id is None

    return work


def _publish_states(lake: Lake, window: PartitionWindow, states: pa.Table) -> None:
    publication = publish(lake, CUSTOMERS, [window], lambda _: Candidate(states), "benchmark")
    assert not publication.refused, publication.refused[0].explain()


def _lake_of_the_day_before(folder: Path) -> Lake:
    """Tables name their files by full path, so each run finds the lake where it was made."""
    shutil.rmtree(folder / "lake")
    shutil.copytree(folder / "before", folder / "lake")
    lake = new_lake(folder / "lake")
    lake.table(DIM_CUSTOMER)
    return lake


def goals(_: int) -> Sequence[Goal]:
    """What the project promises of its slowly changing dimensions."""
    return (
        ratio(PUBLISHED, MERGED, "seconds", 1.5),
        ratio(PUBLISHED, REBUILT, "seconds", 1.5),
        Goal(f"peak MB: {PUBLISHED}", peers.MEMORY_LIMIT_MB, lambda took: took[PUBLISHED].growth_mb),
    )


BENCHMARK = Benchmark(
    module="benchmarks.scd2_merge",
    rows=500_000,
    passes=5,
    make_input=make_input,
    variants={PUBLISHED: published, AGAIN: published_again, MERGED: peers.merged, REBUILT: peers.rebuilt},
    goals=goals,
)

if __name__ == "__main__":
    BENCHMARK.main()
