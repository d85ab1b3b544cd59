"""Queries about customers, against figures done on paper from the orders in `small_star_rows`."""

from decimal import Decimal

from pricing_lake_tests.queries.small_star import APRIL, FEB, FEBRUARY, JAN, MAR, MARCH, YEAR, SmallStar, assert_rows

# What customers of acme paid, in dollars: c1 o1 110, o5 240, o9 125; c2 o2 75, o7 90 and got 90 back; c3 o6 80,
# o11 64, o13 62.50; c4 o8, which nobody can tell in dollars. b1 of bolt: o4 20.


def test_top_customers(star: SmallStar) -> None:
    # 475 + 206.50 + 75 + 0 = 756.50. c2 was deleted and c4 never known: neither has a current country.
    c1, c3, c2, c4, b1 = (Decimal(text) for text in ("475.00", "206.50", "75.00", "0.00", "20.00"))
    assert_rows(
        star.ask("top_customers", **YEAR),
        [
            ("acme", 1, "c1", "SE", "vip", 3, c1, 475 / 756.5),
            ("acme", 2, "c3", "SE", "vip", 3, c3, 206.5 / 756.5),
            ("acme", 3, "c2", None, None, 2, c2, 75 / 756.5),
            ("acme", 4, "c4", None, None, 1, c4, 0.0),
            ("bolt", 1, "b1", "FI", "new", 1, b1, 1.0),
        ],
    )


def test_only_so_many_top_customers_and_their_share_of_all(star: SmallStar) -> None:
    found = star.ask("top_customers", **YEAR, top_n=1, tenant_id="acme")
    assert_rows(found, [("acme", 1, "c1", "SE", "vip", 3, Decimal("475.00"), 475 / 756.5)])


def test_new_and_returning_customers(star: SmallStar) -> None:
    assert_rows(
        star.ask("new_and_returning_customers", **YEAR),
        [
            (JAN, "acme", 2, 0, Decimal("185.00"), Decimal("0.00")),
            (JAN, "bolt", 1, 0, Decimal("20.00"), Decimal("0.00")),
            # c3 and c4 are new; c1 and c2 return with 240 and 90.
            (FEB, "acme", 2, 2, Decimal("80.00"), Decimal("330.00")),
            (MAR, "acme", 0, 2, Decimal("0.00"), Decimal("251.50")),
        ],
    )


def test_who_paid_before_the_period_is_not_new_in_it(star: SmallStar) -> None:
    found = star.ask("new_and_returning_customers", period_start=MARCH, period_end=APRIL)
    assert_rows(found, [(MAR, "acme", 0, 2, Decimal("0.00"), Decimal("251.50"))])


def test_retention_cohorts(star: SmallStar) -> None:
    # Of January's c1 and c2 both paid in February, c1 in March; of February's c3 and c4 only c3 did.
    assert_rows(
        star.ask("retention_cohorts", **YEAR),
        [
            (JAN, "acme", 0, 2, 1.0),
            (JAN, "acme", 1, 2, 1.0),
            (JAN, "acme", 2, 1, 0.5),
            (JAN, "bolt", 0, 1, 1.0),
            (FEB, "acme", 0, 2, 1.0),
            (FEB, "acme", 1, 1, 0.5),
        ],
    )


def test_a_cohort_is_that_of_the_first_payment_ever(star: SmallStar) -> None:
    found = star.ask("retention_cohorts", period_start=FEBRUARY, period_end=APRIL)
    assert_rows(found, [(FEB, "acme", 0, 2, 1.0), (FEB, "acme", 1, 1, 0.5)])


def test_repeat_purchase_rate(star: SmallStar) -> None:
    # Orders paid: c1 three, c2 two, c3 three, c4 one.
    found = star.ask("repeat_purchase_rate", **YEAR)
    assert_rows(found, [("acme", 4, 3, 0.75, 9 / 4), ("bolt", 1, 0, 0.0, 1.0)])


def test_lead_funnel(star: SmallStar) -> None:
    # L1 became account A1, that is c1, who paid 3.5 days later; L2 is c2, who paid 7 days later; L3 came to nothing.
    # L4 became A4, that is c5, who never paid. L5 was deleted; L6 is of the year before.
    assert_rows(
        star.ask("lead_funnel", **YEAR),
        [("fair", 1, 1, 1, 0, 0.0, None), ("web", 3, 1, 2, 2, 2 / 3, (3.5 + 7) / 2)],
    )


def test_what_came_after_the_period_is_not_known(star: SmallStar) -> None:
    found = star.ask("lead_funnel", period_start=FEBRUARY, period_end=MARCH)
    assert_rows(found, [("fair", 1, 1, 1, 0, 0.0, None), ("web", 1, 0, 0, 0, 0.0, None)])


def test_customer_lifetime_value(star: SmallStar) -> None:
    # c1 is a vip since February, but paid first as a new customer, like c2: 475 + 75.
    assert_rows(
        star.ask("customer_lifetime_value", **YEAR),
        [
            ("acme", "new", 2, 5, Decimal("550.00"), 275.0, Decimal("475.00")),
            ("acme", "unknown", 1, 1, Decimal("0.00"), 0.0, Decimal("0.00")),
            ("acme", "vip", 1, 3, Decimal("206.50"), 206.5, Decimal("206.50")),
            ("bolt", "new", 1, 1, Decimal("20.00"), 20.0, Decimal("20.00")),
        ],
    )
