from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest

from pricing_lake.contracts.bronze import RAW_SMARTGO_SALES
from pricing_lake.contracts.columns import CONDITIONS as CONTRACT_CONDITIONS
from pricing_lake.contracts.split import split_rows
from pricing_lake.sample.catalogue import BRANDS, CATEGORIES, stock
from pricing_lake.sample.chance import stream
from pricing_lake.sample.sales import CONDITIONS, CURRENCIES, SaleRow, price, sales_of_day, season_factor
from pricing_lake_tests.sample.source_rows import as_source

MONDAY = date(2026, 11, 2)
SATURDAY = date(2026, 11, 7)
EURO, POUND, DOLLAR = CURRENCIES


def day_of(stall, day=MONDAY, count=3_000, seed=1):
    return sales_of_day(stall, day, count, stream(seed, day))


def test_the_same_chance_gives_the_same_rows(stalls):
    assert day_of(stalls[0]) == day_of(stalls[0])
    assert day_of(stalls[0]) != day_of(stalls[0], seed=2)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_contract_accepts_every_row(stalls, place):
    split = split_rows(RAW_SMARTGO_SALES, as_source(day_of(stalls[place])))
    assert split.reasons == {}
    assert split.duplicates == 0
    assert split.good.num_rows == 3_000


def test_columns_are_the_contracts_columns():
    assert SaleRow._fields == RAW_SMARTGO_SALES.names
    assert set(CONDITIONS) == set(CONTRACT_CONDITIONS)
    assert sum(share for share, _ in CONDITIONS.values()) == pytest.approx(1)


def test_every_timestamp_lies_on_the_day_in_order(stalls):
    rows = day_of(stalls[0])
    for row in rows:
        assert f"{MONDAY}T00:00:00Z" <= row.sold_at <= row.updated_at <= f"{MONDAY}T23:59:58Z"
        assert row.deleted_at in (None, row.updated_at)
    assert [row.sold_at for row in rows] == sorted(row.sold_at for row in rows)
    assert [row.sale_id for row in rows[:2]] == ["20261102-00001", "20261102-00002"]


def test_some_sales_are_returned_cancelled_or_without_picture(stalls):
    rows = day_of(stalls[0], count=20_000)
    assert 0.008 < sum(row.quantity < 1 for row in rows) / len(rows) < 0.012
    assert {row.quantity for row in rows} == {-1, 0, 1, 2, 3}
    assert 0.0035 < sum(row.deleted_at is not None for row in rows) / len(rows) < 0.0065
    assert 0.017 < sum(row.image_url is None for row in rows) / len(rows) < 0.023


def test_workdays_peak_in_the_evening_and_weekends_in_the_afternoon(stalls):
    workday, weekend = (
        Counter(int(row.sold_at[11:13]) for row in day_of(stalls[0], day)) for day in (MONDAY, SATURDAY)
    )
    assert max(workday, key=workday.__getitem__) in (19, 20, 21)
    assert max(weekend, key=weekend.__getitem__) in range(11, 20)
    assert workday.total() == weekend.total() == 3_000
    assert sum(workday[hour] for hour in range(5)) < 0.05 * 3_000


def test_every_product_sells_and_some_sell_more(stalls):
    sold = Counter(row.product_id for row in day_of(stalls[0]))
    assert len(sold) == 40
    assert max(sold.values()) > 1.5 * min(sold.values())


def test_buyers_come_back(stalls):
    buyers = Counter(row.customer_id for row in day_of(stalls[0]))
    assert 1 < max(buyers.values()) < 100
    assert len(buyers) > 1_000


def test_descriptions_can_be_read_and_are_not_all_ascii(stalls):
    rows = day_of(stalls[0])
    assert all(row.brand in row.description and row.condition.replace("_", " ") in row.description for row in rows)
    assert 0.05 < sum(not row.description.isascii() for row in rows) / len(rows) < 0.25


def test_shops_store_prices_as_text_or_as_numbers(stalls):
    kinds = [{type(row.sold_price) for row in day_of(stall)} for stall in stalls]
    assert kinds == [{str}, {str}, {float}]
    assert [day_of(stall)[0].currency for stall in stalls] == ["EUR", "GBP", "USD"]


def test_a_price_is_the_product_of_its_factors():
    product = replace(stock("atelier-nord", 1, 1)[0], base_price=100.0, brand=replace(BRANDS[0], price_factor=1.5))
    neutral = replace(product.category, swing=0.0)
    product = replace(product, category=neutral)
    assert price(product, "new", EURO, MONDAY, 0.0) == 150.0
    assert price(product, "poor", EURO, MONDAY, 0.0) == 48.0
    assert price(product, "new", POUND, MONDAY, 0.0) == 129.0
    assert price(product, "new", DOLLAR, MONDAY, 0.6931471805599453) == 324.0


def test_a_season_peaks_in_its_month_and_ends_where_it_began():
    coats = next(category for category in CATEGORIES if category.name == "coats")
    year = {date(2026, 1, 1) + timedelta(days=n): 0.0 for n in range(365)}
    factors = {day: season_factor(coats, day) for day in year}
    assert max(factors, key=factors.__getitem__).month == coats.peak_month
    assert max(factors.values()) == pytest.approx(1 + coats.swing, abs=1e-3)
    assert min(factors.values()) == pytest.approx(1 - coats.swing, abs=1e-3)
    assert factors[date(2026, 12, 31)] == pytest.approx(factors[date(2026, 1, 1)], abs=5e-3)


def test_worse_conditions_sell_for_less(stalls):
    rows = day_of(stalls[0], count=20_000)
    means = [
        sum(prices) / len(prices)
        for condition in CONTRACT_CONDITIONS
        if (prices := [float(row.sold_price) for row in rows if row.condition == condition])
    ]
    assert means == sorted(means, reverse=True)
    assert len(means) == 5
