"""Queries about exchange rates, against figures done on paper from the orders and rates in `small_star_rows`."""

from datetime import date, datetime
from decimal import Decimal

from pricing_lake_tests.queries.small_star import APRIL, FEB, JAN, MAR, MARCH, YEAR, SmallStar, assert_rows


def test_fx_exposure(star: SmallStar) -> None:
    # Euros: 100 + 200 + 100 + 50 are 110 + 240 + 125 + 62.50 dollars. Pounds: 50 + 60 - 60 + 40 are 75 + 90 - 90 + 64.
    # With 80 dollars that is 756.50. A dollar does not fall against itself; what XTS is worth nobody knows.
    assert_rows(
        star.ask("fx_exposure", **YEAR, tenant_id="acme"),
        [
            ("acme", "EUR", Decimal("450.00"), Decimal("537.50"), 537.5 / 756.5, 53.75, 1.05, 1.25),
            ("acme", "GBP", Decimal("90.00"), Decimal("139.00"), 139 / 756.5, 13.9, 1.45, 1.6),
            ("acme", "USD", Decimal("80.00"), Decimal("80.00"), 80 / 756.5, 0.0, None, None),
            ("acme", "XTS", Decimal("30.00"), None, None, None, None, None),
        ],
    )


def test_a_deeper_fall_costs_more(star: SmallStar) -> None:
    found = star.ask("fx_exposure", **YEAR, tenant_id="acme", fall=Decimal("0.5"))
    assert [row[5] for row in found] == [268.75, 69.5, 0.0, None]


def test_constant_currency_growth(star: SmallStar) -> None:
    # Mean rates of January: euro (1.05 + 1.15) / 2 = 1.10. February took 240 + 80 + 90 - 90 = 320 dollars; at January's
    # rates 200 x 1.10 + 80 + 0 = 300. Of February: euro 1.20, pound (1.45 + 1.55) / 2 = 1.50. March took 251.50; at
    # February's rates 150 x 1.20 + 40 x 1.50 = 240. Of December nothing is known; bolt is paid in dollars.
    assert_rows(
        star.ask("constant_currency_growth", **YEAR),
        [
            (JAN, "acme", 185.0, None, None, None, None, None),
            (JAN, "bolt", 20.0, None, 20.0, None, None, 0.0),
            (FEB, "acme", 320.0, 185.0, 300.0, 320 / 185 - 1, 300 / 185 - 1, 20.0),
            (MAR, "acme", 251.5, 320.0, 240.0, 251.5 / 320 - 1, 240 / 320 - 1, 11.5),
        ],
    )


def test_growth_looks_back_beyond_the_period(star: SmallStar) -> None:
    found = star.ask("constant_currency_growth", period_start=MARCH, period_end=APRIL)
    assert_rows(found, [(MAR, "acme", 251.5, 320.0, 240.0, 251.5 / 320 - 1, 240 / 320 - 1, 11.5)])


def test_stale_fx(star: SmallStar) -> None:
    # The euro's rate of the 1st is three days old on the 4th, five on the 6th. The pound has one on the 5th alone.
    days = {"period_start": datetime(2026, 3, 4), "period_end": datetime(2026, 3, 7)}
    first = date(2026, 3, 1)
    assert_rows(
        star.ask("stale_fx", **days, lookback_days=7),
        [
            (date(2026, 3, 4), "GBP", "missing", None, None, 0),
            (date(2026, 3, 6), "EUR", "stale", first, 5, 0),
            (date(2026, 3, 6), "GBP", "missing", None, None, 0),
        ],
    )
    assert_rows(
        star.ask("stale_fx", **days, lookback_days=7, max_staleness_days=5),
        [(date(2026, 3, 4), "GBP", "missing", None, None, 0), (date(2026, 3, 6), "GBP", "missing", None, None, 0)],
    )


def test_a_currency_that_nobody_quotes_is_missing_with_its_orders(star: SmallStar) -> None:
    found = star.ask("stale_fx", period_start=datetime(2026, 2, 25), period_end=datetime(2026, 2, 26), lookback_days=1)
    assert_rows(found, [(date(2026, 2, 25), "XTS", "missing", None, None, 1)])
