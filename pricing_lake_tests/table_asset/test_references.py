"""Columns that hold keys of another table: what a contract may say, what the page shows, what an asset must read."""

import polars as pl
import pyarrow as pa
import pytest

from pricing_lake.contracts.as_markdown import tables_markdown
from pricing_lake.contracts.columns import DAY
from pricing_lake.contracts.model import Column, Grain, Layer, Owner, Reference, Rule, Table
from pricing_lake.contracts.types import LONG
from pricing_lake.errors import ContractError
from pricing_lake.table_asset import table_asset
from pricing_lake_tests.table_asset.tiny_table import TINY

THINGS = Table(
    layer=Layer.GOLD,
    name="things",
    grain="One row per thing.",
    owner=Owner.PRICING,
    key=("thing_sk",),
    window="day",
    every=Grain.WHOLE,
    columns=(DAY, Column("thing_sk", LONG, "Its key.", required=True)),
)


def uses(*columns: Column) -> Table:
    return Table(
        layer=Layer.GOLD,
        name="uses",
        grain="One row per use.",
        owner=Owner.PRICING,
        key=("day",),
        window="day",
        columns=(DAY, *columns),
    )


THING = Column("thing_sk", LONG, "The thing.", references=Reference(THINGS.id, "thing_sk", unknown=-1))


def test_the_page_says_what_holds() -> None:
    line = "| thing_sk_orphan | `thing_sk`: Every value but -1 is a `thing_sk` of gold/things. | critical |"
    assert line in tables_markdown([uses(THING)]).splitlines()


def test_a_reference_is_part_of_what_a_row_may_be() -> None:
    plain = Column(THING.name, THING.type, THING.doc)
    assert uses(THING).fingerprint != uses(plain).fingerprint


def test_no_rule_has_the_name_of_a_broken_reference() -> None:
    rule = Rule("thing_sk_orphan", pl.lit(value=True), "No such thing.")
    with pytest.raises(ContractError, match="rule declared twice: thing_sk_orphan"):
        uses(THING, Column("other", LONG, "Another.", rules=(rule,)))


def transform(things: pa.Table) -> pa.Table:
    return things


@pytest.mark.parametrize(
    ("reads", "columns"), [((TINY,), None), ((THINGS,), {"things": ("day",)})], ids=["no such table", "no such column"]
)
def test_what_is_referred_to_must_be_read(reads: tuple[Table, ...], columns: dict[str, tuple[str, ...]] | None) -> None:
    with pytest.raises(ContractError, match="thing_sk refers to gold/things, whose thing_sk it does not read"):
        table_asset(uses(THING), reads=reads, columns=columns)(transform)
