"""Business ranges of gold: each tells a slipped unit from a real shop's day and a real currency's worth."""

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from pricing_lake.contracts.gold_ranges import (
    AVERAGE_ORDER_VALUE,
    FUNNEL,
    MOST_JUMP,
    RATE_JUMP,
    RATE_TO_USD,
    SALE_PRICE,
)
from pricing_lake.contracts.model import Rule, Scope, Severity
from pricing_lake.contracts.types import AMOUNT, PRECISE_RATE

Rows = list[dict[str, Any]]


def holds(rule: Rule, rows: Rows) -> bool:
    """The rule's answer, seeing no more columns than it names and in the types that they are stored in."""
    schema = {"amount_usd": AMOUNT.polars, "rate_to_usd": PRECISE_RATE.polars}
    frame = pl.DataFrame(rows, schema_overrides={name: schema[name] for name in schema if name in rows[0]})
    answers = frame.select(sorted(set(rule.expression.meta.root_names()))).select(rule.expression.fill_null(value=True))
    assert rule.scope is Scope.ROW or answers.height == 1
    return bool(answers.to_series().all())


def orders(*amounts: str | None, status: str = "PAID", before: str | None = None) -> Rows:
    return [
        {"amount_usd": None if a is None else Decimal(a), "status": status, "previous_status": before} for a in amounts
    ]


@pytest.mark.parametrize("amounts", [("1.00",), ("10000.00",), ("0.00", "2.00"), ("19999.00", "1.00"), (None, "5.00")])
def test_days_of_real_shops_have_a_likely_order_value(amounts: tuple[str, ...]) -> None:
    assert holds(AVERAGE_ORDER_VALUE, orders(*amounts))


@pytest.mark.parametrize("amounts", [("0.99",), ("10000.01",), ("0.00",), ("0.50", None)])
def test_a_day_in_cents_or_in_another_money_has_not(amounts: tuple[str, ...]) -> None:
    assert not holds(AVERAGE_ORDER_VALUE, orders(*amounts))


def test_an_order_counts_once_when_it_becomes_paid() -> None:
    others = (
        orders("99999.00", status="PLACED") + orders("99999.00", before="PAID") + orders("99999.00", status="CANCELLED")
    )
    assert holds(AVERAGE_ORDER_VALUE, others), "a day without paid orders has no average"
    assert holds(AVERAGE_ORDER_VALUE, others + orders("50.00", before="PLACED"))
    assert not holds(AVERAGE_ORDER_VALUE, others + orders("50000.00", before="PLACED"))


@pytest.mark.parametrize(
    ("price", "likely"), [("0.05", True), ("0.04", False), ("10000.00", True), ("10000.01", False)]
)
def test_a_price_has_bounds_and_none_is_no_price(price: str, likely: bool) -> None:
    assert holds(SALE_PRICE, orders(price)) is likely
    assert holds(SALE_PRICE, orders(None))


@pytest.mark.parametrize(
    ("worth", "believed"),
    [
        ("0.000000567146666666", True),  # the old Turkish lira in 2004
        ("3.464709993011880000", True),  # the Maltese lira in 2007
        ("0.000000099999999999", False),
        ("10.000000000000000000", True),
        ("113.636363636363636364", False),  # pounds at a hundredth
    ],
)
def test_a_currency_is_worth_what_currencies_are_worth(worth: str, believed: bool) -> None:
    assert holds(RATE_TO_USD, [{"rate_to_usd": Decimal(worth)}]) is believed
    assert RATE_TO_USD.severity is Severity.CRITICAL


def rates(ccy: str, **days: str) -> Rows:
    return [
        {"as_of_date": date(2026, 3, int(day[1:])), "ccy": ccy, "rate_to_usd": Decimal(rate)}
        for day, rate in days.items()
    ]


class TestJump:
    @pytest.mark.parametrize(("after", "held"), [("1.099", True), ("1.101", False), ("0.901", True), ("0.899", False)])
    def test_it_is_told_in_both_directions(self, after: str, held: bool) -> None:
        assert MOST_JUMP == 0.10
        assert holds(RATE_JUMP, rates("CHF", d9="1.00", d10=after)) is held

    def test_rows_may_stand_in_any_order(self) -> None:
        assert not holds(RATE_JUMP, rates("CHF", d10="1.2", d9="1.0", d8="1.0")[::-1])

    def test_currencies_are_not_held_against_each_other(self) -> None:
        assert holds(RATE_JUMP, rates("JPY", d9="0.006", d10="0.006") + rates("GBP", d9="1.3", d10="1.3"))

    def test_a_currency_that_was_away_comes_back_at_any_rate(self) -> None:
        """Iceland's krona was not fixed between December 2008 and February 2018."""
        assert holds(RATE_JUMP, rates("ISK", d8="0.003", d10="0.008"))

    def test_old_jumps_are_history(self) -> None:
        jumped = rates("TRY", d1="0.10", d2="0.05")
        assert not holds(RATE_JUMP, jumped + rates("EUR", d8="1.1"))
        assert holds(RATE_JUMP, jumped + rates("EUR", d9="1.1"))


@pytest.mark.parametrize(
    ("events", "held"),
    [
        (("view", "purchase"), True),
        (("purchase",), False),
        (("view", "purchase", "purchase"), False),
        (("like",), True),
    ],
)
def test_nobody_buys_what_nobody_saw(events: tuple[str, ...], held: bool) -> None:
    assert holds(FUNNEL, [{"event_type": event} for event in events]) is held
