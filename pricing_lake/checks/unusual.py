"""How unusual a day is beside the days before it: rows, null shares, prices. Reads figures alone; knows no Dagster.

Robust throughout (median, MAD), so that one odd day in the baseline neither hides the next one nor accuses it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median

import numpy as np

from pricing_lake.lake.figures import NULL_SHARE, PRICE_DECILE

FEWEST_DAYS = 7
Z_LIMIT = 4.0
NULL_SHARE_JUMP = 0.05
"""A smaller rise of a column's share of nulls is never told."""
PSI_LIMIT = 0.25
"""Above it a population counts as another one: a convention of credit scoring, as is its formula."""
FEWEST_PRICES = 100
"""Of fewer prices the index is noise."""
_TO_DEVIATION = 1.4826
"""MAD to standard deviation, for normal values."""
_LEAST_SHARE = 0.05
"""Days that are all alike still differ by this share of their median."""
_WEEKDAYS_NEEDED = 3


@dataclass(frozen=True)
class DayFigures:
    """What a day's verdict tells of its rows."""

    day: date
    rows: int
    figures: Mapping[str, float]

    @property
    def prices(self) -> np.ndarray | None:
        """Least price, nine deciles, greatest; None where the day tells none."""
        found = [self.figures.get(f"{PRICE_DECILE}{number}") for number in range(11)]
        return None if None in found else np.array(found, dtype=float)


@dataclass(frozen=True)
class Measure:
    """One thing measured. It is unusual above its limit."""

    name: str
    value: float
    limit: float
    text: str

    @property
    def is_usual(self) -> bool:
        """Whether it is as it mostly is."""
        return self.value <= self.limit


def measures(day: DayFigures, before: Sequence[DayFigures]) -> list[Measure]:
    """Everything that can be measured of `day` beside the days `before` it, of which there are FEWEST_DAYS at least."""
    found = [volume(day, before), *null_shares(day, before)]
    prices = price_shift(day, before)
    return [*found, prices] if prices else found


def volume(day: DayFigures, before: Sequence[DayFigures]) -> Measure:
    """Robust z-score of the number of rows, beside all days before and beside those of the same weekday.

    A shop that sells a third on Sundays is usual on a Sunday, so the lesser of both counts.
    """
    alike = [other.rows for other in before if other.day.weekday() == day.day.weekday()]
    every = [other.rows for other in before]
    scores = [_score(day.rows, every)] + ([_score(day.rows, alike)] if len(alike) >= _WEEKDAYS_NEEDED else [])
    usual = f"{median(every):,.0f} is the median of {len(every)} days before"
    return Measure("volume_z", round(min(scores), 3), Z_LIMIT, f"{day.rows:,} rows, {usual}")


def null_shares(day: DayFigures, before: Sequence[DayFigures]) -> list[Measure]:
    """Rise of each column's share of nulls above its median, beside what chance and habit explain."""
    found = []
    for name, share in day.figures.items():
        earlier = [other.figures[name] for other in before if name in other.figures]
        if name.startswith(NULL_SHARE) and len(earlier) >= FEWEST_DAYS:
            usual = median(earlier)
            likely = max(usual, 1 / day.rows)
            chance = math.sqrt(likely * (1 - min(likely, 1)) / day.rows)
            limit = max(NULL_SHARE_JUMP, Z_LIMIT * max(chance, _TO_DEVIATION * _deviation(earlier)))
            text = f"{name.removeprefix(NULL_SHARE)} is null in {share:.1%} of the rows, {usual:.1%} is usual"
            found.append(Measure(f"{name}.rise", round(share - usual, 6), round(limit, 6), text))
    return found


def price_shift(day: DayFigures, before: Sequence[DayFigures]) -> Measure | None:
    """Population stability index of the prices over the deciles of all days before together.

    PSI = Σ (p - q) · ln(p / q) over the bins, p the day's shares and q those before. Its limit grows by what chance
    alone gives: (bins - 1) · (1/n + 1/N). None where too few prices are known.
    """
    earlier = [(other.rows, other.prices) for other in before if other.prices is not None]
    today = day.prices
    if today is None or len(earlier) < FEWEST_DAYS or day.rows < FEWEST_PRICES:
        return None
    known = [(rows, prices) for rows, prices in earlier if prices is not None]
    total = sum(rows for rows, _ in known)
    points = np.unique(np.concatenate([prices for _, prices in known]))
    shares = sum(rows / total * _share_up_to(prices, points) for rows, prices in known)
    edges = np.unique(points[np.searchsorted(shares, np.arange(1, 10) / 10 - 1e-9)])
    usual = np.diff(sum(rows / total * _share_up_to(prices, edges) for rows, prices in known), prepend=0.0, append=1.0)
    found = np.diff(_share_up_to(today, edges), prepend=0.0, append=1.0)
    p, q = np.maximum(found, 0.5 / day.rows), np.maximum(usual, 0.5 / day.rows)  # half a price, where there is none
    index = float(np.sum((p - q) * np.log(p / q)))
    limit = PSI_LIMIT + len(edges) * (1 / day.rows + 1 / total)
    text = f"the median price is {today[5]:,.2f}, {_middle(edges):,.2f} before"
    return Measure("price_psi", round(index, 4), round(limit, 4), text)


def _score(value: float, others: Sequence[float]) -> float:
    middle = median(others)
    scale = max(_TO_DEVIATION * _deviation(others), math.sqrt(max(middle, 1)), _LEAST_SHARE * middle)
    return abs(value - middle) / scale


def _deviation(values: Sequence[float]) -> float:
    """Median absolute deviation from the median."""
    middle = median(values)
    return median(abs(value - middle) for value in values)


def _share_up_to(deciles: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Share of a day's prices at or below each point, straight between deciles; equal deciles are a step."""
    place = np.searchsorted(deciles, points, side="right") - 1
    inside = np.clip(place, 0, 9)
    width = deciles[inside + 1] - deciles[inside]
    part = np.divide(points - deciles[inside], width, out=np.zeros(len(points)), where=width > 0)
    share = (inside + np.clip(part, 0, 1)) / 10
    return np.where(place < 0, 0.0, np.where(place >= 10, 1.0, share))


def _middle(edges: np.ndarray) -> float:
    return float(edges[len(edges) // 2])
