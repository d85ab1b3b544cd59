import hashlib
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import pytest

from pricing_lake.contracts.bronze import RAW_SMARTGO_SALES
from pricing_lake.contracts.split import split_rows
from pricing_lake.errors import ConfigurationError, ImageError
from pricing_lake.images.inspect import verify_decodes
from pricing_lake.sample.dirt import ADDRESS_DIRT, FILE_DIRT, SALE_DIRT
from pricing_lake.sample.shop import SampleShape, make_sample
from pricing_lake.sources.smartgo import open_smartgo
from pricing_lake.sources.window import Window

SHAPE = SampleShape(
    last_day=date(2026, 11, 3),
    days=3,
    sales_per_day=260,
    tenants=("atelier-nord", "second-spin"),
    products_per_tenant=14,
)
PICTURE_DIRT = {*ADDRESS_DIRT, *FILE_DIRT}


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("my shop é")


@pytest.fixture(scope="module")
def sample(home):
    return make_sample(home / "smartgo.db", home / "pictures", SHAPE)


def rows(database, where="true"):
    order = "sold_at, tenant_id, sale_id, updated_at, description, rowid"
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(f"select * from sales where {where} order by {order}").fetchall()


def fingerprint(database, where="true"):
    return hashlib.sha256(repr(rows(database, where)).encode()).hexdigest()


def test_the_summary_says_what_is_there(sample, home):
    assert sample.database == home / "smartgo.db"
    assert (sample.first_day, sample.last_day) == (date(2026, 11, 1), date(2026, 11, 3))
    assert sample.sales == len(rows(sample.database)) == 3 * 260 * 2
    assert sample.products == 28
    assert sample.pictures == sum(1 for path in sample.picture_root.rglob("*") if path.is_file())
    assert {sample.planted[reason] for reason in SALE_DIRT} == {15, 16}  # 1 % of 1,560
    assert {sample.planted[reason] for reason in PICTURE_DIRT} == {1}


def test_the_source_and_the_contract_find_exactly_what_was_planted(sample):
    source = open_smartgo(f"sqlite:///{sample.database}")
    found: Counter[str] = Counter()
    for number in range(3):
        start = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(days=number)
        with source.read(Window(start, start + timedelta(days=1))) as read:
            received = pa.Table.from_batches(read.batches, read.schema)
        split = split_rows(RAW_SMARTGO_SALES, received)
        assert received.num_rows == 520
        assert split.quarantined.num_rows / received.num_rows < RAW_SMARTGO_SALES.max_bad_share
        found += Counter(split.reasons) + Counter(duplicate=split.duplicates)
    assert found == {reason: sample.planted[reason] for reason in SALE_DIRT}


def test_addresses_lead_to_pictures_but_for_the_planted_ones(sample):
    urls = {row[9] for row in rows(sample.database)} - {None}
    files = {url: Path(unquote(urlsplit(url).path)) for url in urls if url.startswith("file:")}
    lost = {url for url, path in files.items() if not path.is_file()}
    outside = {url for url, path in files.items() if not path.resolve().is_relative_to(sample.picture_root)}
    assert all("%20" in url and "%C3%A9" in url for url in files)
    assert len(lost - outside) == sample.planted["image_not_found"]
    assert len(outside) == sample.planted["image_outside_root"]
    assert len(urls - set(files)) == sample.planted["image_scheme_refused"]


def test_spoiled_files_are_the_only_ones_that_do_not_decode(sample):
    refused: Counter[str] = Counter()
    for path in sample.picture_root.rglob("*.jpg"):
        try:
            verify_decodes(path.read_bytes())
        except ImageError as error:
            refused[error.reason] += 1
    assert refused == {reason: sample.planted[reason] for reason in FILE_DIRT}


def test_the_same_shape_gives_the_same_rows_and_another_seed_others(sample, home, tmp_path):
    again = make_sample(tmp_path / "again.db", home / "pictures", SHAPE)
    assert fingerprint(again.database) == fingerprint(sample.database)
    other = make_sample(tmp_path / "other.db", tmp_path / "pictures", replace(SHAPE, seed=2))
    assert fingerprint(other.database) != fingerprint(sample.database)


def test_a_day_does_not_depend_on_how_many_days_there_are(sample, home, tmp_path):
    longer = replace(SHAPE, last_day=date(2026, 11, 4), days=5)
    grown = make_sample(tmp_path / "grown.db", home / "pictures", longer)
    same_days = "updated_at between '2026-11-01' and '2026-11-04'"
    assert fingerprint(grown.database, same_days) == fingerprint(sample.database, same_days)
    assert grown.sales == 5 * 260 * 2


