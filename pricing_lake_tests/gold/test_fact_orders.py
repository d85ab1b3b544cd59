"""gold/fact_orders: the customer as they were, the dollars of the day, and never a key that leads nowhere."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pyarrow as pa

from pricing_lake.contracts.gold_facts import FACT_ORDERS
from pricing_lake.contracts.silver_fx import FX_RATES
from pricing_lake.contracts.silver_orders import ORDERS
from pricing_lake.contracts.silver_people import CUSTOMERS
from pricing_lake.contracts.split import split_rows
from pricing_lake.gold.dim_customer import dim_customer
from pricing_lake.gold.fact_orders import fact_orders
from pricing_lake.lake.gate import Candidate, judge
from pricing_lake.lake.verdicts import RuleResult
from pricing_lake.lake.window import PartitionWindow
from pricing_lake_tests.gold.silver_days import Row, at
from pricing_lake_tests.gold.star_days import UNKNOWN, StarDays, customer, fixing, money, told, warned


def order(day: int, clock: str = "12:00:00", order_id: str = "o1", **change: object) -> Row:
    """An order event of customer c1 and product p1."""
    return {"event_ts": at(day, clock), "order_id": order_id, "product_id": "p1", "category": "shoes", **change}


def test_a_row_in_full(star: StarDays) -> None:
    star.tell(CUSTOMERS, customer(1))
    star.tell(FX_RATES, *fixing(6, USD="1.25", GBP="0.80"))
    star.tell(ORDERS, order(8, amount="19.99", currency="GBP", status="PAID", previous_status="PLACED"))
    star.make_dimensions()
    [row] = star.facts(fact_orders, 8)
    key = row.pop("order_event_sk")
    assert isinstance(key, int)
    assert key >= 0
    assert row == {
        "order_id": "o1",
        "event_ts": at(8),
        "tenant_id": "acme",
        "order_date": date(2026, 3, 8),
        "date_sk": 20_260_308,
        "customer_sk": star.version(at(1)),
        "customer_id": "c1",
        "product_sk": star.product(),
        "product_id": "p1",
        "category": "shoes",
        "status": "PAID",
        "previous_status": "PLACED",
        "amount": money("19.99"),
        "currency": "GBP",
        # The 8th is a Sunday: Friday's fixing. 1.25 dollars and 0.80 pounds for a euro: 1.5625 dollars for a pound.
        "rate_date": date(2026, 3, 6),
        "rate_to_usd": Decimal("1.5625"),
        "amount_usd": money("31.23"),
    }


def test_the_customer_is_the_version_of_the_moment(star: StarDays) -> None:
    star.tell(
        CUSTOMERS,
        customer(2, "10:00:00"),
        customer(3, "10:00:00", country="SE"),
        customer(4, "10:00:00", country="SE", is_deleted=True),
        customer(5, "10:00:00", country="NO"),
    )
    clocks = ("09:59:59.999999", "10:00:00")
    star.tell(ORDERS, *[order(day, clock) for day in (2, 3, 4, 5) for clock in clocks])
    star.make_dimensions()
    first, second, third = (star.version(at(day, "10:00:00")) for day in (2, 3, 5))
    keys = told(star.facts(fact_orders, 2, 3, 4, 5), "customer_sk")
    assert keys == [(key,) for key in (UNKNOWN, first, first, second, second, UNKNOWN, UNKNOWN, third)]
    assert len({first, second, third, UNKNOWN}) == 4


def test_orders_of_the_first_morning_are_the_customers_since_they_signed_up(star: StarDays) -> None:
    """Silver tells the state at the day's end; what the customer ordered before that day's last change is theirs."""
    signed_up = at(2, "08:00:00")
    star.tell(CUSTOMERS, customer(2, "18:00:00", created_at=signed_up), customer(3, "10:00:00", country="SE"))
    star.tell(ORDERS, *[order(2, clock) for clock in ("07:59:59.999999", "08:00:00", "17:59:59", "18:00:00")])
    star.make_dimensions()
    first = star.version(signed_up)
    assert told(star.facts(fact_orders, 2), "customer_sk") == [(UNKNOWN,), (first,), (first,), (first,)]


def test_who_was_deleted_before_they_came_back_is_unknown_in_between_however_early_they_signed_up(
    star: StarDays,
) -> None:
    since = {"created_at": at(1)}
    gone, back = customer(3, "10:00:00", is_deleted=True, **since), customer(5, "10:00:00", **since)
    star.tell(CUSTOMERS, customer(2, **since), gone, back)
    star.tell(ORDERS, *[order(day, order_id=f"o{day}") for day in (1, 3, 4, 5)])
    star.make_dimensions()
    keys = told(star.facts(fact_orders, 1, 3, 4, 5), "customer_sk")
    assert keys == [(star.version(at(1)),), (UNKNOWN,), (UNKNOWN,), (star.version(at(5, "10:00:00")),)]


def test_a_customer_id_of_two_shops_is_at_each_moment_that_of_one(star: StarDays) -> None:
    star.tell(CUSTOMERS, customer(1), customer(3, "10:00:00", tenant_id="bolt"))
    asked = [(day, tenant) for day in (2, 3) for tenant in ("acme", "bolt")]
    star.tell(ORDERS, *[order(day, order_id=f"o{day}-{tenant}", tenant_id=tenant) for day, tenant in asked])
    star.make_dimensions()
    keys = told(star.facts(fact_orders, 2, 3), "tenant_id", "customer_sk")
    assert keys == [
        ("acme", star.version(at(1))),
        ("bolt", UNKNOWN),
        ("acme", UNKNOWN),
        ("bolt", star.version(at(3, "10:00:00"))),
    ]


def test_dollars_by_currency_and_day(star: StarDays) -> None:
    star.tell(FX_RATES, *fixing(5, USD="1.10", GBP="0.88", HRK="7.5"), *fixing(6, USD="1.20", GBP="0.80"))
    amounts = {"EUR": "0.25", "USD": "5.55", "GBP": "2.00", "HRK": "7.50", "XTS": "9.99"}
    asked = [(day, ccy) for day in (4, 5, 6, 8, 13, 14) for ccy in amounts]
    star.tell(ORDERS, *[order(day, order_id=ccy, currency=ccy, amount=amounts[ccy]) for day, ccy in asked])
    star.make_dimensions()
    rows = star.facts(fact_orders, 4, 5, 6, 8, 13, 14)
    dollars = {(row["date_sk"], row["order_id"]): (row["rate_date"], row["amount_usd"]) for row in rows}
    fifth, sixth = date(2026, 3, 5), date(2026, 3, 6)
    found = {
        day: [dollars[20_260_300 + day, ccy] for ccy in ("EUR", "USD", "GBP", "HRK", "XTS")]
        for day in (4, 5, 6, 8, 13, 14)
    }
    none, dollar = (None, None), (None, money("5.55"))
    # 0.25 euros at 1.10 are 27.5 cents: up to the even 28. At 1.20 they are 30. 2 pounds are 2 x 1.1 / 0.88 = 2.50,
    # then 2 x 1.2 / 0.8 = 3.00. 7.5 kuna are a euro; they have no fixing on the 6th, and keep that of the 5th a week.
    kuna = (fifth, money("1.10"))
    carried = [(sixth, money("0.30")), (sixth, money("5.55")), (sixth, money("3.00"))]
    assert found == {
        4: [none, dollar, none, none, none],
        5: [(fifth, money("0.28")), (fifth, money("5.55")), (fifth, money("2.50")), kuna, none],
        6: [*carried, kuna, none],
        8: [*carried, kuna, none],
        13: [*carried, none, none],
        14: [none, dollar, none, none, none],
    }


def test_unknown_members_and_missing_rates_are_counted_and_hold_up_nothing(star: StarDays) -> None:
    star.tell(CUSTOMERS, customer(1))
    star.tell(
        ORDERS,
        order(2),
        order(2, order_id="o2", customer_id="c2"),
        order(2, order_id="o3", customer_id="c2", product_id=None),
        order(2, order_id="o4", currency="USD"),
    )
    star.make_dimensions()
    [verdict] = star.fact(fact_orders, 2).verdicts
    assert warned(verdict) == {"customer_sk_unknown": 2, "product_sk_unknown": 1, "amount_usd_missing": 3}
    assert (verdict.good_rows, verdict.quarantined_rows) == (4, 0)


def test_a_day_without_orders_is_published_empty(star: StarDays) -> None:
    star.publish_day(ORDERS, date(2026, 3, 2), [])
    star.make_dimensions()
    assert star.facts(fact_orders, 2) == []


def test_a_day_of_which_a_dimension_is_not_made_is_refused(star: StarDays) -> None:
    star.tell(ORDERS, order(2))
    star.make(dim_customer)
    [verdict] = star.fact(fact_orders, 2).verdicts
    assert [result.rule for result in verdict.broken] == ["upstream_published"]
    assert "gold/dim_product" in verdict.explain()


def test_the_same_day_again_changes_nothing_and_a_late_change_of_a_customer_does(star: StarDays) -> None:
    star.tell(CUSTOMERS, customer(1))
    star.tell(ORDERS, order(3))
    star.make_dimensions()
    before = star.facts(fact_orders, 3)
    assert star.fact(fact_orders, 3).snapshot_id is None
    star.tell(CUSTOMERS, customer(2, country="SE"))
    star.make_dimensions()
    after = star.facts(fact_orders, 3)
    assert after == [before[0] | {"customer_sk": star.version(at(2))}]
    assert star.snapshots(FACT_ORDERS) == 2


def test_keys_of_events_are_the_same_in_every_lake_and_differ_by_event(star: StarDays) -> None:
    star.tell(ORDERS, order(2), order(2, "13:00:00"), order(2, order_id="o2"))
    star.make_dimensions()
    keys = {(row["order_id"], row["event_ts"]): row["order_event_sk"] for row in star.facts(fact_orders, 2)}
    moment = (int(at(2).timestamp()) * 1_000_000).to_bytes(8, "little")
    digest = hashlib.sha256(moment + b"\0" + b"\xffo1").digest()[:8]
    assert keys[("o1", at(2))] == int.from_bytes(digest, "big") >> 1
    assert len(set(keys.values())) == 3


class TestReferences:
    """Keys come from the dimensions, so only a transform gone wrong or a dimension changed since breaks the rule."""

    def test_an_orphan_refuses_the_day_and_says_what_to_do(self, star: StarDays) -> None:
        result = judged(candidate(star), {"customer_sk": [12345]})["customer_sk_orphan"]
        assert (result.passed, result.severity, result.failed_rows, result.checked_rows) == (False, "critical", 1, 2)
        assert result.note == (
            "1 rows refer to what gold/dim_customer does not hold; publish it, then this partition again"
        )

    def test_the_unknown_member_is_none(self, star: StarDays) -> None:
        results = judged(candidate(star), {})
        assert [rule for rule, result in results.items() if not result.passed and result.severity == "critical"] == []

    def test_a_day_outside_the_calendar_is_an_orphan(self, star: StarDays) -> None:
        result = judged(candidate(star), {"date_sk": [20_260_303]})["date_sk_orphan"]
        assert (result.passed, result.failed_rows) == (False, 2)

    def test_without_keys_to_hold_them_against_nothing_passes(self, star: StarDays) -> None:
        results = judged(replace(candidate(star), known_keys={}), {})
        assert [rule for rule in results if rule.endswith("_orphan") and not results[rule].passed] == [
            "date_sk_orphan", "customer_sk_orphan", "product_sk_orphan",
        ]  # fmt: skip

    def test_a_broken_transform_publishes_nothing(self, star: StarDays) -> None:
        star.tell(CUSTOMERS, customer(1))
        star.tell(ORDERS, order(2))
        star.make_dimensions()

        def off_by_one(orders: pa.Table, dim_customer: pa.Table, dim_product: pa.Table, dim_fx: pa.Table) -> pa.Table:
            rows = fact_orders.transform(orders, dim_customer, dim_product, dim_fx)
            place = rows.column_names.index("customer_sk")
            keys = pa.array([key.as_py() + 1 for key in rows["customer_sk"]])
            return rows.set_column(place, "customer_sk", keys)

        [verdict] = star.fact(replace(fact_orders, transform=off_by_one), 2).verdicts
        assert [result.rule for result in verdict.broken] == ["customer_sk_orphan"]
        assert star.rows(FACT_ORDERS) == []


def candidate(star: StarDays) -> Candidate:
    """Two orders, one of them by a customer that nobody knows."""
    star.tell(CUSTOMERS, customer(1))
    star.tell(ORDERS, order(2), order(2, order_id="o2", customer_id="c2"))
    star.make_dimensions()
    window = PartitionWindow.of_day(date(2026, 3, 2))
    return fact_orders.producer(star.lake, [window], None)(window)


def judged(made: Candidate, known: Mapping[str, Sequence[int]]) -> dict[str, RuleResult]:
    """The gate's results by rule, with other keys known than there are."""
    keys = {**made.known_keys, **{name: pa.chunked_array([pa.array(values)]) for name, values in known.items()}}
    keys = keys if made.known_keys else {}
    split = split_rows(FACT_ORDERS, made.rows)
    return {result.rule: result for result in judge(FACT_ORDERS, replace(made, known_keys=keys), split)}
