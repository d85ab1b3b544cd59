"""Keys of dimensions: the version that held at the moment, the product of the shop, the day as a number."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing_lake.transforms.dimension_keys import customer_keys, date_keys, product_keys

TEN, NOON, TWO, FOUR = (datetime(2026, 3, 2, hour, tzinfo=UTC) for hour in (10, 12, 14, 16))
INSTANT = pl.Datetime("us", "UTC")
VERSION = {
    "tenant_id": pl.String, "customer_id": pl.String, "customer_sk": pl.Int64, "valid_from": INSTANT,
    "valid_to": INSTANT,
}  # fmt: skip
ASKED = {"tenant_id": pl.String, "customer_id": pl.String, "at": INSTANT}
TICK = timedelta(microseconds=1)

Version = tuple[str, str, int, datetime, datetime | None]

VERSIONS: list[Version] = [
    ("acme", "c1", 11, TEN, NOON),
    ("acme", "c1", 12, NOON, TWO),
    # Deleted from two to four o'clock.
    ("acme", "c1", 13, FOUR, None),
    ("bolt", "c2", 21, TEN, None),
]


def keys(asked: Sequence[tuple[str, str | None, datetime]], versions: Sequence[Version] = VERSIONS) -> list[int]:
    rows = pl.DataFrame(asked, schema=ASKED, orient="row")
    found = customer_keys(rows, "at", pl.DataFrame(versions, schema=VERSION, orient="row"))
    assert found.dtype == pl.Int64
    return found.to_list()


@pytest.mark.parametrize(
    ("moment", "key"),
    [
        pytest.param(TEN - TICK, -1, id="before the first version"),
        pytest.param(TEN, 11, id="a version holds from its first moment"),
        pytest.param(NOON - TICK, 11, id="up to the next"),
        pytest.param(NOON, 12, id="at which it holds no more"),
        pytest.param(TWO - TICK, 12, id="up to the deletion"),
        pytest.param(TWO, -1, id="at which it ends"),
        pytest.param(FOUR - TICK, -1, id="between deletion and return"),
        pytest.param(FOUR, 13, id="returned"),
        pytest.param(FOUR + timedelta(days=4_000), 13, id="an open version has no end"),
    ],
)
def test_the_version_that_held_at_the_moment(moment: datetime, key: int) -> None:
    assert keys([("acme", "c1", moment)]) == [key]


def test_whom_the_dimension_does_not_know_is_the_unknown_member() -> None:
    assert keys([("acme", None, NOON), ("acme", "c3", NOON), ("acme", "", NOON)]) == [-1, -1, -1]


def test_a_customer_of_another_shop_is_unknown() -> None:
    assert keys([("bolt", "c2", NOON), ("acme", "c2", NOON), ("bolt", "c1", NOON)]) == [21, -1, -1]


def test_a_customer_who_moved_to_another_shop_is_of_each_in_its_time() -> None:
    moved: list[Version] = [("acme", "c1", 1, TEN, NOON), ("bolt", "c1", 2, NOON, None)]
    asked = [(tenant, "c1", moment) for moment in (TEN, TWO) for tenant in ("acme", "bolt")]
    assert keys(asked, moved) == [1, -1, -1, 2]


def test_no_rows_and_no_versions() -> None:
    assert keys([]) == []
    assert keys([("acme", "c1", NOON)], []) == [-1]


MOMENTS = st.integers(0, 8).map(lambda hours: TEN + timedelta(hours=hours))
WHO = st.sampled_from([("acme", "c1"), ("acme", "c2"), ("bolt", "c3")])


@st.composite
def histories(draw: st.DrawFn) -> list[Version]:
    """Versions of three customers, half-open and without overlap, with gaps where a customer was deleted."""
    versions: list[Version] = []
    for tenant, name in (("acme", "c1"), ("acme", "c2"), ("bolt", "c3")):
        cuts = sorted(draw(st.sets(st.integers(0, 8), max_size=6)))
        for start, end in zip(cuts, [*cuts, None][1:], strict=True):
            if draw(st.booleans()):
                until = None if end is None else TEN + timedelta(hours=end)
                versions.append((tenant, name, len(versions), TEN + timedelta(hours=start), until))
    return versions


@settings(max_examples=200, deadline=None)
@given(
    versions=histories(),
    asked=st.lists(st.tuples(WHO, MOMENTS), max_size=20),
    shuffle=st.randoms(use_true_random=False),
)
def test_keys_are_those_of_a_model_that_looks_at_every_version(
    versions: list[Version], asked: list[tuple[tuple[str, str], datetime]], shuffle: Random
) -> None:
    expected = []
    for (tenant, name), moment in asked:
        held = [
            key
            for shop, who, key, start, end in versions
            if (shop, who) == (tenant, name) and start <= moment and (end is None or moment < end)
        ]
        expected.append(held[0] if held else -1)
    shuffle.shuffle(versions)
    assert keys([(tenant, name, moment) for (tenant, name), moment in asked], versions) == expected


def test_a_product_is_its_shops() -> None:
    products = pl.DataFrame({"tenant_id": ["acme", "bolt"], "product_id": ["p1", "p1"], "product_sk": [1, 2]})
    asked = {"tenant_id": ["bolt", "acme", "acme", "cove"], "product_id": ["p1", "p1", None, "p1"]}
    assert product_keys(pl.DataFrame(asked), products).to_list() == [2, 1, -1, -1]


def test_days_are_numbers() -> None:
    days = pl.Series([date(2026, 3, 1), date(1999, 12, 31), date(2024, 2, 29)])
    assert date_keys(days).to_list() == [20_260_301, 19_991_231, 20_240_229]
    assert date_keys(days).dtype == pl.Int32
    assert date_keys(days.head(0)).to_list() == []
