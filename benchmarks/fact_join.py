"""Claim: a million order events become facts in 1.5 times what plain DuckDB takes for the same join, in 1 GB.

Run from the project folder: `python -m benchmarks.fact_join`. Ours is the whole publish of a day of gold/fact_orders:
orders and dimensions read from Iceberg, keys and dollars, every rule and every reference judged, rows hashed, files
written and one commit. DuckDB goes from Parquet to Parquet and judges, hashes and commits nothing.
"""

from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.benchmark import Benchmark
from benchmarks.comparison import Goal, ratio
from benchmarks.order_star import TABLES, WINDOW, lake_of, star
from benchmarks.sales_day import new_lake
from benchmarks.variants import Work
from pricing_lake.contracts.gold_facts import FACT_ORDERS
from pricing_lake.gold.fact_orders import fact_orders
from pricing_lake.lake.publish import publish

PUBLISHED, TRANSFORMED, JOINED = "ours: publish", "ours: read and join alone", "duckdb: join"
MEMORY_LIMIT_MB = 1_024

_JOIN = """
WITH dated AS (SELECT *, CAST(event_ts AS DATE) AS order_date FROM read_parquet('{folder}/orders.parquet'))
SELECT
    CAST(md5_number_lower(order_id || '|' || epoch_us(event_ts)) >> 1 AS BIGINT) AS order_event_sk,
    order_id, event_ts, dated.tenant_id, order_date,
    year(order_date) * 10000 + month(order_date) * 100 + day(order_date) AS date_sk,
    CASE
        WHEN version.customer_sk IS NULL OR dated.event_ts >= version.valid_to THEN -1 ELSE version.customer_sk
    END AS customer_sk,
    dated.customer_id,
    coalesce(product.product_sk, -1) AS product_sk, dated.product_id,
    dated.category, status, previous_status, amount, currency, rate_date, rate_to_usd,
    CAST(CAST(amount AS DOUBLE) * CAST(rate_to_usd AS DOUBLE) AS DECIMAL(18, 2)) AS amount_usd
FROM dated
ASOF LEFT JOIN read_parquet('{folder}/dim_customer.parquet') AS version
    ON version.tenant_id = dated.tenant_id
    AND version.customer_id = dated.customer_id
    AND version.valid_from <= dated.event_ts
LEFT JOIN read_parquet('{folder}/dim_product.parquet') AS product
    ON product.tenant_id = dated.tenant_id AND product.product_id = dated.product_id
LEFT JOIN read_parquet('{folder}/dim_fx.parquet') AS fx ON fx.as_of_date = order_date AND fx.ccy = currency
"""  # our own folder


def make_input(folder: Path, count: int) -> None:
    """The orders of a day and the dimensions, published in a lake, and as Parquet files."""
    tables = star(count)
    lake_of(folder / "lake", tables)
    for contract in TABLES:
        pq.write_table(tables[contract.name], folder / f"{contract.name}.parquet", compression="snappy")


def published(folder: Path, _: Path) -> Work:
    """The day is published into an empty table of facts."""
    lake = new_lake(folder / "lake")
    if lake.exists(FACT_ORDERS):
        lake.catalog.purge_table(f"{lake.namespace}.{FACT_ORDERS.name}")
    lake.table(FACT_ORDERS)

    def work() -> None:
        result = publish(lake, FACT_ORDERS, [WINDOW], fact_orders.producer(lake, [WINDOW], None), "benchmark")
        assert not result.refused, result.refused[0].explain()
        assert result.snapshot_id is not None

    return work


def transformed(folder: Path, _: Path) -> Work:
    """What of it is reading and joining; the rest judges, hashes, writes and commits."""
    lake = new_lake(folder / "lake")
    return lambda: fact_orders.producer(lake, [WINDOW], None)(WINDOW)


def joined(folder: Path, out: Path) -> Work:
    """The same facts by hand: dollars in doubles, for DuckDB multiplies no decimals of these widths."""
    import duckdb

    def work() -> None:
        with duckdb.connect(config={"memory_limit": f"{MEMORY_LIMIT_MB}MB"}) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            query = _JOIN.format(folder=folder)
            connection.execute(f"COPY ({query}) TO '{out}/facts.parquet' (FORMAT parquet, COMPRESSION snappy)")

    return work


def goals(_: int) -> Sequence[Goal]:
    """What the project promises of its facts."""
    return (
        ratio(PUBLISHED, JOINED, "seconds", 1.5),
        ratio(TRANSFORMED, JOINED, "seconds", 1.5),
        Goal(f"peak MB: {PUBLISHED}", MEMORY_LIMIT_MB, lambda took: took[PUBLISHED].growth_mb),
    )


BENCHMARK = Benchmark(
    module="benchmarks.fact_join",
    rows=1_000_000,
    passes=5,
    make_input=make_input,
    variants={PUBLISHED: published, TRANSFORMED: transformed, JOINED: joined},
    goals=goals,
)

if __name__ == "__main__":
    BENCHMARK.main()
