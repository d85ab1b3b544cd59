import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from pricing_lake.contracts.bronze import RAW_SMARTGO_SALES
from pricing_lake.contracts.split import split_rows
from pricing_lake.errors import ConfigurationError
from pricing_lake.sample.bad_day import make_day_bad
from pricing_lake.sample.shop import SampleShape, make_sample
from pricing_lake.sources.smartgo import open_smartgo
from pricing_lake.sources.window import Window

BAD = date(2026, 11, 2)
SHAPE = SampleShape(
    last_day=date(2026, 11, 3), days=3, sales_per_day=80, tenants=("atelier-nord",), products_per_tenant=4
)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return make_sample(tmp_path / "smartgo.db", tmp_path / "pictures", SHAPE).database


def good_rows(database: Path, day: date) -> int:
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    window = Window(start, start + timedelta(days=1))
    with open_smartgo(f"sqlite:///{database}").read(window) as read:
        return split_rows(RAW_SMARTGO_SALES, pa.Table.from_batches(read.batches, read.schema)).good.num_rows


def test_no_row_of_the_day_can_be_used_and_no_other_day_is_touched(database):
    before = {day: good_rows(database, day) for day in (SHAPE.first_day, SHAPE.last_day)}
    assert make_day_bad(database, BAD) == 80
    assert good_rows(database, BAD) == 0
    assert {day: good_rows(database, day) for day in before} == before


def test_a_day_without_sales_cannot_be_made_bad(database):
    with pytest.raises(ConfigurationError, match="no sale on 2026-11-04"):
        make_day_bad(database, date(2026, 11, 4))


def test_only_a_sample_is_touched(tmp_path):
    with pytest.raises(ConfigurationError, match="make the sample first"):
        make_day_bad(tmp_path / "none.db", BAD)
    real = tmp_path / "real.db"
    with closing(sqlite3.connect(real)) as connection, connection:
        connection.execute("create table sales (sold_price, updated_at)")
        connection.execute("insert into sales values ('1.00', '2026-11-02T10:00:00Z')")
    with pytest.raises(ConfigurationError, match="not a SmartGo sample"):
        make_day_bad(real, BAD)
    with closing(sqlite3.connect(real)) as connection:
        assert connection.execute("select sold_price from sales").fetchall() == [("1.00",)]
