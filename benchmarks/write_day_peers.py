"""What others offer for storing a day of sales: plain Parquet writers, and other libraries' partitioned table writes.

Each is imported inside its variant, where a package that is not installed becomes a line that says so.
"""

from pathlib import Path

import pyarrow as pa
from pyiceberg.table import Table as IcebergTable
from pyiceberg.transforms import MonthTransform

from benchmarks.mapped_table import open_mapped
from benchmarks.sales_day import new_lake
from benchmarks.variants import Work
from pricing_lake.contracts.as_iceberg import iceberg_properties
from pricing_lake.contracts.silver import SALES_HISTORY


def plain_write(folder: Path, out: Path) -> Work:
    """One file, same compression and encodings, no partitions, no catalog."""
    import pyarrow.parquet as pq

    rows = open_mapped(folder / "day.arrow")
    return lambda: pq.write_table(
        rows,
        out / "day.parquet",
        compression="snappy",
        use_dictionary=[name for name in rows.column_names if name != "embedding"],
        column_encoding={"embedding.list.element": "BYTE_STREAM_SPLIT"},
    )


def dataset_write(folder: Path, out: Path) -> Work:
    """The partitioned writer of pyarrow, same compression and encodings."""
    import pyarrow.dataset as ds

    rows = open_mapped(folder / "day.arrow")
    options = ds.ParquetFileFormat().make_write_options(
        compression="snappy",
        use_dictionary=[name for name in rows.column_names if name != "embedding"],
        column_encoding={"embedding.list.element": "BYTE_STREAM_SPLIT"},
    )
    return lambda: ds.write_dataset(
        rows, out / "day", format="parquet", partitioning=["tenant_id"], file_options=options
    )


def peer_table(out: Path, rows: pa.Table) -> IcebergTable:
    """An Iceberg table for peers, with the contract's partitions and properties.

    All columns are optional: the frames of Polars and Daft cannot say that a value is never null.
    """
    catalog = new_lake(out).catalog
    catalog.create_namespace("peer")
    optional = {field.name: field.type for field in rows.schema} | {"embedding": pa.list_(pa.float64())}
    table = catalog.create_table("peer.day", pa.schema(optional), properties=iceberg_properties(SALES_HISTORY))
    with table.update_spec() as spec:
        spec.add_identity("tenant_id")
        spec.add_field("sold_date", MonthTransform(), "sold_date_month")
    return table


def pyiceberg_append(folder: Path, out: Path) -> Work:
    """The partitioned append of pyiceberg."""
    rows = open_mapped(folder / "day.arrow")
    table = peer_table(out, rows)
    return lambda: table.append(rows)


def polars_write(folder: Path, out: Path) -> Work:
    """Polars in memory into the same Iceberg table."""
    import polars as pl

    rows = open_mapped(folder / "day.arrow")
    table = peer_table(out, rows)
    return lambda: pl.DataFrame(pl.from_arrow(rows)).write_iceberg(table, mode="append")


def polars_sink(folder: Path, out: Path) -> Work:
    """Polars streaming into the same Iceberg table."""
    import polars as pl

    rows = open_mapped(folder / "day.arrow")
    table = peer_table(out, rows)
    return lambda: pl.DataFrame(pl.from_arrow(rows)).lazy().sink_iceberg(table, mode="append")


def daft_write(folder: Path, out: Path) -> Work:
    """Daft into the same Iceberg table."""
    import daft

    rows = open_mapped(folder / "day.arrow")
    table = peer_table(out, rows)
    return lambda: daft.from_arrow(rows).write_iceberg(table, mode="append")


def delta_write(folder: Path, out: Path) -> Work:
    """delta-rs, partitioned by tenant."""
    from deltalake import write_deltalake

    rows = open_mapped(folder / "day.arrow")
    return lambda: write_deltalake(str(out / "delta"), rows, partition_by=["tenant_id"])


def duckdb_copy(folder: Path, out: Path) -> Work:
    """DuckDB's COPY, partitioned by tenant, no catalog."""
    import duckdb

    connection = duckdb.connect()
    connection.register("day", open_mapped(folder / "day.arrow"))
    copy = f"COPY day TO '{out / 'day'}' (FORMAT parquet, COMPRESSION snappy, PARTITION_BY (tenant_id))"
    return lambda: connection.execute(copy)
