"""Queries about orders, against figures done on paper from the orders in `small_star_rows`."""

from datetime import date
from decimal import Decimal

from pricing_lake_tests.queries.small_star import APRIL, FEB, FEBRUARY, JAN, MAR, MARCH, YEAR, SmallStar, assert_rows


def test_orders_by_day(star: SmallStar) -> None:
    # o9 and o10 are placed on one day; o12 of bolt is shipped without ever having been placed.
    assert_rows(
        star.ask("orders_by_day", period_start=MARCH, period_end=APRIL),
        [
            (date(2026, 3, 2), "acme", "PLACED", 2),
            (date(2026, 3, 3), "acme", "PAID", 1),
            (date(2026, 3, 5), "acme", "PAID", 1),
            (date(2026, 3, 5), "acme", "PLACED", 1),
            (date(2026, 3, 8), "bolt", "SHIPPED", 1),
            (date(2026, 3, 20), "acme", "PAID", 1),
            (date(2026, 3, 20), "acme", "PLACED", 1),
        ],
    )


def test_orders_of_one_tenant(star: SmallStar) -> None:
    found = star.ask("orders_by_day", period_start=MARCH, period_end=APRIL, tenant_id="bolt")
    assert_rows(found, [(date(2026, 3, 8), "bolt", "SHIPPED", 1)])


def test_revenue_by_currency(star: SmallStar) -> None:
    # 200 x 1.20 = 240; 60 x 1.50 = 90, paid back two days later; nobody has a rate of XTS.
    assert_rows(
        star.ask("revenue_by_currency", period_start=FEBRUARY, period_end=MARCH),
        [
            (date(2026, 2, 4), "acme", "EUR", 1, 0, Decimal("200.00"), Decimal("240.00"), 0),
            (date(2026, 2, 10), "acme", "USD", 1, 0, Decimal("80.00"), Decimal("80.00"), 0),
            (date(2026, 2, 20), "acme", "GBP", 1, 0, Decimal("60.00"), Decimal("90.00"), 0),
            (date(2026, 2, 22), "acme", "GBP", 0, 1, Decimal("-60.00"), Decimal("-90.00"), 0),
            (date(2026, 2, 25), "acme", "XTS", 1, 0, Decimal("30.00"), None, 1),
        ],
    )


def test_average_order_value(star: SmallStar) -> None:
    # In March o9 and o13 are paid in euros: (100 + 50) / 2 = 75, in dollars (125 + 62.50) / 2. o10 never was paid.
    assert_rows(
        star.ask("average_order_value", **YEAR),
        [
            (JAN, "acme", "EUR", 1, Decimal("100.00"), 100.0, 110.0),
            (JAN, "acme", "GBP", 1, Decimal("50.00"), 50.0, 75.0),
            (JAN, "bolt", "USD", 1, Decimal("20.00"), 20.0, 20.0),
            (FEB, "acme", "EUR", 1, Decimal("200.00"), 200.0, 240.0),
            (FEB, "acme", "GBP", 1, Decimal("60.00"), 60.0, 90.0),
            (FEB, "acme", "USD", 1, Decimal("80.00"), 80.0, 80.0),
            (FEB, "acme", "XTS", 1, Decimal("30.00"), 30.0, None),
            (MAR, "acme", "EUR", 2, Decimal("150.00"), 75.0, 93.75),
            (MAR, "acme", "GBP", 1, Decimal("40.00"), 40.0, 64.0),
        ],
    )


def test_status_transitions(star: SmallStar) -> None:
    # Hours from PLACED to PAID: o8 1/6, o13 1/2, then 1 (o2, o6, o11), 2 (o1, o7) and 24 (o5, o9). The fifth is 1.
    mean = (10 / 60 + 0.5 + 3 * 1 + 2 * 2 + 2 * 24) / 9
    (paid, *others) = [row for row in star.ask("status_transitions", **YEAR) if row[1:3] == ("PLACED", "PAID")]
    assert paid[:5] == ("acme", "PLACED", "PAID", 9, True)
    assert abs(paid[5] - mean) < 1e-6, "hours are added up to a millionth"
    assert paid[6:] == (1.0, 24.0)
    assert_rows(others, [("bolt", "PLACED", "PAID", 1, True, 0.5, 0.5, 0.5)])
    assert_rows(
        [row for row in star.ask("status_transitions", **YEAR) if row[1:3] != ("PLACED", "PAID")],
        [
            ("acme", "PAID", "CANCELLED", 1, True, 48.0, 48.0, 48.0),
            ("acme", "PAID", "SHIPPED", 1, True, 48.0, 48.0, 48.0),
            ("acme", "PLACED", "CANCELLED", 1, True, 1.0, 1.0, 1.0),
            ("acme", "none", "PLACED", 11, True, None, None, None),
            ("bolt", "none", "PLACED", 1, True, None, None, None),
            ("bolt", "none", "SHIPPED", 1, False, None, None, None),
        ],
    )


def test_cancelled_share(star: SmallStar) -> None:
    # Bags: o3, o5 and o7, of which o3 was cancelled before it was paid and o7 after. Eight orders of shoes.
    assert_rows(
        star.ask("cancelled_share", **YEAR),
        [
            ("acme", "bags", 3, 2, 1, 2 / 3),
            ("acme", "shoes", 8, 0, 0, 0.0),
            ("bolt", "shoes", 2, 0, 0, 0.0),
        ],
    )


def test_behavior_conversion(star: SmallStar) -> None:
    # On the web c1 (cart, checkout, paid o9 two days later), c2 and c5 (cart); in the app c3, who paid o11 a day later.
    # Nobody knows who the anonymous visitor was.
    assert_rows(
        star.ask("behavior_conversion", period_start=MARCH, period_end=APRIL),
        [
            ("acme", "app", 1, 0, 0, 1, 1.0),
            ("acme", "web", 3, 2, 1, 1, 1 / 3),
            ("bolt", "web", 1, 0, 0, 0, 0.0),
        ],
    )


def test_an_order_after_too_many_days_is_no_conversion(star: SmallStar) -> None:
    found = star.ask("behavior_conversion", period_start=MARCH, period_end=APRIL, within_days=2, tenant_id="acme")
    # c1 came on the 1st at 10:00 and paid on the 3rd at 10:00: two days are over.
    assert_rows(found, [("acme", "app", 1, 0, 0, 1, 1.0), ("acme", "web", 3, 2, 1, 0, 0.0)])
