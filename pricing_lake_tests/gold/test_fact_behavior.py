"""gold/fact_behavior: every event by the visitor as they were, signed in or not."""

from pricing_lake.contracts.bronze_customers import RAW_REDSHIFT_BEHAVIOR
from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake.contracts.silver_people import CUSTOMERS
from pricing_lake.gold.fact_behavior import fact_behavior
from pricing_lake_tests.gold.silver_days import Row, at
from pricing_lake_tests.gold.star_days import UNKNOWN, StarDays, customer, told, warned


def event(day: int, clock: str = "12:00:00", event_id: str = "e1", **change: object) -> Row:
    """A look at product p1 by customer c1."""
    about = {"customer_id": "c1", "product_id": "p1", "session_id": "v1", "channel": "web"}
    return {"event_ts": at(day, clock), "event_id": event_id, **about, **change}


def sale(day: int) -> Row:
    """What makes p1 a product that the lake knows."""
    return {"sold_date": at(day).replace(tzinfo=None), "sale_id": "s1", "product_id": "p1"}


def test_a_row_in_full(star: StarDays) -> None:
    star.tell(CUSTOMERS, customer(1))
    star.tell(SALES_HISTORY, sale(9))
    star.tell(RAW_REDSHIFT_BEHAVIOR, event(2, "00:00:00", event_type="like"))
    star.make_dimensions()
    [row] = star.facts(fact_behavior, 2)
    assert isinstance(row.pop("behavior_sk"), int)
    assert row == {
        "event_id": "e1",
        "event_ts": at(2, "00:00:00"),
        "tenant_id": "acme",
        "date_sk": 20_260_302,
        "customer_sk": star.version(at(1)),
        "customer_id": "c1",
        # Known since the 9th and a product all the same: dim_product has no versions.
        "product_sk": star.product(),
        "product_id": "p1",
        "session_id": "v1",
        "event_type": "like",
        "channel": "web",
    }


def test_the_visitor_is_the_version_of_the_moment_or_unknown(star: StarDays) -> None:
    star.tell(CUSTOMERS, customer(2, "10:00:00"), customer(2, "11:00:00", "c2", tenant_id="bolt"))
    star.tell(
        RAW_REDSHIFT_BEHAVIOR,
        event(2, "09:59:59.999999", "e1"),
        event(2, "10:00:00", "e2"),
        event(2, "12:00:00", "e3", customer_id=None),
        event(2, "12:00:00", "e4", customer_id=""),
        event(2, "12:00:00", "e5", customer_id="c2"),
        event(2, "12:00:00", "e6", customer_id="c2", tenant_id="bolt"),
    )
    star.make_dimensions()
    assert dict(told(star.facts(fact_behavior, 2), "event_id", "customer_sk")) == {
        "e1": UNKNOWN,
        "e2": star.version(at(2, "10:00:00")),
        "e3": UNKNOWN,
        "e4": UNKNOWN,
        "e5": UNKNOWN,
        "e6": star.version(at(2, "11:00:00"), "c2"),
    }


def test_unknown_members_are_counted(star: StarDays) -> None:
    star.tell(SALES_HISTORY, sale(2))
    star.tell(RAW_REDSHIFT_BEHAVIOR, event(2), event(2, event_id="e2", product_id=None, event_type="search"))
    star.make_dimensions()
    assert warned(star.fact(fact_behavior, 2).verdicts[0]) == {"customer_sk_unknown": 2, "product_sk_unknown": 1}


def test_the_same_day_again_changes_nothing(star: StarDays) -> None:
    star.tell(RAW_REDSHIFT_BEHAVIOR, event(2))
    star.make_dimensions()
    star.facts(fact_behavior, 2)
    assert star.fact(fact_behavior, 2).snapshot_id is None
