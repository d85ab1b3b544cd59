from datetime import date

import pytest

from pricing_lake.cli.sample_in_home import make_sample_in
from pricing_lake.cli.sample_record import SampleRecord, database_of, read_record
from pricing_lake.errors import ConfigurationError
from pricing_lake.sample.shop import SampleShape
from pricing_lake.stage import load_stage

SHAPE = {"days": 2, "sales_per_day": 25, "tenants": ("acme",), "products_per_tenant": 3}
FIRST = SampleRecord(SampleShape(last_day=date(2026, 3, 2), **SHAPE))
OTHER = SampleRecord(SampleShape(last_day=date(2026, 3, 9), **SHAPE))


@pytest.fixture
def stage_of(home, monkeypatch):
    for name in ("SMARTGO_URL", "PRICING_LAKE_START_DATE", "PRICING_LAKE_END_DATE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PRICING_LAKE_HOME", str(home))
    return load_stage


def test_the_calendar_and_the_source_are_the_samples(stage_of, home):
    assert make_sample_in(stage_of(), FIRST, quiet=True)
    stage = stage_of()
    assert (stage.start_date, stage.end_date) == (date(2026, 3, 1), date(2026, 3, 2))
    assert stage.smartgo_url == f"sqlite:///{database_of(home)}"
    assert sum(read_record(home).planted.values()) > 0


def test_the_same_sample_is_not_made_twice(stage_of, home):
    make_sample_in(stage_of(), FIRST, quiet=True)
    made = database_of(home).stat()
    assert not make_sample_in(stage_of(), FIRST, quiet=True)
    assert database_of(home).stat() == made


def test_another_sample_takes_its_place_while_nothing_is_published(stage_of, home):
    make_sample_in(stage_of(), FIRST, quiet=True)
    assert make_sample_in(stage_of(), OTHER, quiet=True)
    assert stage_of().end_date == date(2026, 3, 9)


def test_shops_are_not_mixed_unless_that_is_asked_for(stage_of, home, pricing_lake, capsys):
    make_sample_in(stage_of(), FIRST, quiet=True)
    assert pricing_lake("materialize", "--select", "raw_smartgo_sales").exit_code == 0
    with pytest.raises(ConfigurationError, match=r"2 published days \(2026-03-01 to 2026-03-02\).*--replace"):
        make_sample_in(stage_of(), OTHER, quiet=True)
    assert read_record(home) == FIRST
    assert stage_of().end_date == date(2026, 3, 2)
    assert make_sample_in(stage_of(), OTHER, replace=True, quiet=True)
    assert "stay as they are" in capsys.readouterr().err


def test_a_bad_day_has_enough_rows_to_be_refused(stage_of, home):
    few = SampleRecord(SampleShape(last_day=date(2026, 3, 2), **{**SHAPE, "sales_per_day": 20}), date(2026, 3, 1))
    with pytest.raises(ConfigurationError, match="20 sales a day are too few"):
        make_sample_in(stage_of(), few, quiet=True)
    assert not database_of(home).exists()


def test_the_environment_is_not_overruled_in_silence(stage_of, monkeypatch, capsys):
    monkeypatch.setenv("SMARTGO_URL", "postgresql://db.example/shop")
    monkeypatch.setenv("PRICING_LAKE_START_DATE", "2025-01-01")
    make_sample_in(stage_of(), FIRST, quiet=True)
    told = capsys.readouterr().err
    assert "SMARTGO_URL is set in the environment" in told
    assert "PRICING_LAKE_START_DATE is set in the environment and wins over the sample's 2026-03-01" in told
    monkeypatch.delenv("SMARTGO_URL")
    assert stage_of().smartgo_url.startswith("sqlite:///")
