"""Claim: a day of sales with embeddings is stored in the time of one plain Parquet write of the same table.

Run from the project folder: `python -m benchmarks.write_day`. 100,000 rows of three tenants in random order, each
with a vector of 1,024 doubles. Ours adds four metadata columns and splits by tenant; so do the partitioned peers.
"""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from benchmarks import write_day_peers as peers
from benchmarks.benchmark import Benchmark
from benchmarks.comparison import Goal, ratio
from benchmarks.mapped_table import open_mapped, write_mapped
from benchmarks.sales_day import START, WINDOW, new_lake, sales_day
from benchmarks.variants import Work
from pricing_lake.contracts.record_hash import content_hash, row_hashes
from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.commit import replace_windows
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.publish import publish
from pricing_lake.lake.writer import stage_files

STORED, PUBLISHED, AGAIN = "ours: stage + commit", "ours: publish", "ours: publish unchanged"
PLAIN, APPEND = "pyarrow write_table", "pyiceberg append"


def publish_day(lake: Lake, rows: pa.Table) -> int | None:
    """Publish the day as an asset does; returns the snapshot, or None when nothing changed."""
    own = rows.select(list(SALES_HISTORY.names))
    publication = publish(lake, SALES_HISTORY, [WINDOW], lambda _: Candidate(own, "smartgo"), "benchmark")
    assert not publication.refused, publication.refused[0].explain()
    return publication.snapshot_id


def make_input(folder: Path, count: int) -> None:
    """The day as a mapped file, and a lake that holds it already."""
    write_mapped(folder / "day.arrow", sales_day(count))
    publish_day(new_lake(folder / "published"), open_mapped(folder / "day.arrow"))


def stage_and_commit(folder: Path, out: Path) -> Work:
    """The writer alone: files staged and committed in one snapshot."""
    rows, lake = open_mapped(folder / "day.arrow"), new_lake(out)
    lake.table(SALES_HISTORY)
    digest = content_hash(row_hashes(SALES_HISTORY, rows.slice(0, 1)))
    constants = {
        "_ingest_ts": pa.scalar(START, pa.timestamp("us", "UTC")),
        "_batch_id": pa.scalar("00000000-0000-0000-0000-000000000000"),
        "_source_system": pa.scalar("smartgo"),
        "_run_date": pa.scalar(START.date()),
    }

    def work() -> None:
        staged = stage_files(lake, lake.table(SALES_HISTORY), SALES_HISTORY, WINDOW, rows, constants, digest)
        replace_windows(lake, SALES_HISTORY, [WINDOW], staged, {})

    return work


def publish_first(folder: Path, out: Path) -> Work:
    """The whole publish: contract, row hashes, gate, verdict, files, one commit."""
    rows, lake = open_mapped(folder / "day.arrow"), new_lake(out)
    lake.table(SALES_HISTORY)
    return lambda: publish_day(lake, rows)


def publish_again(folder: Path, out: Path) -> Work:
    """The same day in another order: must leave no snapshot and no file behind."""
    rows, lake = open_mapped(folder / "day.arrow"), new_lake(folder / "published")
    half = rows.num_rows // 2
    rows = pa.concat_tables([rows.slice(half), rows.slice(0, half)])

    def files() -> set[Path]:
        return set((folder / "published" / "warehouse").rglob("*.parquet"))

    def work() -> None:
        before, snapshots = files(), len(lake.table(SALES_HISTORY).snapshots())
        assert publish_day(lake, rows) is None
        assert files() == before
        assert len(lake.table(SALES_HISTORY).snapshots()) == snapshots

    return work


def goals(_: int) -> Sequence[Goal]:
    """What the project promises of its writer."""
    return (
        ratio(STORED, PLAIN, "seconds", 1.0),
        ratio(PUBLISHED, PLAIN, "seconds", 1.0),
        ratio(STORED, APPEND, "seconds", 1 / 3),
        ratio(STORED, APPEND, "growth_mb", 0.5),
        ratio(PUBLISHED, APPEND, "growth_mb", 0.5),
        ratio(AGAIN, PUBLISHED, "seconds", 0.5),
    )


BENCHMARK = Benchmark(
    module="benchmarks.write_day",
    rows=100_000,
    passes=5,
    make_input=make_input,
    variants={
        STORED: stage_and_commit,
        PUBLISHED: publish_first,
        AGAIN: publish_again,
        PLAIN: peers.plain_write,
        APPEND: peers.pyiceberg_append,
        "pyarrow write_dataset": peers.dataset_write,
        "polars write_iceberg": peers.polars_write,
        "polars sink_iceberg": peers.polars_sink,
        "daft write_iceberg": peers.daft_write,
        "deltalake write": peers.delta_write,
        "duckdb COPY": peers.duckdb_copy,
    },
    goals=goals,
)

if __name__ == "__main__":
    BENCHMARK.main()
