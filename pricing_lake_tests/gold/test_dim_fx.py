"""gold/dim_fx: every day has the latest rate up to it, exactly, and none that is older than a week."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing_lake.contracts.gold_dimensions import CARRIED_DAYS, DIM_FX
from pricing_lake.contracts.silver_fx import FX_RATES
from pricing_lake.gold.dim_fx import dim_fx
from pricing_lake.resources.calendar import CalendarResource
from pricing_lake_tests.gold.silver_days import Row, SilverDays, stored

CALENDAR = CalendarResource.of(date(2026, 3, 1), date(2026, 3, 31))


def on(day: int) -> date:
    """A day of March 2026; the 1st is a Sunday."""
    return date(2026, 3, day)


def fixing(day: int, **rates: str) -> list[Row]:
    """A day's rates for one euro."""
    return [{"as_of_date": on(day), "ccy": ccy, "rate": rate} for ccy, rate in rates.items()]


def made(days: SilverDays, *fixings: Sequence[Row], calendar: CalendarResource = CALENDAR) -> Mapping[object, Row]:
    """The rates made of `fixings`, by day of the month and currency."""
    days.tell(FX_RATES, *[row for rows in fixings for row in rows])
    days.make(dim_fx, calendar=calendar)
    return {(_day(row["as_of_date"]).day, row["ccy"]): row for row in days.rows(DIM_FX)}


def _day(value: object) -> date:
    assert isinstance(value, date)
    return value


def test_a_weekend_has_the_rates_of_friday(days: SilverDays) -> None:
    rates = made(days, fixing(6, USD="1.1000", GBP="0.8800"), fixing(9, USD="1.2000", GBP="0.9000"))
    friday = {
        "ccy": "GBP",
        "rate_date": on(6),
        "rate_per_eur": Decimal("0.88000000"),
        "rate_to_usd": Decimal("1.250000000000000000"),
    }
    for day, staleness in ((6, 0), (7, 1), (8, 2)):
        assert rates[day, "GBP"] == {"as_of_date": on(day), "staleness_days": staleness, **friday}
    assert rates[9, "GBP"]["rate_date"] == on(9)
    assert rates[9, "GBP"]["rate_to_usd"] == Decimal("1.333333333333333333")


def test_the_euro_and_the_dollar_are_currencies_as_others_are(days: SilverDays) -> None:
    rates = made(days, fixing(6, USD="1.0731"))
    assert {ccy for _, ccy in rates} == {"EUR", "USD"}  # type: ignore[misc]
    euro, dollar = rates[7, "EUR"], rates[7, "USD"]
    assert (euro["rate_per_eur"], euro["rate_to_usd"]) == (Decimal(1), Decimal("1.0731"))
    assert (dollar["rate_per_eur"], dollar["rate_to_usd"]) == (Decimal("1.0731"), Decimal(1))
    assert euro["rate_date"] == dollar["rate_date"] == on(6)


@pytest.mark.parametrize(
    ("usd", "rate", "expected"),
    [
        ("1", "3", "0.333333333333333333"),
        ("2", "3", "0.666666666666666667"),
        # Divided by 2**19, odd numbers leave 19 digits after the point, the last of them a 5.
        ("1", "524288", "0.000001907348632812"),
        ("3", "524288", "0.000005722045898438"),
        ("0.00000001", "9999999999.99999999", "0.000000000000000001"),
        ("9999999999.99999999", "0.00000001", "999999999999999999.000000000000000000"),
    ],
)
def test_rates_are_divided_exactly_and_rounded_half_to_even(usd: str, rate: str, expected: str) -> None:
    """Whatever can be stored is divided; what of it is believed is the contract's business."""
    rates = stored(FX_RATES, fixing(6, USD=usd, XTS=rate))
    rows = dim_fx.transform(fx_rates=rates, calendar=CALENDAR).to_pylist()
    assert {row["rate_to_usd"] for row in rows if row["ccy"] == "XTS"} == {Decimal(expected)}


def test_a_rate_that_no_currency_ever_had_is_set_aside_and_no_other(days: SilverDays) -> None:
    """A slipped point: pounds at a hundredth. Dollars are missing then, not wrong."""
    days.tell(FX_RATES, *fixing(6, USD="1.1", GBP="0.0088", SEK="11.2"))
    verdict = days.publication(dim_fx, calendar=CalendarResource.of(on(1), on(8))).verdicts[0]
    assert verdict.passed
    assert verdict.reasons == {"rate_to_usd_out_of_bounds": 3}
    assert {row["ccy"] for row in days.rows(DIM_FX)} == {"EUR", "SEK", "USD"}


