from dataclasses import replace

import pytest

from pricing_lake.cli.clients import lake_of
from pricing_lake.cli.planted_dirt import count_dirt
from pricing_lake.cli.sample_record import read_record
from pricing_lake.sample.dirt import ADDRESS_DIRT, FILE_DIRT, SALE_DIRT
from pricing_lake.stage import load_stage


@pytest.fixture
def lake(demo, demo_home):
    return lake_of(load_stage({"PRICING_LAKE_HOME": str(demo_home)}))


def test_every_kind_that_was_planted_is_found_and_nothing_else(lake, demo_home):
    counts = count_dirt(lake, read_record(demo_home))
    assert {count.reason for count in counts} == {*SALE_DIRT, *ADDRESS_DIRT, *FILE_DIRT}
    assert all(count.agrees for count in counts), counts
    assert sum(count.found for count in counts if count.of == "sales") == 11
    assert sum(count.found for count in counts if count.of == "pictures") > 0


def test_dirt_that_is_not_found_is_told(lake, demo_home):
    record = read_record(demo_home)
    more = replace(record, planted={**record.planted, "condition_unknown": record.planted["condition_unknown"] + 1})
    assert [count.reason for count in count_dirt(lake, more) if not count.agrees] == ["condition_unknown"]


def test_dirt_that_nobody_planted_is_told(lake, demo_home):
    record = read_record(demo_home)
    gone = next(reason for reason, count in record.planted.items() if count)
    fewer = {reason: count for reason, count in record.planted.items() if reason != gone}
    counts = count_dirt(lake, replace(record, planted=fewer))
    assert [count.reason for count in counts if not count.agrees] == [gone]


def test_other_pictures_are_told_even_when_they_are_as_many(lake, demo_home):
    record = read_record(demo_home)
    other = replace(record, shape=replace(record.shape, seed=record.shape.seed + 1))
    assert any(count.of == "pictures" and not count.agrees for count in count_dirt(lake, other))
