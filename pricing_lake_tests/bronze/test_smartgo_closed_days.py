"""A day on which SmartGo was closed: empty and published when its calendar says so, else refused as an outage."""

import json

import pytest

from pricing_lake.contracts.bronze import RAW_SMARTGO_SALES
from pricing_lake.resources.smartgo import SmartGoResource
from pricing_lake_tests.shop import Shop
from pricing_lake_tests.sources.carousel_shop import item
from pricing_lake_tests.two_shops import carousel_selling

TABLE = "bronze/raw_smartgo_sales"
SUNDAY, MONDAY = "2026-03-01", "2026-03-02"


def closed_on_sundays(shop: Shop) -> SmartGoResource:
    return SmartGoResource(home=str(shop.home), calendar={"closed_weekdays": ["sunday"]})


def test_a_closed_day_is_published_empty_and_says_why(shop: Shop) -> None:
    assert shop.run([SUNDAY], [TABLE], smartgo=closed_on_sundays(shop)).success
    [rule] = [result for result in shop.verdict(TABLE, SUNDAY).results if result.rule == "not_empty"]
    assert rule.note == "the shop's calendar closes on every sunday"


def test_an_empty_day_of_sale_stays_refused(shop: Shop) -> None:
    assert not shop.run([MONDAY], [TABLE], smartgo=closed_on_sundays(shop)).success
    assert [result.rule for result in shop.verdict(TABLE, MONDAY).broken] == ["not_empty"]


def test_sales_of_a_closed_day_are_kept(shop: Shop) -> None:
    shop.sell("a", SUNDAY)
    assert shop.run([SUNDAY], [TABLE], smartgo=closed_on_sundays(shop)).success
    assert [row["sale_id"] for row in shop.rows(TABLE)] == ["a"]


def test_a_malformed_calendar_publishes_nothing(shop: Shop) -> None:
    shop.sell("a", SUNDAY)
    wrong = SmartGoResource(home=str(shop.home), calendar={"closed_weekdays": ["Sunday"]})
    result = shop.run([SUNDAY], [TABLE], smartgo=wrong)
    reason = result.failure_data_for_node("bronze__raw_smartgo_sales").user_failure_data.description
    assert reason.startswith("fix the shop's calendar: 'Sunday' is no weekday")
    with pytest.raises(KeyError):
        shop.verdict(TABLE, SUNDAY)


def test_the_source_s_control_is_a_property_of_the_snapshot(shop: Shop) -> None:
    for day, price in ((SUNDAY, "2.50"), (MONDAY, "7.00")):
        shop.sell(f"{day}-a", day, sold_price=price)
        shop.sell(f"{day}-b", day, sold_price="10.00", updated_at=None)
    assert shop.run([SUNDAY, MONDAY], [TABLE]).success
    [snapshot] = shop.lake.table(RAW_SMARTGO_SALES).snapshots()
    assert snapshot.summary is not None
    told = json.loads(snapshot.summary["pricing.source-control"])
    assert told.keys() == {SUNDAY, MONDAY}
    assert told[SUNDAY] == dict(shop.verdict(TABLE, SUNDAY).control)
    known = {name: value for name, value in told[MONDAY].items() if name != "updates"}
    assert known == {
        "rows": "2",
        "total": "17",
        "min.sold_price": "7",
        "max.sold_price": "10",
        "min.sold_at": f"{MONDAY}T12:00:00Z",
        "max.sold_at": f"{MONDAY}T12:00:00Z",
    }


@pytest.mark.parametrize("knows_its_sundays", [True, False])
def test_carousel_s_sales_of_that_day_reach_silver_when_the_calendar_knows_it(
    shop: Shop, knows_its_sundays: bool
) -> None:
    carousel = carousel_selling(shop, item("of carousel", f"{SUNDAY}T12:00:00Z"))
    smartgo = closed_on_sundays(shop) if knows_its_sundays else SmartGoResource(home=str(shop.home))
    assert shop.run([SUNDAY], smartgo=smartgo, carousel=carousel).success == knows_its_sundays
    if knows_its_sundays:
        assert [row["sale_id"] for row in shop.rows("silver/sales_history")] == ["of carousel"]
