"""price_distribution against figures done on paper from the sales in `small_lake_rows`."""

from math import sqrt

from pricing_lake_tests.marts.small_lake import (
    DECEMBER,
    NOVEMBER,
    OCT,
    OCTOBER,
    SmallLake,
    assert_each_month_alone,
    assert_rows,
)

MART = "price_distribution"


def test_figures_of_october(lake: SmallLake) -> None:
    # acme's bags in EUR: 40, 60, 100, 200. A quantile is the lowest price that so many sales do not exceed. Buckets
    # are (200 - 40) / 20 = 8 wide: 40 is in the first, 60 in [56, 64), 100 in [96, 104), 200 in the last.
    acme, *_ = lake.ask(MART, OCTOBER, NOVEMBER)
    *figures, histogram = acme
    spread = sqrt((60**2 + 40**2 + 0**2 + 100**2) / 3)
    assert_rows(
        [tuple(figures)], [(OCT, "acme", "bag", "EUR", 40.0, 40.0, 40.0, 60.0, 100.0, 200.0, 200.0, 60.0, spread)]
    )
    assert histogram == _histogram({1: 1, 3: 1, 8: 1, 20: 1})


def test_single_price_has_no_spread(lake: SmallLake) -> None:
    *figures, histogram = lake.ask(MART, OCTOBER, NOVEMBER, tenant_id="bolt")[0]
    assert_rows([tuple(figures)], [(OCT, "bolt", "bag", "EUR", *[30.0] * 7, 0.0, None)])
    assert histogram == _histogram({20: 1})


def test_each_category_and_currency_has_its_own_scale(lake: SmallLake) -> None:
    rows = lake.ask(MART, NOVEMBER, DECEMBER)
    assert [(row[1:4], row[4], row[10], row[11], row[13]) for row in rows] == [
        (("acme", "bag", "EUR"), 50.0, 150.0, 100.0, _histogram({1: 1, 20: 1})),
        (("acme", "shoe", "EUR"), 100.0, 300.0, 200.0, _histogram({1: 1, 20: 1})),
        (("bolt", "bag", "EUR"), 60.0, 60.0, 0.0, _histogram({20: 1})),
    ]


def _histogram(counts: dict[int, int]) -> list[int]:
    return [counts.get(bucket, 0) for bucket in range(1, 21)]


def test_two_months_at_once_are_the_two_alone(lake: SmallLake) -> None:
    assert_each_month_alone(lake, MART)
