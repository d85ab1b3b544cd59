"""Claim: the contract splits 2.5 million typed rows a second, and its memory stays bounded when every row is bad.

Run from the project folder: `python -m benchmarks.split_rows`. A million sale lines against all row rules of
`bronze/raw_smartgo_sales`, from Arrow to Arrow, with the reasons of every refused row; pandera and bare Polars
expressions get the same rules.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

from benchmarks.benchmark import Benchmark
from benchmarks.comparison import Goal, ratio
from benchmarks.mapped_table import open_mapped, write_mapped
from benchmarks.variants import Work
from pricing_lake.contracts.as_arrow import own_arrow_schema
from pricing_lake.contracts.as_pandera import pandera_schema
from pricing_lake.contracts.bronze import RAW_SMARTGO_SALES
from pricing_lake.contracts.split import split_rows

CLEAN, DIRTY, TEXT, RUINED = "clean", "dirty", "text", "ruined"
TYPED, PANDERA = "ours: typed, 0.5 % bad", "pandera, 0.5 % bad"
NONE_BAD, ALL_BAD = "ours: none bad", "ours: every row bad"
BAD_EVERY = 200
RULES = RAW_SMARTGO_SALES.row_rules


def sale_lines(count: int) -> pl.DataFrame:
    """`count` sound sale lines of one day, with as many different texts as a shop has."""
    random = np.random.default_rng(0)
    number = pl.int_range(count)
    sold_at = np.datetime64("2026-03-01T00:00:00", "us") + random.integers(0, 86_400_000_000, count)
    return pl.select(
        sale_id=pl.format("s-{}", number),
        tenant_id=pl.Series(random.choice(["acme", "bolt", "crow"], count)),
        product_id=pl.format("p-{}", number % 50_000),
        category=pl.format("category {}", number % 40),
        brand=pl.when(number % 5 > 0).then(pl.format("brand {}", number % 300)),
        condition=pl.lit("good"),
        sold_price=pl.Series(random.integers(1, 100_000, count)).cast(pl.Decimal(10, 2)) / 100,
        currency=pl.lit("EUR"),
        sold_at=pl.Series(sold_at).dt.replace_time_zone("UTC"),
        image_url=pl.format("https://img.example/{}.jpg", number),
        description=pl.format("Item number {}, worn a few times and kept with care", number),
        customer_id=pl.format("c-{}", number % 9_999),
        quantity=pl.lit(1),
        updated_at=pl.Series(sold_at).dt.replace_time_zone("UTC"),
        deleted_at=pl.lit(None),
    )


def spoiled(lines: pl.DataFrame, every: int) -> pl.DataFrame:
    """Every so many-th line breaks two rules."""
    bad = (pl.int_range(pl.len()) + 1) % every == 0
    return lines.with_columns(
        condition=pl.when(bad).then(pl.lit("mint-ish")).otherwise("condition"),
        sold_price=pl.when(bad).then(pl.lit(0).cast(pl.Decimal(10, 2))).otherwise("sold_price"),
    )


def make_input(folder: Path, count: int) -> None:
    """Typed lines with no, some and only bad rows, and the same some as text, as a driver without types delivers."""
    schema = pa.schema([field.with_nullable(True) for field in own_arrow_schema(RAW_SMARTGO_SALES)])
    lines = sale_lines(count)
    for name, every in ((CLEAN, count + 1), (DIRTY, BAD_EVERY), (RUINED, 1)):
        write_mapped(folder / name, spoiled(lines, every).to_arrow().cast(schema))
    texts = spoiled(lines, BAD_EVERY).with_columns(pl.col(pl.Datetime).dt.to_string("iso:strict")).cast(pl.String)
    write_mapped(folder / TEXT, texts.to_arrow().cast(pa.schema([(name, pa.string()) for name in schema.names])))


def expected_bad(name: str, rows: pa.Table) -> int:
    """Rows that every variant must refuse."""
    return int({CLEAN: 0, RUINED: rows.num_rows}.get(name, rows.num_rows // BAD_EVERY))


def ours(name: str, folder: Path, _: Path) -> Work:
    """Cast, rules, required values, repeated keys, good and quarantined rows with reasons."""
    rows = open_mapped(folder / name)

    def work() -> None:
        split = split_rows(RAW_SMARTGO_SALES, rows)
        assert split.quarantined.num_rows == expected_bad(name, rows), split.reasons

    return work


def bare_polars(name: str, folder: Path, _: Path) -> Work:
    """The least code that gives good rows, bad rows and reasons: no cast, no required values, no keys."""
    rows = open_mapped(folder / name)
    names = [rule.name for rule in RULES]

    def work() -> None:
        frame = pl.DataFrame(pl.from_arrow(rows)).with_columns(
            (~rule.expression).fill_null(value=False).alias(rule.name) for rule in RULES
        )
        bad = pl.any_horizontal(names)
        good = frame.filter(~bad).drop(names)
        reasons = pl.concat_list(pl.when(each).then(pl.lit(each)) for each in names).list.drop_nulls()
        refused = frame.filter(bad).with_columns(_reasons=reasons).drop(names)
        assert (good.height, refused.height) == (rows.num_rows - refused.height, expected_bad(name, rows))

    return work


def pandera_lazy(name: str, folder: Path, _: Path) -> Work:
    """The lazy validation of pandera, then the split by the row numbers of its failure cases; no reasons per row."""
    import pandera.errors

    rows, schema = open_mapped(folder / name), pandera_schema(RAW_SMARTGO_SALES)

    def work() -> None:
        frame = pl.DataFrame(pl.from_arrow(rows))
        try:
            schema.validate(frame, lazy=True)
            failed = pl.Series([], dtype=pl.Int64)
        except pandera.errors.SchemaErrors as errors:
            failed = errors.failure_cases["index"].unique()
        numbered = frame.with_row_index("row")
        bad = numbered["row"].is_in(failed.cast(pl.UInt32).implode())
        good, refused = numbered.filter(~bad), numbered.filter(bad)
        assert (good.height, refused.height) == (rows.num_rows - refused.height, expected_bad(name, rows))

    return work


def goals(rows: int) -> Sequence[Goal]:
    """What the project promises of its split."""
    return (
        Goal(
            "seconds per million typed rows (0.40 is 2.5 M rows/s)", 0.4, lambda took: took[TYPED].seconds / rows * 1e6
        ),
        ratio(TYPED, PANDERA, "seconds", 1.0),
        ratio(ALL_BAD, NONE_BAD, "growth_mb", 3.0),
    )


BENCHMARK = Benchmark(
    module="benchmarks.split_rows",
    rows=1_000_000,
    passes=5,
    make_input=make_input,
    variants={
        TYPED: partial(ours, DIRTY),
        "ours: text, 0.5 % bad": partial(ours, TEXT),
        NONE_BAD: partial(ours, CLEAN),
        ALL_BAD: partial(ours, RUINED),
        PANDERA: partial(pandera_lazy, DIRTY),
        "pandera, every row bad": partial(pandera_lazy, RUINED),
        "bare polars, 0.5 % bad": partial(bare_polars, DIRTY),
        "bare polars, every row bad": partial(bare_polars, RUINED),
    },
    goals=goals,
)

if __name__ == "__main__":
    BENCHMARK.main()