def test_no_dirt_means_that_the_contract_takes_every_row(tmp_path):
    clean = make_sample(tmp_path / "clean.db", tmp_path / "pictures", replace(SHAPE, days=1, dirt_share=0.0))
    assert set(clean.planted.values()) == {0}
    with open_smartgo(f"sqlite:///{clean.database}").read(
        Window(datetime(2026, 11, 3, tzinfo=UTC), datetime(2026, 11, 4, tzinfo=UTC))
    ) as read:
        split = split_rows(RAW_SMARTGO_SALES, pa.Table.from_batches(read.batches, read.schema))
    assert split.good.num_rows == 520


def test_spoiled_pictures_that_no_sale_points_to_are_not_counted(tmp_path):
    shape = replace(SHAPE, days=1, sales_per_day=2, products_per_tenant=30)
    sample = make_sample(tmp_path / "few.db", tmp_path / "pictures", shape)
    shown = {(row[1], row[2]) for row in rows(sample.database) if row[9]}
    assert sum(sample.planted[reason] for reason in PICTURE_DIRT) <= len(shown) <= 4


def test_progress_is_told_to_the_end(tmp_path):
    told: list[tuple[str, int, int]] = []
    shape = replace(SHAPE, days=2, products_per_tenant=3, sales_per_day=5)
    make_sample(tmp_path / "shop.db", tmp_path / "pictures", shape, lambda *step: told.append(step))
    assert told == [("pictures", n, 6) for n in range(1, 7)] + [("sales", 1, 2), ("sales", 2, 2)]


def test_an_own_sample_is_replaced_and_a_foreign_file_is_left_alone(tmp_path):
    small = replace(SHAPE, days=1, products_per_tenant=2, sales_per_day=5)
    database = tmp_path / "shop.db"
    make_sample(database, tmp_path / "pictures", small)
    make_sample(database, tmp_path / "pictures", replace(small, sales_per_day=7))
    assert len(rows(database)) == 14
    (tmp_path / "diary.txt").write_text("dear diary")
    with pytest.raises(ConfigurationError, match="not a SmartGo sample"):
        make_sample(tmp_path / "diary.txt", tmp_path / "more", small)
    assert (tmp_path / "diary.txt").read_text() == "dear diary"
    assert not (tmp_path / "more").exists()


def test_a_link_to_an_own_sample_stays_a_link(tmp_path):
    small = replace(SHAPE, days=1, products_per_tenant=2, sales_per_day=5)
    make_sample(tmp_path / "real.db", tmp_path / "pictures", small)
    (tmp_path / "link.db").symlink_to(tmp_path / "real.db")
    make_sample(tmp_path / "link.db", tmp_path / "pictures", replace(small, sales_per_day=6))
    assert (tmp_path / "link.db").is_symlink()
    assert len(rows(tmp_path / "real.db")) == 12


@pytest.mark.parametrize(
    ("change", "advice"),
    [
        ({"days": 0}, "days is 0"),
        ({"sales_per_day": 0}, "sales_per_day is 0"),
        ({"products_per_tenant": 0}, "products_per_tenant is 0"),
        ({"tenants": ()}, "at least one tenant"),
        ({"tenants": ("twice", "twice")}, "each tenant once"),
        ({"tenants": ("../etc",)}, "tenant '../etc'"),
        ({"tenants": ("a",)}, "tenant 'a'"),
        ({"tenants": ("new\n",)}, "tenant 'new"),
        ({"dirt_share": 0.06}, "dirt_share is 0.06"),
        ({"dirt_share": -0.01}, "dirt_share is -0.01"),
        ({"dirt_share": float("nan")}, "dirt_share is nan"),
        ({"last_day": date(2099, 1, 1)}, "days between"),
        ({"days": 10**12}, "days between"),
    ],
)
def test_a_shape_that_makes_no_sense_is_refused_in_one_line(tmp_path, change, advice):
    with pytest.raises(ConfigurationError, match=advice) as refused:
        make_sample(tmp_path / "shop.db", tmp_path / "pictures", replace(SHAPE, **change))
    assert "\n" not in str(refused.value)
    assert not list(tmp_path.iterdir())


def test_a_file_in_place_of_the_picture_folder_is_refused(tmp_path):
    (tmp_path / "pictures").write_text("mine")
    with pytest.raises(ConfigurationError, match="not a folder"):
        make_sample(tmp_path / "shop.db", tmp_path / "pictures", SHAPE)
