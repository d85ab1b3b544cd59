"""gold/fact_sales: the sales of silver with the buyer that bronze tells, as they were, and in dollars."""

from datetime import date, datetime
from decimal import Decimal

from pricing_lake.contracts.bronze import RAW_SMARTGO_SALES
from pricing_lake.contracts.bronze_carousel import RAW_CAROUSEL_SALES
from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake.contracts.silver_fx import FX_RATES
from pricing_lake.contracts.silver_people import CUSTOMERS
from pricing_lake.gold.fact_sales import fact_sales
from pricing_lake_tests.gold.silver_days import Row, at
from pricing_lake_tests.gold.star_days import UNKNOWN, StarDays, customer, fixing, money, told, warned


def sold(star: StarDays, *sales: Row) -> None:
    """Sales as SmartGo told them, and as they stand in silver; a buyer is told by bronze alone."""
    for contract, source in ((RAW_SMARTGO_SALES, "smartgo"), (RAW_CAROUSEL_SALES, "carousel")):
        mine = [sale for sale in sales if sale.get("source", "smartgo") == source]
        days = {moment_of(sale).date() for sale in sales}
        for day in days:
            told_by = [bronze(sale) for sale in mine if moment_of(sale).date() == day]
            star.publish_day(contract, day, told_by)
    star.tell(SALES_HISTORY, *[silver(sale) for sale in sales])


def sale(day: int, clock: str = "12:00:00", sale_id: str = "s1", **change: object) -> Row:
    """A sale of product p1 to customer c1."""
    return {"at": at(day, clock), "sale_id": sale_id, "product_id": "p1", "customer_id": "c1", **change}


def moment_of(row: Row) -> datetime:
    moment = row["at"]
    assert isinstance(moment, datetime)
    return moment


def bronze(row: Row) -> Row:
    known = {name: row[name] for name in row if name in RAW_SMARTGO_SALES.names}
    return {**known, "sold_at": row["at"], "updated_at": row["at"], "quantity": 1}


def silver(row: Row) -> Row:
    known = {name: row[name] for name in row if name in SALES_HISTORY.names}
    return {**known, "sold_date": moment_of(row).replace(tzinfo=None)}


def test_a_row_in_full(star: StarDays) -> None:
    star.tell(CUSTOMERS, customer(1))
    star.tell(FX_RATES, *fixing(6, USD="1.25"))
    sold(star, sale(7, "23:59:59.999999", sold_price="19.99"))
    star.make_dimensions()
    [row] = star.facts(fact_sales, 7)
    assert isinstance(row.pop("sale_sk"), int)
    assert row == {
        "tenant_id": "acme",
        "source": "smartgo",
        "sale_id": "s1",
        "sold_date": at(7, "23:59:59.999999").replace(tzinfo=None),
        "date_sk": 20_260_307,
        "product_sk": star.product(),
        "product_id": "p1",
        "customer_sk": star.version(at(1)),
        "customer_id": "c1",
        "condition": "good",
        "amount": money("19.99"),
        "currency": "EUR",
        "rate_date": date(2026, 3, 6),
        "rate_to_usd": Decimal("1.25"),
        # 24.9875 dollars.
        "amount_usd": money("24.99"),
    }


def test_the_buyer_is_the_version_of_the_moment(star: StarDays) -> None:
    star.tell(CUSTOMERS, customer(2, "10:00:00"), customer(3, "10:00:00", country="SE"))
    sold(star, *[sale(day, clock, f"s{day}{clock}") for day in (2, 3) for clock in ("09:59:59", "10:00:00")])
    star.make_dimensions()
    first, second = star.version(at(2, "10:00:00")), star.version(at(3, "10:00:00"))
    keys = told(star.facts(fact_sales, 2, 3), "sold_date", "customer_sk")
    assert [key for _, key in keys] == [UNKNOWN, first, first, second]


def test_a_sale_has_the_buyer_of_its_own_source_and_shop(star: StarDays) -> None:
    star.tell(CUSTOMERS, customer(1), customer(1, customer_id="c2"), customer(1, customer_id="c3", tenant_id="bolt"))
    sold(
        star,
        sale(2),
        sale(2, source="carousel", customer_id="c2"),
        sale(2, tenant_id="bolt", customer_id="c3"),
        sale(2, sale_id="s2", customer_id="c3"),
        sale(2, sale_id="s3", customer_id=None),
    )
    star.make_dimensions()
    rows = {(row["tenant_id"], row["source"], row["sale_id"]): row for row in star.facts(fact_sales, 2)}
    assert {key: (row["customer_id"], row["customer_sk"]) for key, row in rows.items()} == {
        ("acme", "smartgo", "s1"): ("c1", star.version(at(1))),
        ("acme", "carousel", "s1"): ("c2", star.version(at(1), "c2")),
        ("bolt", "smartgo", "s1"): ("c3", star.version(at(1), "c3")),
        # The customer of another shop.
        ("acme", "smartgo", "s2"): ("c3", UNKNOWN),
        ("acme", "smartgo", "s3"): (None, UNKNOWN),
    }


def test_returns_are_no_facts_though_bronze_keeps_them(star: StarDays) -> None:
    sold(star, sale(2))
    returned = {**bronze(sale(2, sale_id="s2")), "quantity": -1}
    star.publish_day(RAW_SMARTGO_SALES, date(2026, 3, 2), [bronze(sale(2)), returned])
    star.make_dimensions()
    assert told(star.facts(fact_sales, 2), "sale_id") == [("s1",)]


def test_a_lake_without_customers_and_rates_has_its_sales_and_counts_what_it_lacks(star: StarDays) -> None:
    sold(star, sale(2), sale(2, sale_id="s2", currency="USD"))
    star.make_dimensions()
    [verdict] = star.fact(fact_sales, 2).verdicts
    assert warned(verdict) == {"customer_sk_unknown": 2, "amount_usd_missing": 1}
    assert verdict.good_rows == 2


def test_the_same_day_again_changes_nothing(star: StarDays) -> None:
    sold(star, sale(2))
    star.make_dimensions()
    star.facts(fact_sales, 2)
    assert star.fact(fact_sales, 2).snapshot_id is None
