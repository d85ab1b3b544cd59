"""comparables against similarities done on paper from the sales in `small_lake_rows`, and against a plain ranking."""

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pricing_lake_tests.marts.small_lake import DECEMBER, OCTOBER, SmallLake, assert_rows, make_lake, money
from pricing_lake_tests.marts.small_lake_rows import sale

MART = "comparables"
DAY = timedelta(days=1)


def test_earlier_sales_of_the_same_shelf_by_similarity(lake: SmallLake) -> None:
    # 2 October: a06 shows picture B, a07 has none, a08 shows A. None of the three is a comparable of another: same day.
    # a03 shows B, a04 and a05 show A, and A·B = 0.6; of the equally similar the newer comes first.
    day, smartgo = date(2025, 10, 2), "smartgo"
    assert_rows(
        lake.ask(MART, OCTOBER + DAY, OCTOBER + 2 * DAY),
        [
            (day, "acme", "a08", "carousel", 1, "a05", smartgo, 1.0, 1, money("200.00"), "EUR"),
            (day, "acme", "a08", "carousel", 2, "a04", smartgo, 1.0, 12, money("80.00"), "EUR"),
            (day, "acme", "a08", "carousel", 3, "a03", smartgo, 0.6, 58, money("60.00"), "EUR"),
            (day, "acme", "a06", smartgo, 1, "a03", smartgo, 1.0, 58, money("60.00"), "EUR"),
            (day, "acme", "a06", smartgo, 2, "a05", smartgo, 0.6, 1, money("200.00"), "EUR"),
            (day, "acme", "a06", smartgo, 3, "a04", smartgo, 0.6, 12, money("80.00"), "EUR"),
        ],
    )


def test_no_comparable_crosses_tenant_category_or_currency(lake: SmallLake) -> None:
    found = lake.ask(MART, OCTOBER, DECEMBER)
    pairs = {(row[2], row[5]) for row in found}
    assert ("b02", "b01") in pairs
    assert all(mine[0] == comparable[0] for mine, comparable in pairs)
    # a10 is the only sale in dollars, a09 the first shoe: nothing to hold them against.
    assert {"a09", "a10"}.isdisjoint(row[2] for row in found)
    assert {comparable for mine, comparable in pairs if mine == "a14"} == {"a09", "a13"}


def test_look_back_counts_whole_days(lake: SmallLake) -> None:
    # a03 was sold 57 days before a05 and 58 days before a06.
    def comparables_of(sale_id: str, days: int) -> list[str]:
        rows = lake.ask(MART, OCTOBER, OCTOBER + 2 * DAY, lookback_days=days)
        return [row[5] for row in rows if row[2] == sale_id]

    assert comparables_of("a05", 56) == ["a04"]
    assert comparables_of("a05", 57) == ["a04", "a03"]
    assert comparables_of("a06", 57) == ["a05", "a04"]


def test_top_n_keeps_the_most_similar(lake: SmallLake) -> None:
    rows = lake.ask(MART, OCTOBER + DAY, OCTOBER + 2 * DAY, top_n=1)
    assert [(row[2], row[4], row[5]) for row in rows] == [("a08", 1, "a05"), ("a06", 1, "a03")]


def test_days_at_once_are_the_days_alone(lake: SmallLake) -> None:
    days = [OCTOBER + number * DAY for number in range(61)]
    alone = [row for day in days if day.day in (1, 2, 10, 31, 11, 12) for row in lake.ask(MART, day, day + DAY)]
    assert_rows(lake.ask(MART, OCTOBER, DECEMBER), alone)


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> tuple[SmallLake, list[dict[str, Any]]]:
    """Twenty days of few pictures, few directions and few moments: ties at every rank."""
    dice = random.Random(20251101)
    angles = [(1.0, 0.0), (0.6, 0.8), (0.8, 0.6), (0.0, 1.0), (0.6, 0.8), (-1.0, 0.0)]
    pictures = [(f"p{number}", angles[number % len(angles)]) for number in range(12)]
    rows = []
    for number in range(240):
        moment = OCTOBER + timedelta(days=dice.randrange(20), hours=dice.choice((0, 9, 23)))
        picture, vector = dice.choice([*pictures, (None, None)])
        shelf = dice.choice((("acme", "bag"), ("acme", "shoe"), ("bolt", "bag")))
        source = dice.choice(("smartgo", "carousel"))
        rows.append(sale(f"s{number:03}", shelf[0], source, shelf[1], "10.00", "EUR", moment, picture, vector))
    folder: Path = tmp_path_factory.mktemp("crowded")
    return make_lake(folder, {"silver/sales_history": [rows]}), rows


def test_ranks_are_those_of_a_plain_ranking(crowded: tuple[SmallLake, list[dict[str, Any]]]) -> None:
    lake, rows = crowded
    start, end = OCTOBER + 8 * DAY, OCTOBER + 15 * DAY
    found = lake.ask(MART, start, end, lookback_days=7, top_n=5)
    wanted = [
        line for row in rows if start <= row["sold_date"] < end for line in _plain_ranking(row, rows, days=7, top=5)
    ]
    assert len(wanted) > 300
    assert [(row[2], row[4], row[5], row[7], row[8]) for row in found] == sorted(wanted, key=_in_order_of(found))


def _plain_ranking(mine: dict[str, Any], rows: list[dict[str, Any]], days: int, top: int) -> Iterator[tuple[Any, ...]]:
    if mine["embedding"] is None:
        return
    ranked = []
    for row in rows:
        age = (mine["sold_date"].date() - row["sold_date"].date()).days
        shelf = all(row[name] == mine[name] for name in ("tenant_id", "category", "currency"))
        if shelf and 1 <= age <= days and row["embedding"] is not None:
            cosine = sum(x * y for x, y in zip(mine["embedding"], row["embedding"], strict=True))
            ranked.append((-round(cosine, 6), _newest_first(row["sold_date"]), row["sale_id"], age))
    for rank, (similarity, _, comp, age) in enumerate(sorted(ranked)[:top], start=1):
        yield mine["sale_id"], rank, comp, -similarity, age


def _newest_first(moment: datetime) -> float:
    return (OCTOBER - moment).total_seconds()


def _in_order_of(found: list[tuple[Any, ...]]) -> Any:
    places = {(row[2], row[4]): place for place, row in enumerate(found)}
    return lambda line: places.get((line[0], line[1]), len(places))
