"""What counts as unusual: an outage, a column that went missing, another population of prices; and what does not."""

import random
from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pytest

from pricing_lake.checks.unusual import DayFigures, measures, null_shares, price_shift, volume
from pricing_lake.lake.figures import NULL_SHARE, PRICE_DECILE

MONDAY = date(2026, 3, 2)


def days(rows: Sequence[int]) -> list[DayFigures]:
    """Days that follow one another from a Monday on."""
    return [DayFigures(MONDAY + timedelta(days=number), count, {}) for number, count in enumerate(rows)]


def drawn(seed: int, count: int = 400, scale: float = 1.0) -> DayFigures:
    """A day of log-normal prices, as prices mostly are."""
    prices = np.sort(np.random.default_rng(seed).lognormal(3.5, 0.6, count) * scale)
    deciles = {f"{PRICE_DECILE}{k}": float(prices[(count - 1) * k // 10]) for k in range(11)}
    return DayFigures(MONDAY + timedelta(days=seed), count, deciles)


def with_nulls(number: int, share: float, rows: int = 200) -> DayFigures:
    return DayFigures(MONDAY + timedelta(days=number), rows, {f"{NULL_SHARE}brand": share})


def test_the_z_score_is_what_the_formula_gives_by_hand() -> None:
    """Median 100, MAD 4: z = |60 - 100| / max(1.4826 x 4, sqrt(100), 5) = 4."""
    *before, today = days([96, 104, 100, 96, 104, 100, 100, 60])
    assert volume(today, before).value == pytest.approx(40 / 10)


@pytest.mark.parametrize(
    ("rows", "usual"), [(100, True), (115, True), (85, True), (40, False), (0, False), (900, False)]
)
def test_a_day_of_too_few_or_too_many_rows_is_unusual(rows: int, usual: bool) -> None:
    noise = random.Random(7)
    *before, today = days([*(100 + noise.randint(-10, 10) for _ in range(28)), rows])
    assert volume(today, before).is_usual is usual


def test_a_quiet_sunday_is_usual_and_a_quiet_monday_is_not() -> None:
    weeks = [100, 101, 99, 100, 102, 98, 30] * 4
    assert volume(days([*weeks, *weeks[:6], 30])[-1], days([*weeks, *weeks[:6]])[-28:]).is_usual
    assert not volume(days([*weeks, 30])[-1], days(weeks)).is_usual


def test_one_odd_day_in_the_baseline_hides_nothing() -> None:
    *before, today = days([100] * 20 + [5_000] + [100] * 7 + [20])
    assert not volume(today, before).is_usual


@pytest.mark.parametrize(
    ("share", "rows", "usual"), [(0.02, 200, True), (0.06, 200, True), (0.5, 200, False), (0.34, 3, True)]
)
def test_a_column_that_went_missing_is_unusual_unless_chance_explains_it(share: float, rows: int, usual: bool) -> None:
    before = [with_nulls(number, 0.02) for number in range(28)]
    [found] = null_shares(with_nulls(28, share, rows), before)
    assert found.name == "null_share.brand.rise"
    assert found.is_usual is usual


def test_a_column_that_is_filled_better_than_before_is_no_anomaly() -> None:
    [found] = null_shares(with_nulls(28, 0.0), [with_nulls(number, 0.6) for number in range(28)])
    assert found.is_usual


def test_prices_of_the_same_kind_are_usual_on_every_one_of_a_hundred_days() -> None:
    before = [drawn(seed) for seed in range(28)]
    shifts = [price_shift(drawn(seed), before) for seed in range(1_000, 1_100)]
    assert [shift for shift in shifts if shift is None or not shift.is_usual] == []


@pytest.mark.parametrize("scale", [0.5, 2.0, 100.0])
def test_other_prices_are_another_population(scale: float) -> None:
    """Halved, doubled, or cents taken for euros."""
    found = price_shift(drawn(99, scale=scale), [drawn(seed) for seed in range(28)])
    assert found is not None
    assert not found.is_usual


def test_the_index_of_two_known_populations_is_what_the_formula_gives_by_hand() -> None:
    """Half at 10, half at 20 before; nine tenths at 10 today: (0.9-0.5)ln(1.8) + (0.1-0.5)ln(0.2) = 0.8789."""
    figures = {f"{PRICE_DECILE}{k}": 10.0 if k <= 5 else 20.0 for k in range(11)}
    today = {f"{PRICE_DECILE}{k}": 10.0 if k <= 9 else 20.0 for k in range(11)}
    before = [DayFigures(MONDAY + timedelta(days=n), 1_000, figures) for n in range(10)]
    found = price_shift(DayFigures(MONDAY + timedelta(days=10), 1_000, today), before)
    assert found is not None
    assert found.value == pytest.approx(0.4 * np.log(1.8) - 0.4 * np.log(0.2), abs=1e-4)


def test_one_price_every_day_is_usual_and_few_prices_are_not_judged() -> None:
    same = {f"{PRICE_DECILE}{k}": 5.0 for k in range(11)}
    before = [DayFigures(MONDAY + timedelta(days=n), 500, same) for n in range(10)]
    found = price_shift(DayFigures(MONDAY + timedelta(days=10), 500, same), before)
    assert found is not None
    assert found.value == pytest.approx(0, abs=1e-9)
    assert price_shift(drawn(1, count=50), [drawn(seed) for seed in range(28)]) is None


def test_everything_that_is_known_is_measured() -> None:
    before = [DayFigures(d.day, 400, {**d.figures, f"{NULL_SHARE}brand": 0.1}) for d in map(drawn, range(10))]
    assert [m.name for m in measures(before[0], before[1:])] == ["volume_z", "null_share.brand.rise", "price_psi"]
