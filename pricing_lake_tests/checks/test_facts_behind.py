"""Facts that are behind: whatever changes under them, exactly the days that a rebuild would change are named."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from random import Random

import pytest

from pricing_lake.checks.facts_behind import DayBehind, Star
from pricing_lake.contracts.as_arrow import own_arrow_schema
from pricing_lake.contracts.bronze import RAW_SMARTGO_SALES
from pricing_lake.contracts.bronze_carousel import RAW_CAROUSEL_SALES
from pricing_lake.contracts.bronze_customers import RAW_REDSHIFT_BEHAVIOR
from pricing_lake.contracts.gold_facts import FACT_BEHAVIOR, FACT_ORDERS, FACT_SALES, FACTS
from pricing_lake.contracts.model import Table
from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake.contracts.silver_fx import FX_RATES
from pricing_lake.contracts.silver_orders import ORDERS
from pricing_lake.contracts.silver_people import CUSTOMERS
from pricing_lake.errors import RefusedError
from pricing_lake.gold.dim_customer import dim_customer
from pricing_lake.gold.dim_fx import dim_fx
from pricing_lake.gold.fact_behavior import fact_behavior
from pricing_lake.gold.fact_orders import fact_orders
from pricing_lake.gold.fact_sales import fact_sales
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.publish import publish
from pricing_lake.table_asset import TableAsset
from pricing_lake_tests.gold.silver_days import SHOP_SALE, WHOLE, Row, at
from pricing_lake_tests.gold.star_days import CALENDAR, UNKNOWN, StarDays, customer, fixing

DAYS = (27, 28, 29, 30, 31)
MARCH = [date(2026, 3, day).isoformat() for day in range(1, 32)]
ASSETS: dict[str, TableAsset] = {asset.contract.id: asset for asset in (fact_sales, fact_orders, fact_behavior)}


@pytest.fixture
def star(tmp_path: Path) -> StarDays:
    return StarDays(tmp_path / "star")


def order(day: int, clock: str = "12:00:00", order_id: str = "o1", **change: object) -> Row:
    return {"event_ts": at(day, clock), "order_id": order_id, "product_id": "p1", "category": "shoes", **change}


def behind(star: StarDays, fact: Table = FACT_ORDERS) -> list[DayBehind]:
    return Star(star.lake).behind(fact, MARCH)


def named(days: Sequence[DayBehind]) -> dict[int, str]:
    return {date.fromisoformat(day.day).day: day.why for day in days}


def orders_of(star: StarDays, *rows: Row) -> None:
    """Publish orders and everything that is made of them."""
    star.tell(ORDERS, *rows)
    star.make_dimensions()
    star.facts(fact_orders, *sorted({moment(row).day for row in rows}))


def moment(row: Row) -> datetime:
    found = row["event_ts"]
    assert isinstance(found, datetime)
    return found


def test_facts_of_todays_dimensions_are_behind_nothing(star: StarDays) -> None:
    star.tell(CUSTOMERS, customer(1))
    star.tell(FX_RATES, *fixing(2, USD="1.25"))
    orders_of(star, order(2), order(3, customer_id="c9"), order(4, product_id=None, currency="XTS"))
    assert behind(star) == []


def test_a_lake_without_facts_or_without_dimensions_is_behind_nothing(star: StarDays) -> None:
    assert behind(star) == []
    assert not star.lake.exists(FACT_ORDERS)
    star.tell(ORDERS, order(2))
    star.make_dimensions()
    assert behind(star) == []


def test_a_customer_who_becomes_known_late(star: StarDays) -> None:
    orders_of(star, order(2), order(2, order_id="o2"), order(3, customer_id="c2"), order(4, "10:00:00"))
    star.tell(CUSTOMERS, customer(4, created_at=at(2)))
    star.make_dimensions()
    assert named(behind(star)) == {2: "2 customers", 4: "1 customers"}


def test_a_version_that_a_late_day_splits(star: StarDays) -> None:
    star.tell(CUSTOMERS, customer(1))
    orders_of(star, order(2), order(3), order(4))
    star.tell(CUSTOMERS, customer(3, country="SE"))
    star.make_dimensions()
    assert named(behind(star)) == {3: "1 customers", 4: "1 customers"}


def test_a_version_that_a_correction_takes_back_leaves_orphans_behind(star: StarDays) -> None:
    star.tell(CUSTOMERS, customer(1), customer(3, country="SE"))
    orders_of(star, order(2), order(3), order(4))
    star.tell(CUSTOMERS, customer(3))
    star.make_dimensions()
    assert named(behind(star)) == {3: "1 customers", 4: "1 customers"}


def test_a_deletion_that_comes_late(star: StarDays) -> None:
    star.tell(CUSTOMERS, customer(1))
    orders_of(star, order(2), order(3, "12:00:00"), order(3, "11:59:59"))
    star.tell(CUSTOMERS, customer(3, is_deleted=True))
    star.make_dimensions()
    assert named(behind(star)) == {3: "1 customers"}


def test_a_product_that_becomes_known_late_and_one_that_is_known_no_more(star: StarDays) -> None:
    visit = {"event_ts": at(2), "event_id": "e1", "customer_id": None, "product_id": "p1", "session_id": "v1"}
    star.tell(RAW_REDSHIFT_BEHAVIOR, {**visit, "channel": "web"})
    star.make_dimensions()
    star.facts(fact_behavior, 2)
    for told in ("p1", "p2"):
        star.tell(ORDERS, order(5, product_id=told))
        star.make_dimensions()
        assert named(behind(star, FACT_BEHAVIOR)) == {2: "1 products"}
        star.facts(fact_behavior, 2)
        assert behind(star, FACT_BEHAVIOR) == []


def test_rates_that_come_late(star: StarDays) -> None:
    star.tell(FX_RATES, *fixing(1, USD="1.25", GBP="0.80"))
    euros = [order(day, currency="EUR") for day in (1, 2, 3)]
    orders_of(star, *euros, order(4, currency="USD"), order(5, currency="XTS"))
    star.tell(FX_RATES, *fixing(2, USD="1.25"))
    star.make_dimensions()
    # The rate of the 2nd is that of the 1st, but it is another day's: the dollars stay, `rate_date` does not.
    assert named(behind(star)) == {2: "1 rates", 3: "1 rates", 4: "1 rates"}
    star.tell(FX_RATES, *fixing(5, XTS="2", USD="1.25"))
    star.make_dimensions()
    assert named(behind(star)) == {2: "1 rates", 3: "1 rates", 4: "1 rates", 5: "1 rates"}


def test_days_outside_the_calendar_are_not_named(star: StarDays) -> None:
    orders_of(star, order(2), order(3))
    star.tell(CUSTOMERS, customer(1))
    star.make_dimensions()
    assert [day.day for day in Star(star.lake).behind(FACT_ORDERS, MARCH[2:])] == ["2026-03-03"]


def test_evidence_stays_until_the_day_or_a_dimension_is_published_anew(star: StarDays) -> None:
    orders_of(star, order(2), order(3))
    star.tell(CUSTOMERS, customer(1))
    star.make_dimensions()
    first = behind(star)
    star.make_dimensions()
    star.facts(fact_orders, 3)
    assert behind(star) == first[:1]
    star.tell(CUSTOMERS, customer(1, country="SE"))
    star.make_dimensions()
    again = behind(star)
    assert [day.day for day in again] == [first[0].day]
    assert again[0].evidence != first[0].evidence


def test_the_state_is_that_of_the_fact_and_of_its_own_dimensions(star: StarDays) -> None:
    assert Star(star.lake).state(FACT_ORDERS) == ""
    orders_of(star, order(2))
    states = [Star(star.lake).state(FACT_ORDERS)]
    star.make_dimensions()
    assert Star(star.lake).state(FACT_ORDERS) == states[0]
    star.tell(FX_RATES, *fixing(1, USD="1.25"))
    star.make(dim_fx, calendar=CALENDAR)
    states.append(Star(star.lake).state(FACT_ORDERS))
    star.facts(fact_orders, 2)
    states.append(Star(star.lake).state(FACT_ORDERS))
    assert len({*states, ""}) == 4


def test_a_dimension_that_is_refused_makes_the_facts_wait(star: StarDays) -> None:
    orders_of(star, order(2))
    none = own_arrow_schema(dim_customer.contract).empty_table()

    made = publish(star.lake, dim_customer.contract, [WHOLE], lambda _: Candidate(none, expected_rows=1), "gold")
    assert made.refused
    with pytest.raises(RefusedError, match="gold/dim_customer"):
        behind(star)


class Changes:
    """A shop's life in random steps, each one published as it comes, and the facts of its day as `daily` would."""

    def __init__(self, star: StarDays, chance: Random) -> None:
        self.star, self.chance = star, chance
        for day in DAYS:
            self.sales(day)
            for contract in (RAW_CAROUSEL_SALES, ORDERS, RAW_REDSHIFT_BEHAVIOR):
                star.publish_day(contract, date(2026, 3, day), [])
        star.make_dimensions()
        for asset in ASSETS.values():
            star.facts(asset, *DAYS)

    def step(self) -> None:
        change = self.chance.choice((self.customers, self.customers, self.rates, self.orders, self.sales, self.visits))
        day = self.chance.choice(DAYS)
        change(day)
        self.star.make_dimensions()
        for asset in ASSETS.values():
            self.star.facts(asset, day)

    def customers(self, day: int) -> None:
        who = self.chance.sample(["c1", "c2"], self.chance.choice((0, 1, 2)))
        told = [
            customer(day, self.clock(), name, country=self.chance.choice(["FI", "SE"]), is_deleted=self.often(0.2),
                     created_at=self.chance.choice([None, at(27), at(29)]))
            for name in who
        ]  # fmt: skip
        self.star.publish_day(CUSTOMERS, date(2026, 3, day), told)

    def rates(self, day: int) -> None:
        told = fixing(day, **{ccy: self.chance.choice(["1.25", "0.8"]) for ccy in ("USD", "GBP") if self.often(0.7)})
        self.star.publish_day(FX_RATES, date(2026, 3, day), told)

    def orders(self, day: int) -> None:
        told = [order(day, self.clock(), f"o{n}", **self.about(), currency=self.currency()) for n in range(3)]
        self.star.publish_day(ORDERS, date(2026, 3, day), told)

    def sales(self, day: int) -> None:
        clock, about, currency = self.clock(), self.about() | {"product_id": "p3"}, self.currency()
        sale = {"sale_id": f"s{day}", "currency": currency}
        raw = {**sale, **about, "sold_at": at(day, clock), "updated_at": at(day, clock), "quantity": 1}
        known = {**sale, "product_id": "p3", "sold_date": at(day, clock).replace(tzinfo=None)}
        self.star.publish_day(RAW_SMARTGO_SALES, date(2026, 3, day), [SHOP_SALE | raw])
        self.star.publish_day(SALES_HISTORY, date(2026, 3, day), [known])

    def visits(self, day: int) -> None:
        told = {"event_ts": at(day, self.clock()), "event_id": f"e{day}", "session_id": "v", "channel": "web"}
        self.star.publish_day(RAW_REDSHIFT_BEHAVIOR, date(2026, 3, day), [told | self.about()])

    def about(self) -> Row:
        return {"customer_id": self.chance.choice(["c1", "c2", "c3"]), "product_id": self.chance.choice(["p1", "p2"])}

    def currency(self) -> str:
        return self.chance.choice(["EUR", "GBP", "USD", "XTS"])

    def clock(self) -> str:
        return self.chance.choice(["00:00:00", "12:00:00", "23:59:59.999999"])

    def often(self, share: float) -> bool:
        return self.chance.random() < share


@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_named_is_what_a_rebuild_would_change_and_makes_the_facts_identical_to_one(
    seed: int, star: StarDays
) -> None:
    changes = Changes(star, Random(seed))
    seen = 0
    for _ in range(3):
        for _ in range(4):
            changes.step()
        for fact in FACTS:
            asked = [day.day for day in Star(star.lake).behind(fact, MARCH)]
            rebuilt = [
                verdict.partition
                for day in DAYS
                for made in [star.fact(ASSETS[fact.id], day)]
                for verdict in made.verdicts
                if verdict.partition in made.changed
            ]
            assert asked == rebuilt
            assert Star(star.lake).behind(fact, MARCH) == []
            seen += len(asked)
    assert seen
    assert {row["customer_sk"] for row in star.rows(FACT_SALES)} - {UNKNOWN}