def test_a_jump_warns_for_a_week_and_then_no_more(days: SilverDays) -> None:
    def warned(last: int) -> bool:
        verdict = days.make(dim_fx, calendar=CalendarResource.of(on(1), on(last)))
        return "rate_to_usd_jumped" in {result.rule for result in verdict.results if not result.passed}

    days.tell(FX_RATES, *fixing(2, USD="1.1", RUB="90"), *fixing(6, USD="1.1", RUB="99"))
    assert not warned(6), "nine per cent"
    days.tell(FX_RATES, *fixing(9, USD="1.1", RUB="125"))
    assert [warned(last) for last in (9, 15, 16)] == [True, True, False]


def test_a_currency_that_ended_is_carried_for_a_week_and_no_longer(days: SilverDays) -> None:
    rates = made(days, fixing(6, USD="1.1", HRK="7.5"), *[fixing(day, USD="1.1") for day in (9, 13, 20, 27)])
    assert [day for day, ccy in rates if ccy == "HRK"] == list(range(6, 6 + CARRIED_DAYS + 1))  # type: ignore[misc]
    assert (31, "USD") in rates


def test_a_currency_that_pauses_has_no_rate_in_between(days: SilverDays) -> None:
    rates = made(
        days,
        fixing(2, USD="1.1", ISK="290"),
        *[fixing(day, USD="1.1") for day in (9, 16)],
        fixing(23, USD="1.1", ISK="150"),
    )
    has_one = [day for day, ccy in rates if ccy == "ISK"]  # type: ignore[misc]
    assert has_one == [*range(2, 10), *range(23, 31)]
    assert rates[23, "ISK"]["staleness_days"] == 0


def test_a_fixing_without_the_dollar_is_none(days: SilverDays) -> None:
    rates = made(days, fixing(5, USD="1.1", GBP="0.88"), fixing(6, GBP="0.90"))
    assert rates[6, "GBP"]["rate_date"] == on(5)
    assert rates[6, "GBP"]["rate_per_eur"] == Decimal("0.88")


def test_days_before_the_first_rate_have_none(days: SilverDays) -> None:
    assert min(day for day, _ in made(days, fixing(6, USD="1.1"))) == 6  # type: ignore[misc, type-var]


def test_rates_are_carried_to_the_calendars_last_day_and_never_beyond(days: SilverDays) -> None:
    short = CalendarResource.of(on(1), on(8))
    assert max(day for day, _ in made(days, fixing(6, USD="1.1"), calendar=short)) == 8  # type: ignore[misc, type-var]


def test_a_rate_of_after_the_calendars_last_day_is_kept(days: SilverDays) -> None:
    short = CalendarResource.of(on(1), on(4))
    assert {day for day, _ in made(days, fixing(6, USD="1.1"), calendar=short)} == {6}  # type: ignore[misc]


def test_without_rates_it_is_published_empty(days: SilverDays) -> None:
    assert made(days) == {}


def test_stale_rates_on_the_last_day_warn_and_history_does_not(days: SilverDays) -> None:
    def warned(last: int) -> list[str]:
        verdict = days.make(dim_fx, calendar=CalendarResource.of(on(1), on(last)))
        return [result.rule for result in verdict.results if not result.passed]

    days.tell(FX_RATES, *fixing(6, USD="1.1", HRK="7.5"))
    assert warned(10) == []
    assert warned(11) == ["rates_stale"]
    days.tell(FX_RATES, *fixing(11, USD="1.1"))
    assert warned(11) == ["rates_stale"], "HRK is five days old"
    days.tell(FX_RATES, *fixing(14, USD="1.1"))
    assert warned(14) == [], "HRK has gone"


def test_a_provider_that_died_goes_on_warning(days: SilverDays) -> None:
    days.tell(FX_RATES, *fixing(6, USD="1.1"))
    verdict = days.make(dim_fx, calendar=CalendarResource.of(on(1), on(31)))
    assert [result.rule for result in verdict.results if not result.passed] == ["rates_stale"]


