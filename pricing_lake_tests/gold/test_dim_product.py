"""gold/dim_product: one row per product, by the newest word of sales and orders on it."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing_lake.contracts.gold_dimensions import DIM_PRODUCT
from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake.contracts.silver_orders import ORDERS
from pricing_lake.gold.dim_product import dim_product
from pricing_lake.lake.reader import PublishedTable
from pricing_lake_tests.gold.silver_days import Row, SilverDays, at, stored


def sale(day: int, sale_id: str = "s1", clock: str = "12:00:00", **change: object) -> Row:
    """A sale of p1."""
    moment = at(day, clock).replace(tzinfo=None)
    return {"sold_date": moment, "sale_id": sale_id, "product_id": "p1", "brand": "Fjord", **change}


def order(day: int, clock: str = "12:00:00", **change: object) -> Row:
    """An order event of p1."""
    return {"event_ts": at(day, clock), "order_id": "o1", "product_id": "p1", "category": "boots", **change}


def made(days: SilverDays, sales: Sequence[Row] = (), orders: Sequence[Row] = ()) -> list[Row]:
    """The products of these sales and orders, without their keys."""
    days.tell(SALES_HISTORY, *sales)
    days.tell(ORDERS, *orders)
    days.make(dim_product)
    return [{name: row[name] for name in row if name != "product_sk"} for row in days.rows(DIM_PRODUCT)]


def test_the_newest_sale_says_what_a_product_is(days: SilverDays) -> None:
    sales = [sale(5, category="boots", brand="Berg"), sale(2, category="shoes"), sale(3, brand="Tal")]
    assert made(days, sales) == [
        {
            "tenant_id": "acme",
            "product_id": "p1",
            "category": "boots",
            "brand": "Berg",
            "first_sold_on": date(2026, 3, 2),
            "last_sold_on": date(2026, 3, 5),
        }
    ]


def test_an_order_is_newer_word_but_tells_no_brand(days: SilverDays) -> None:
    [row] = made(days, [sale(2)], [order(3)])
    assert (row["category"], row["brand"], row["last_sold_on"]) == ("boots", "Fjord", date(2026, 3, 3))


def test_what_is_not_said_does_not_erase_what_was(days: SilverDays) -> None:
    [row] = made(days, [sale(2), sale(4, "s2", brand=None)], [order(5, category=None)])
    assert (row["category"], row["brand"]) == ("shoes", "Fjord")


def test_at_one_moment_the_sale_counts_and_of_sales_the_last_id(days: SilverDays) -> None:
    [row] = made(days, [sale(2, "s2", category="coat"), sale(2, "s1", category="hat")], [order(2, category="boots")])
    assert row["category"] == "coat"


def test_a_product_only_ordered_has_a_row_and_an_order_without_a_product_has_none(days: SilverDays) -> None:
    rows = made(days, (), [order(2, category=None), order(3, order_id="o2", product_id=None)])
    assert [(row["product_id"], row["category"], row["brand"]) for row in rows] == [("p1", None, None)]


def test_shops_do_not_share_products(days: SilverDays) -> None:
    made(days, [sale(2), sale(2, tenant_id="bolt", brand="Berg")])
    rows = {row["tenant_id"]: row for row in days.rows(DIM_PRODUCT)}
    assert {tenant: row["brand"] for tenant, row in rows.items()} == {"acme": "Fjord", "bolt": "Berg"}
    assert rows["acme"]["product_sk"] != rows["bolt"]["product_sk"]


def test_days_are_utc_days(days: SilverDays) -> None:
    [row] = made(days, [sale(2, "s1", "00:00:00"), sale(3, "s2", "23:59:59.999999")])
    assert (row["first_sold_on"], row["last_sold_on"]) == (date(2026, 3, 2), date(2026, 3, 3))


def test_without_sales_and_orders_it_is_published_empty(days: SilverDays) -> None:
    assert days.make(dim_product).good_rows == 0


def test_a_product_keeps_its_key_when_its_row_changes(days: SilverDays) -> None:
    made(days, [sale(2)])
    [before] = days.rows(DIM_PRODUCT)
    made(days, [sale(3, "s2", brand="Berg")])
    [after] = days.rows(DIM_PRODUCT)
    assert after["product_sk"] == before["product_sk"]
    assert after["brand"] == "Berg"


def test_vectors_and_descriptions_are_not_even_read(days: SilverDays, monkeypatch: pytest.MonkeyPatch) -> None:
    days.tell(SALES_HISTORY, sale(2, embedding=[0.5] * 1024, description="worn once"))
    read: list[pa.Table] = []
    until = PublishedTable.until

    def watched(self: PublishedTable, *arguments: object, **named: object) -> pa.Table:
        read.append(until(self, *arguments, **named))  # type: ignore[arg-type]
        return read[-1]

    monkeypatch.setattr(PublishedTable, "until", watched)
    days.make(dim_product)
    assert [sorted(table.column_names) for table in read] == [
        ["brand", "category", "product_id", "sale_id", "sold_date", "source", "tenant_id"],
        ["category", "event_ts", "order_id", "product_id", "tenant_id"],
    ]


SALES = st.lists(
    st.builds(
        sale,
        day=st.integers(1, 3),
        sale_id=st.sampled_from(["s1", "s2", "s3"]),
        clock=st.sampled_from(["00:00:00", "12:00:00"]),
        source=st.sampled_from(["smartgo", "carousel"]),
        tenant_id=st.sampled_from(["acme", "bolt"]),
        product_id=st.sampled_from(["p1", "p2"]),
        category=st.sampled_from(["shoes", "boots"]),
        brand=st.sampled_from([None, "Fjord", "Berg"]),
    ),
    max_size=12,
    unique_by=lambda row: (row["tenant_id"], row["source"], row["sale_id"]),
)
EVENTS = st.lists(
    st.builds(
        order,
        day=st.integers(1, 3),
        clock=st.sampled_from(["00:00:00", "12:00:00"]),
        order_id=st.sampled_from(["o1", "o2"]),
        tenant_id=st.sampled_from(["acme", "bolt"]),
        product_id=st.sampled_from([None, "p1", "p2"]),
        category=st.sampled_from([None, "shoes", "coat"]),
    ),
    max_size=12,
    unique_by=lambda row: (row["order_id"], row["event_ts"]),
)


def told(sales: Sequence[Row], orders: Sequence[Row]) -> list[Row]:
    """The products, worked out telling by telling from the oldest."""
    tellings = [(_moment(row["sold_date"]), True, f"{row['source']}/{row['sale_id']}", row) for row in sales]
    tellings += [(_moment(row["event_ts"]), False, str(row["order_id"]), row) for row in orders if row["product_id"]]
    found: dict[tuple[object, object], Row] = {}
    for moment, is_sale, _, row in sorted(tellings, key=lambda telling: telling[:3]):
        first: Row = {"category": None, "brand": None, "first_sold_on": moment.date()}
        product = found.setdefault((row["tenant_id"], row["product_id"]), first)
        product["last_sold_on"] = moment.date()
        product["category"] = row.get("category") or product["category"]
        product["brand"] = (row["brand"] if is_sale else None) or product["brand"]
    return [{"tenant_id": key[0], "product_id": key[1], **found[key]} for key in sorted(found, key=str)]


def _moment(value: object) -> datetime:
    assert isinstance(value, datetime)
    return value.replace(tzinfo=None)


@settings(max_examples=200, deadline=None)
@given(sales=SALES, orders=EVENTS, shuffle=st.randoms(use_true_random=False))
def test_products_are_those_of_a_model_that_reads_word_after_word(
    sales: list[Row], orders: list[Row], shuffle: Random
) -> None:
    expected = told(sales, orders)
    shuffle.shuffle(sales)
    shuffle.shuffle(orders)
    rows = dim_product.transform(sales_history=stored(SALES_HISTORY, sales), orders=stored(ORDERS, orders)).to_pylist()
    assert [{name: row[name] for name in row if name != "product_sk"} for row in rows] == expected


@settings(max_examples=5, deadline=None)
@given(sales=SALES, orders=EVENTS, order_of_days=st.permutations([1, 2, 3, 1, 2, 3]))
def test_days_in_any_order_twice_give_the_same_dimension(
    sales: list[Row], orders: list[Row], order_of_days: list[int]
) -> None:
    with TemporaryDirectory() as folder:
        straight, shuffled = SilverDays(Path(folder) / "straight"), SilverDays(Path(folder) / "shuffled")
        made(straight, sales, orders)
        for day in order_of_days:
            moved = date(2026, 3, day)
            shuffled.tell(SALES_HISTORY, *[row for row in sales[::-1] if _moment(row["sold_date"]).date() == moved])
            shuffled.tell(ORDERS, *[row for row in orders[::-1] if _moment(row["event_ts"]).date() == moved])
            shuffled.make(dim_product)
        assert shuffled.rows(DIM_PRODUCT) == straight.rows(DIM_PRODUCT)
        assert shuffled.publication(dim_product).snapshot_id is None
