"""Amounts in dollars against Python's own decimals, at every sign, size and tie."""

from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pricing_lake.contracts.types import AMOUNT, PRECISE_RATE
from pricing_lake.transforms.dollars import in_dollars

DAY, BEFORE = date(2026, 3, 2), date(2026, 2, 27)
Rate = tuple[date, str, date, Decimal]
RATES = {"as_of_date": pl.Date, "ccy": pl.String, "rate_date": pl.Date, "rate_to_usd": PRECISE_RATE.polars}
CENT = Decimal("0.01")
LARGEST = Decimal("9999999999999999.99")


def dollars(
    amounts: list[tuple[Decimal | None, str]], rates: list[Rate], day: date = DAY
) -> list[tuple[date | None, Decimal | None, Decimal | None]]:
    rows = pl.DataFrame(
        {
            "amount": pl.Series([amount for amount, _ in amounts], dtype=AMOUNT.polars),
            "currency": pl.Series([ccy for _, ccy in amounts], dtype=pl.String),
            "day": pl.Series([day] * len(amounts), dtype=pl.Date),
        }
    )
    found = in_dollars(rows, "day", pl.DataFrame(rates, schema=RATES, orient="row"))
    assert found.schema == {"rate_date": pl.Date, "rate_to_usd": PRECISE_RATE.polars, "amount_usd": AMOUNT.polars}
    return found.rows()


def of_pounds(amount: str, rate: str) -> Decimal | None:
    return dollars([(Decimal(amount), "GBP")], [(DAY, "GBP", DAY, Decimal(rate))])[0][2]


def test_each_row_has_the_rate_of_its_currency_and_day() -> None:
    rates = [
        (DAY, "GBP", BEFORE, Decimal("1.25")),
        (DAY, "EUR", BEFORE, Decimal("1.1")),
        (BEFORE, "EUR", BEFORE, Decimal(9)),
    ]
    assert dollars([(Decimal("2.00"), "EUR"), (Decimal("3.00"), "GBP"), (Decimal("2.00"), "EUR")], rates) == [
        (BEFORE, Decimal("1.1"), Decimal("2.20")),
        (BEFORE, Decimal("1.25"), Decimal("3.75")),
        (BEFORE, Decimal("1.1"), Decimal("2.20")),
    ]


def test_a_currency_without_a_rate_that_day_has_no_dollars() -> None:
    rates = [(DAY, "EUR", DAY, Decimal("1.1")), (BEFORE, "GBP", BEFORE, Decimal("1.25"))]
    assert dollars([(Decimal("2.00"), "GBP"), (Decimal("2.00"), "XTS")], rates) == [(None, None, None)] * 2


def test_a_dollar_is_a_dollar_with_a_rate_and_without() -> None:
    assert dollars([(Decimal("7.77"), "USD")], []) == [(None, Decimal(1), Decimal("7.77"))]
    assert dollars([(Decimal("7.77"), "USD")], [(DAY, "USD", BEFORE, Decimal(1))]) == [
        (BEFORE, Decimal(1), Decimal("7.77"))
    ]


def test_what_costs_nothing_known_is_worth_nothing_known() -> None:
    assert dollars([(None, "EUR"), (None, "USD")], [(DAY, "EUR", DAY, Decimal("1.1"))]) == [
        (DAY, Decimal("1.1"), None),
        (None, Decimal(1), None),
    ]


@pytest.mark.parametrize(
    ("amount", "rate", "worth"),
    [
        ("0.01", "0.5", "0.00"),
        ("0.03", "0.5", "0.02"),
        ("0.05", "0.5", "0.02"),
        ("0.07", "0.5", "0.04"),
        ("-0.01", "0.5", "0.00"),
        ("-0.03", "0.5", "-0.02"),
        ("-0.05", "0.5", "-0.02"),
        ("0.01", "0.500000000000000001", "0.01"),
        ("0.01", "0.499999999999999999", "0.00"),
        ("-0.01", "0.500000000000000001", "-0.01"),
        ("-0.01", "1.5", "-0.02"),
        ("0.01", "2.5", "0.02"),
    ],
)
def test_half_a_cent_goes_to_the_even_one(amount: str, rate: str, worth: str) -> None:
    assert of_pounds(amount, rate) == Decimal(worth)


@pytest.mark.parametrize(
    ("amount", "rate", "worth"),
    [
        (str(LARGEST), "1", LARGEST),
        (f"-{LARGEST}", "1", -LARGEST),
        (str(LARGEST), "1.000000000000000001", None),
        (str(LARGEST), "99999999999999999999.999999999999999999", None),
        (f"-{LARGEST}", "99999999999999999999.999999999999999999", None),
        ("0.01", "999999999999999999", LARGEST),
        ("0.01", "1000000000000000000", None),
        ("0.00", "99999999999999999999.999999999999999999", Decimal(0)),
    ],
)
def test_more_dollars_than_an_amount_holds_are_none_and_never_wrong(
    amount: str, rate: str, worth: Decimal | None
) -> None:
    assert of_pounds(amount, rate) == worth


def test_no_rows() -> None:
    assert dollars([], []) == []


AMOUNTS = st.decimals(-LARGEST, LARGEST, places=2) | st.decimals(-1000, 1000, places=2)
TIMES = st.decimals("0.000000000000000001", "170", places=18) | st.sampled_from([Decimal("0.5"), Decimal("0.005")])


@settings(max_examples=500, deadline=None)
@given(rows=st.lists(st.tuples(AMOUNTS, TIMES), min_size=1, max_size=20))
@example(rows=[(Decimal("-0.03"), Decimal("0.5")), (Decimal("12.50"), Decimal("0.01"))])
def test_every_amount_is_what_python_multiplies_and_rounds(rows: list[tuple[Decimal, Decimal]]) -> None:
    rates = [(DAY, f"X{place:02}", DAY, rate) for place, (_, rate) in enumerate(rows)]
    found = dollars([(amount, f"X{place:02}") for place, (amount, _) in enumerate(rows)], rates)
    with localcontext() as context:
        context.prec = 100
        expected = [(amount * rate).quantize(CENT, ROUND_HALF_EVEN) for amount, rate in rows]
    assert [worth for _, _, worth in found] == [worth if abs(worth) <= LARGEST else None for worth in expected]