RATES = st.dictionaries(
    st.tuples(st.integers(1, 20), st.sampled_from(["USD", "GBP", "SEK"])),
    st.decimals("0.00000001", "9999999999", places=8),
    max_size=30,
)


BELIEVED = st.dictionaries(
    st.tuples(st.integers(1, 20), st.sampled_from(["USD", "GBP", "SEK"])),
    st.decimals("0.5", "5", places=8),
    max_size=30,
)
"""Rates that no rule sets aside."""


def looked_up(told: Mapping[tuple[int, str], Decimal], last: int) -> list[Row]:
    """The table, worked out day by day and currency by currency: go back until there is a fixing."""
    fixings = {(day, ccy): rate for (day, ccy), rate in told.items() if (day, "USD") in told}
    fixings |= {(day, "EUR"): Decimal(1) for day, ccy in told if ccy == "USD"}
    found: list[Row] = []
    for day in range(1, last + 1):
        for ccy in ("EUR", "GBP", "SEK", "USD"):
            back = [other for other in range(day, max(0, day - CARRIED_DAYS - 1), -1) if (other, ccy) in fixings]
            if back:
                rate, dollars = fixings[back[0], ccy], fixings[back[0], "USD"]
                found.append(
                    {
                        "as_of_date": on(day),
                        "ccy": ccy,
                        "rate_date": on(back[0]),
                        "staleness_days": day - back[0],
                        "rate_per_eur": rate,
                        "rate_to_usd": divided(dollars, rate),
                    }
                )
    return found


def divided(dividend: Decimal, divisor: Decimal) -> Decimal:
    """As schoolbooks divide: more digits than any tie could hide behind, then one rounding."""
    with localcontext() as context:
        context.prec = 100
        return (dividend / divisor).quantize(Decimal(1).scaleb(-18), ROUND_HALF_EVEN)


@settings(max_examples=200, deadline=None)
@given(told=RATES, last=st.integers(1, 31), shuffle=st.randoms(use_true_random=False))
def test_rates_are_those_of_a_model_that_looks_back_day_by_day(
    told: dict[tuple[int, str], Decimal], last: int, shuffle: Random
) -> None:
    rates = [{"as_of_date": on(day), "ccy": ccy, "rate": f"{rate:f}"} for (day, ccy), rate in told.items()]
    shuffle.shuffle(rates)
    calendar = CalendarResource.of(on(1), on(last))
    rows = dim_fx.transform(fx_rates=stored(FX_RATES, rates), calendar=calendar).to_pylist()
    newest = max([day for day, ccy in told if ccy == "USD"], default=0)
    assert sorted(rows, key=_place) == looked_up(told, max(last, newest))


def _place(row: Row) -> tuple[str, str]:
    return str(row["as_of_date"]), str(row["ccy"])


@settings(max_examples=5, deadline=None)
@given(told=BELIEVED, order=st.permutations(range(1, 21)))
def test_days_in_any_order_twice_give_the_same_dimension(
    told: dict[tuple[int, str], Decimal], order: list[int]
) -> None:
    by_day = {day: fixing(day, **{c: f"{r:f}" for (d, c), r in told.items() if d == day}) for day in range(1, 21)}
    with TemporaryDirectory() as folder:
        straight, shuffled = SilverDays(Path(folder) / "straight"), SilverDays(Path(folder) / "shuffled")
        made(straight, *by_day.values())
        for number, day in enumerate((*order, *order[::-1])):
            shuffled.publish_day(FX_RATES, on(day), by_day[day])
            if number % 10 == 0:
                shuffled.make(dim_fx, calendar=CALENDAR)
        shuffled.make(dim_fx, calendar=CALENDAR)
        assert shuffled.rows(DIM_FX) == straight.rows(DIM_FX)
        assert shuffled.publication(dim_fx, calendar=CALENDAR).snapshot_id is None


def test_easter_is_as_stale_as_it_gets_while_all_is_well() -> None:
    """Maundy Thursday to Easter Monday 2026: the day after, rates come again."""
    thursday, monday = date(2026, 4, 2), date(2026, 4, 6)
    rates = stored(FX_RATES, [{"as_of_date": thursday, "ccy": "USD", "rate": "1.1"}])
    rows = dim_fx.transform(fx_rates=rates, calendar=CalendarResource.of(thursday, monday)).to_pylist()
    assert max(row["staleness_days"] for row in rows) == 4
    assert monday - thursday == timedelta(days=4)
