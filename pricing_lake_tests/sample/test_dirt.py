from collections import Counter
from datetime import date, timedelta

import pytest

from pricing_lake.contracts.bronze import RAW_SMARTGO_SALES
from pricing_lake.contracts.split import split_rows
from pricing_lake.errors import ImageError
from pricing_lake.images.fetch import FetchPolicy, fetch_image
from pricing_lake.images.inspect import verify_decodes
from pricing_lake.sample.catalogue import stock
from pricing_lake.sample.chance import stream
from pricing_lake.sample.dirt import ADDRESS_DIRT, FILE_DIRT, SALE_DIRT, TWINS, kinds_due, plant, spoil_pictures
from pricing_lake.sample.pictures import draw_pictures, picture_path
from pricing_lake.sample.sales import sales_of_day
from pricing_lake_tests.sample.source_rows import SEED, as_source

DAY = date(2026, 11, 2)
PICTURE_DIRT = (*ADDRESS_DIRT, *FILE_DIRT)


def sound_rows(stall, count, day=DAY):
    rows = sales_of_day(stall, day, count, stream(SEED, day))
    return [row for row in rows if row.quantity > 0 and row.deleted_at is None]


@pytest.mark.parametrize("place", [0, 2], ids=["price as text", "price as number"])
@pytest.mark.parametrize("kind", sorted(set(SALE_DIRT) - TWINS))
def test_the_contract_calls_each_kind_by_its_name_and_finds_nothing_else(stalls, kind, place):
    chance = stream(kind)
    spoiled = [SALE_DIRT[kind](row, chance) for row in sound_rows(stalls[place], 60)]
    split = split_rows(RAW_SMARTGO_SALES, as_source(spoiled))
    assert split.reasons == {kind: len(spoiled)}
    assert split.good.num_rows == split.duplicates == 0


def test_a_repeated_sale_id_is_quarantined_once_and_a_duplicate_dropped(stalls):
    rows, chance = sound_rows(stalls[0], 20), stream("twins")
    repeated = SALE_DIRT["sale_id_repeated"](rows[0], chance)
    copied = SALE_DIRT["duplicate"](rows[1], chance)
    split = split_rows(RAW_SMARTGO_SALES, as_source([*rows, repeated, copied]))
    assert split.reasons == {"sale_id_repeated": 1}
    assert split.duplicates == 1
    assert split.good.num_rows == len(rows)


def test_a_future_sale_never_falls_into_another_day_of_a_sample(stalls):
    chance = stream("future")
    days = {SALE_DIRT["sold_at_in_future"](row, chance).sold_at[:10] for row in sound_rows(stalls[0], 60)}
    assert days == {"2099-12-31", "2036-11-02"}


def test_a_too_long_description_has_a_hundred_thousand_characters(stalls):
    row = SALE_DIRT["description_too_long"](sound_rows(stalls[0], 5)[0], stream("long"))
    assert len(row.description) == 100_000


def test_planting_spoils_exactly_the_share_of_each_kind_and_the_contract_counts_the_same(stalls):
    counts: Counter[str] = Counter()
    for number in range(10):
        day = DAY + timedelta(days=number)
        rows = sales_of_day(stalls[0], day, 300, stream(SEED, day))
        planted = plant(rows, 300 * number, 0.01, stream("dirt", day))
        split = split_rows(RAW_SMARTGO_SALES, as_source(planted.rows))
        found = Counter(split.reasons) + Counter(duplicate=split.duplicates)
        assert found == planted.counts
        assert planted.counts.total() == 42
        assert split.quarantined.num_rows / 300 < RAW_SMARTGO_SALES.max_bad_share
        counts += planted.counts
    assert counts == dict.fromkeys(SALE_DIRT, 30)


def test_planting_leaves_returns_and_cancelled_sales_alone(stalls):
    rows = sales_of_day(stalls[0], DAY, 2_000, stream(SEED, DAY))
    apart = [row for row in rows if row.quantity < 1 or row.deleted_at]
    planted = plant(rows, 0, 0.05, stream("dirt"))
    assert len(planted.rows) == 2_000
    assert apart
    assert [row for row in planted.rows if row.quantity < 1 or row.deleted_at] == apart
    assert planted.counts == dict.fromkeys(SALE_DIRT, 100)


def test_no_share_plants_nothing_and_a_day_of_one_sale_stays_sound(stalls):
    rows = sound_rows(stalls[0], 100)
    assert plant(rows, 0, 0.0, stream("dirt")).rows == rows
    for before in range(200):
        planted = plant(rows[:1], before, 0.05, stream("dirt"))
        assert planted.rows == rows[:1]
        assert not planted.counts


def test_turns_do_not_depend_on_how_days_are_cut():
    whole = list(kinds_due(0, 1_000, 0.013))
    cut = [kind for start in range(0, 1_000, 7) for kind in kinds_due(start, min(7, 1_000 - start), 0.013)]
    assert cut == whole
    assert set(Counter(whole).values()) == {13}


def test_picture_dirt_hits_a_few_products_of_each_kind():
    products = [product for tenant in ("aa", "bb", "cc") for product in stock(tenant, 120, SEED)]
    spoiled = spoil_pictures(products, 0.01, stream("pictures"))
    assert Counter(spoiled.values()) == dict.fromkeys(PICTURE_DIRT, 3)
    assert spoil_pictures(products, 0.0, stream("pictures")) == {}
    assert len(spoil_pictures(products[:4], 0.01, stream("pictures"))) == 2


def test_a_truncated_picture_is_half_of_one():
    jpeg = next(draw_pictures(stock("atelier-nord", 1, SEED)[0]))
    assert FILE_DIRT["image_truncated"](jpeg) == jpeg[: len(jpeg) // 2]


@pytest.mark.parametrize("kind", PICTURE_DIRT)
def test_the_lake_refuses_each_spoiled_picture_for_its_reason(tmp_path, kind):
    product = stock("atelier-nord", 1, SEED)[0]
    picture = picture_path(tmp_path, product, 1)
    picture.parent.mkdir()
    jpeg = next(draw_pictures(product))
    picture.write_bytes(FILE_DIRT[kind](jpeg) if kind in FILE_DIRT else jpeg)
    url = ADDRESS_DIRT[kind](picture) if kind in ADDRESS_DIRT else picture.as_uri()
    with pytest.raises(ImageError) as refused:
        verify_decodes(fetch_image(url, FetchPolicy(image_root=tmp_path)))
    assert refused.value.reason == kind
