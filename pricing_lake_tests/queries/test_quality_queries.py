"""Queries about the quality of orders and facts, against what `small_star_rows` holds."""

from decimal import Decimal

from pricing_lake_tests.queries.small_star import APRIL, FEBRUARY, JANUARY, MARCH, YEAR, SmallStar, assert_rows
from pricing_lake_tests.queries.small_star_rows import instant


def test_duplicate_orders(star: SmallStar) -> None:
    # o10 is o9 again, five minutes later. o1 and o3 of c1 differ, and so do o9 and o1, months apart.
    twin = ("acme", "c1", "p1", Decimal("100.00"), "EUR", "o9", "o10", instant("2026-03-02T10:05"), 5.0)
    assert_rows(star.ask("duplicate_orders", **YEAR), [twin])
    assert_rows(star.ask("duplicate_orders", **YEAR, within_minutes=5), [twin])
    assert_rows(star.ask("duplicate_orders", **YEAR, within_minutes=4), [])


def test_orphan_keys(star: SmallStar) -> None:
    # Of 26 order events the two of o8 have no known customer and the two of o13 a product that is none. Sale s3 has a
    # product that is none and, like s2, no known buyer; s4 is of April, which dim_date ends before.
    assert_rows(
        star.ask("orphan_keys", **YEAR),
        [
            ("gold/fact_behavior", "gold/dim_customer", 8, 2, 0),
            ("gold/fact_behavior", "gold/dim_date", 8, 0, 0),
            ("gold/fact_behavior", "gold/dim_product", 8, 1, 0),
            ("gold/fact_orders", "gold/dim_customer", 26, 2, 0),
            ("gold/fact_orders", "gold/dim_date", 26, 0, 0),
            ("gold/fact_orders", "gold/dim_product", 26, 0, 2),
            ("gold/fact_sales", "gold/dim_customer", 3, 2, 0),
            ("gold/fact_sales", "gold/dim_date", 3, 0, 0),
            ("gold/fact_sales", "gold/dim_product", 3, 0, 1),
        ],
    )


def test_a_day_that_the_calendar_lacks_is_an_orphan(star: SmallStar) -> None:
    found = star.ask("orphan_keys", period_start=APRIL, period_end=instant("2026-05-01").replace(tzinfo=None))
    assert ("gold/fact_sales", "gold/dim_date", 1, 0, 1) in found


def test_late_rows(star: SmallStar) -> None:
    # SmartGo: three rows of the 5th were told by 05:00 the next day, at 06:00 exactly (late) and at noon a day later
    # (36 hours). Kafka: one at once, one 10 hours after the end of its day. Snowflake did not stamp its row.
    assert_rows(
        star.ask("late_rows", period_start=JANUARY, period_end=FEBRUARY),
        [
            ("carousel", 1, 1, 0, 0.0, None, None),
            ("kafka", 2, 2, 1, 0.5, 10.0, 10.0),
            ("smartgo", 4, 4, 2, 0.5, 6.0, 36.0),
            ("snowflake", 1, 0, 0, None, None, None),
        ],
    )


def test_a_month_late_and_no_grace(star: SmallStar) -> None:
    # The 1st of February ended 27 days before March.
    found = star.ask("late_rows", period_start=FEBRUARY, period_end=MARCH)
    assert_rows(found, [("kafka", 1, 1, 1, 1.0, 648.0, 648.0)])
    late = {row[0]: row[3] for row in star.ask("late_rows", period_start=JANUARY, period_end=FEBRUARY, grace_hours=5)}
    assert late == {"carousel": 0, "kafka": 1, "smartgo": 3, "snowflake": 0}
