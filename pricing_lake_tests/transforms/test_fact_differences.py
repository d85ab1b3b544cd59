"""Days that would come out differently: what is counted, by day, and what is not looked at."""

from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest

from pricing_lake.contracts.gold_facts import FACT_BEHAVIOR, FACT_ORDERS, FACT_SALES
from pricing_lake.contracts.types import AMOUNT, PRECISE_RATE
from pricing_lake.transforms.fact_differences import Members, columns_needed, differing_days, has_money

SECOND, THIRD = date(2026, 3, 2), date(2026, 3, 3)
INSTANT = pl.Datetime("us", "UTC")
MEMBERS = Members(
    pl.DataFrame(
        [
            ("acme", "c1", 11, datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC)),
            ("acme", "c1", 12, datetime(2026, 3, 3, tzinfo=UTC), None),
        ],
        schema={"tenant_id": pl.String, "customer_id": pl.String, "customer_sk": pl.Int64, "valid_from": INSTANT,
                "valid_to": INSTANT},
        orient="row",
    ),
    pl.DataFrame({"tenant_id": ["acme"], "product_id": ["p1"], "product_sk": [21]}),
    pl.DataFrame(
        [(SECOND, "EUR", SECOND, Decimal("1.5")), (THIRD, "EUR", SECOND, Decimal("1.5"))],
        schema={"as_of_date": pl.Date, "ccy": pl.String, "rate_date": pl.Date, "rate_to_usd": PRECISE_RATE.polars},
        orient="row",
    ),
)  # fmt: skip
STANDING = {
    "event_ts": datetime(2026, 3, 2, 23, 59, 59, 999_999, tzinfo=UTC), "tenant_id": "acme", "customer_id": "c1",
    "product_id": "p1", "customer_sk": 11, "product_sk": 21, "amount": Decimal("2.00"), "currency": "EUR",
    "rate_date": SECOND, "rate_to_usd": Decimal("1.5"), "amount_usd": Decimal("3.00"), "_batch_id": "b1",
}  # fmt: skip
"""An order that is as the dimensions make it."""
NEXT = STANDING | {"event_ts": datetime(2026, 3, 3, tzinfo=UTC), "customer_sk": 12, "_batch_id": "b2"}
SCHEMA = {
    "event_ts": INSTANT, "customer_sk": pl.Int64, "product_sk": pl.Int64, "amount": AMOUNT.polars,
    "rate_date": pl.Date, "rate_to_usd": PRECISE_RATE.polars, "amount_usd": AMOUNT.polars,
}  # fmt: skip


def found(*rows: dict[str, object], members: Members = MEMBERS) -> list[tuple[object, ...]]:
    names = dict.fromkeys(columns_needed(FACT_ORDERS), pl.String) | SCHEMA
    return differing_days(FACT_ORDERS, pl.DataFrame(list(rows), schema=names), members).rows()


def test_what_the_dimensions_make_of_it_differs_on_no_day() -> None:
    assert found(STANDING, NEXT) == []
    assert found() == []


@pytest.mark.parametrize(
    ("change", "counted"),
    [
        ({"customer_sk": 12}, (1, 0, 0)),
        ({"customer_sk": -1}, (1, 0, 0)),
        ({"customer_id": "c2"}, (1, 0, 0)),
        ({"customer_id": None}, (1, 0, 0)),
        ({"product_sk": -1}, (0, 1, 0)),
        ({"product_id": None}, (0, 1, 0)),
        ({"tenant_id": "bolt"}, (1, 1, 0)),
        ({"rate_date": THIRD}, (0, 0, 1)),
        ({"rate_to_usd": Decimal("1.500000000000000001")}, (0, 0, 1)),
        ({"rate_date": None, "rate_to_usd": None, "amount_usd": None}, (0, 0, 1)),
        ({"amount_usd": Decimal("3.01")}, (0, 0, 1)),
        ({"currency": "XTS"}, (0, 0, 1)),
    ],
)
def test_each_difference_is_counted_once(change: dict[str, object], counted: tuple[int, ...]) -> None:
    assert found(STANDING | change, NEXT) == [(SECOND, *counted, ["b1"])]


def test_rows_and_batches_are_those_of_their_day() -> None:
    wrong = {"customer_sk": -1, "product_sk": -1}
    rows = [STANDING | wrong, NEXT | wrong, STANDING | wrong, STANDING | {"_batch_id": "b0"}]
    assert found(*rows) == [(SECOND, 2, 2, 0, ["b0", "b1"]), (THIRD, 1, 1, 0, ["b2"])]


def test_dimensions_that_know_nobody_make_unknown_members_of_all() -> None:
    assert MEMBERS.rates is not None
    empty = Members(MEMBERS.versions.clear(), MEMBERS.products.clear(), MEMBERS.rates.clear())
    unknown = {"customer_sk": -1, "product_sk": -1, "rate_date": None, "rate_to_usd": None, "amount_usd": None}
    assert found(STANDING, members=empty) == [(SECOND, 1, 1, 1, ["b1"])]
    assert found(STANDING | unknown, members=empty) == []


def test_only_facts_with_money_are_held_against_rates() -> None:
    assert [has_money(fact) for fact in (FACT_SALES, FACT_ORDERS, FACT_BEHAVIOR)] == [True, True, False]
    row = {name: STANDING.get(name) for name in columns_needed(FACT_BEHAVIOR)}
    frame = pl.DataFrame([row | {"product_sk": 7}], schema_overrides={"event_ts": INSTANT})
    members = Members(MEMBERS.versions, MEMBERS.products)
    assert differing_days(FACT_BEHAVIOR, frame, members).rows() == [(SECOND, 0, 1, 0, ["b1"])]


def test_sales_have_no_zone_and_are_of_utc_days() -> None:
    row = {name: STANDING.get(name) for name in columns_needed(FACT_SALES)}
    moment = datetime(2026, 3, 2, 23, 59, 59)  # as sales_history holds it
    schema = {name: SCHEMA.get(name, pl.String) for name in row} | {"sold_date": pl.Datetime("us")}
    sale = pl.DataFrame([row | {"sold_date": moment, "customer_sk": 12}], schema=schema)
    assert differing_days(FACT_SALES, sale, MEMBERS).rows() == [(SECOND, 1, 0, 0, ["b1"])]
