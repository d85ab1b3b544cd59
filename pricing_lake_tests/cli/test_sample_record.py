from datetime import date

import pytest

from pricing_lake.cli.sample_record import (
    SampleRecord,
    database_of,
    folder_of,
    forget_record,
    read_record,
    write_record,
)
from pricing_lake.errors import ConfigurationError
from pricing_lake.sample.shop import SampleShape

RECORD = SampleRecord(
    SampleShape(last_day=date(2026, 3, 1), days=2, tenants=("a1", "b2"), seed=7), date(2026, 2, 28), {"duplicate": 3}
)


@pytest.fixture
def lake(home):
    folder_of(home).mkdir(parents=True)
    database_of(home).touch()
    return home


def test_what_was_kept_is_read_again(lake):
    write_record(lake, RECORD)
    kept = read_record(lake)
    assert kept == RECORD
    assert kept.planted == {"duplicate": 3}


def test_another_shape_or_bad_day_is_another_sample():
    assert SampleRecord(RECORD.shape) != RECORD
    assert SampleRecord(SampleShape(last_day=date(2026, 3, 2)), RECORD.bad_day) != RECORD


def test_there_is_no_sample_without_record_or_database(lake):
    assert read_record(lake) is None
    write_record(lake, RECORD)
    database_of(lake).unlink()
    assert read_record(lake) is None
    database_of(lake).touch()
    forget_record(lake)
    assert read_record(lake) is None


def test_a_home_that_was_moved_has_to_be_made_again(lake, tmp_path):
    """Its pictures' addresses lead to where it was."""
    write_record(lake, RECORD)
    moved = lake.rename(tmp_path / "elsewhere")
    assert read_record(moved) is None


def test_a_broken_record_says_what_to_do(lake):
    (folder_of(lake) / "sample.json").write_text("{")
    with pytest.raises(ConfigurationError, match="delete it and make the sample again"):
        read_record(lake)
