"""Windows of sales out of exports: merged by key and time of write, complete or refused, equal to what queries give.

The files are written by the tests after AWS's documentation; no server here makes faithful incremental exports.
"""

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import boto3
import pytest
from pyarrow import fs

from pricing_lake.errors import ConfigurationError, SourceDataError, SourceUnavailableError
from pricing_lake.sources.carousel import CarouselQueries, CarouselTable
from pricing_lake.sources.carousel_export import CarouselExports, exports_at
from pricing_lake.sources.carousel_items import SCHEMA
from pricing_lake.sources.dynamodb import dynamodb_client
from pricing_lake.sources.window import Window
from pricing_lake_tests.sources.carousel_shop import REGION, Carousel, ExportFolder, change, endpoint, item

DAY, NEXT_DAY = Window.of_day(date(2026, 3, 1)), Window.of_day(date(2026, 3, 2))
MIDNIGHTS = [f"2026-{month_day}T00:00:00.000Z" for month_day in ("02-27", "02-28", "03-01", "03-02", "03-03", "03-04")]
FEB_27, FEB_28, MAR_1, MAR_2, MAR_3, MAR_4 = MIDNIGHTS


@pytest.fixture
def exports(tmp_path: Path) -> ExportFolder:
    return ExportFolder(tmp_path)


def source(exports: ExportFolder) -> CarouselExports:
    return CarouselExports(fs.LocalFileSystem(), exports.root)


def prices(found: CarouselExports, window: Window = DAY) -> dict[str, str]:
    with found.read(window) as read:
        rows = [row for batch in read.batches for row in batch.to_pylist()]
        assert (read.schema, read.control.rows) == (SCHEMA, len(rows))
    return {row["sale_id"]: row["sold_price"] for row in rows}


def priced(sale_id: str, price: str, sold_at: str = "2026-03-01T12:00:00Z", **more: Any) -> dict[str, Any]:
    return item(sale_id, sold_at, sold_price={"N": price}, **more)


def keys_of(found: dict[str, Any]) -> dict[str, Any]:
    return {name: found[name] for name in ("PK", "SK")}


def test_a_full_export_has_the_days_before_it(exports: ExportFolder) -> None:
    exports.full(MAR_3, [priced("s1", "1"), priced("s2", "2", "2026-03-02T01:00:00Z")], [priced("s3", "3")], [])
    found = source(exports)
    assert prices(found) == {"s1": "1", "s3": "3"}
    assert prices(found, NEXT_DAY) == {"s2": "2"}
    assert prices(found, Window.of_day(date(2026, 2, 28))) == {}


def test_changes_are_laid_over_it_by_key_and_time_of_write(exports: ExportFolder) -> None:
    exports.full(MAR_2, [priced("kept", "1"), priced("edited", "1"), priced("deleted", "1"), priced("revived", "1")])
    exports.changes(
        MAR_2,
        MAR_3,
        [change("2026-03-02T08:00:00Z", priced("edited", "2"), priced("edited", "1"))],
        [change("2026-03-02T09:00:00Z", None, priced("deleted", "1"))],
        [change("2026-03-02T09:00:00Z", None, keys=keys_of(priced("revived", "1")))],
        [change("2026-03-02T10:00:00Z", priced("late", "5"))],
    )
    exports.changes(
        MAR_3,
        MAR_4,
        [change("2026-03-03T08:00:00Z", priced("edited", "3"), priced("edited", "2"))],
        [change("2026-03-03T09:00:00Z", priced("revived", "9"))],
    )
    assert prices(source(exports)) == {"kept": "1", "edited": "3", "revived": "9", "late": "5"}


def test_the_newest_write_wins_whatever_the_order_of_exports_and_files(exports: ExportFolder) -> None:
    exports.changes(FEB_27, MAR_2, [change("2026-03-01T20:00:00Z", priced("s1", "2"))])
    exports.changes(
        MAR_1,
        MAR_3,
        [change("2026-03-01T13:00:00Z", priced("s1", "1")), change("2026-03-02T20:00:00Z", priced("s2", "2"))],
        [
            change("2026-03-02T19:00:00Z", None, priced("s2", "1")),
            change("2026-03-02T21:00:00Z", None, priced("s3", "1")),
        ],
        [change("2026-03-02T20:30:00Z", priced("s3", "2"))],
    )
    assert prices(source(exports)) == {"s1": "2", "s2": "2"}


def test_an_item_whose_time_of_sale_was_corrected_moves_to_its_day(exports: ExportFolder) -> None:
    before = priced("s1", "1")
    after = before | {"GSI1SK": {"S": "2026-03-02T07:00:00Z#s1"}, "sold_at": {"S": "2026-03-02T07:00:00Z"}}
    exports.full(MAR_2, [before])
    exports.changes(MAR_2, MAR_3, [change("2026-03-02T08:00:00Z", after, before)])
    assert (prices(source(exports)), prices(source(exports), NEXT_DAY)) == ({}, {"s1": "1"})


def test_an_item_that_no_query_would_find_comes_with_some_day(exports: ExportFolder) -> None:
    by_key = priced("by-key", "1", GSI1PK=None, GSI1SK=None)
    nowhere = {"PK": {"S": "odd"}, "SK": {"S": "odder"}}
    exports.changes(
        FEB_28,
        MAR_3,
        [change("2026-03-02T08:00:00Z", by_key), change("2026-03-01T09:00:00Z", nowhere)],
        [change("2026-03-02T08:00:00Z", nowhere | {"PK": {"S": "odd2"}})],
    )
    assert prices(source(exports)) == {"by-key": "1", "odder": None}
    assert prices(source(exports), NEXT_DAY) == {"odder": None}


def test_queries_and_exports_agree(exports: ExportFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    carousel = Carousel(dynamodb_client(REGION, endpoint(), 8)).create()
    odd = {"brand": {"SS": ["a", "b"]}, "description": {"B": b"\x00"}, "image_url": {"NULL": True}}
    carousel.put(
        *(item(f"s{n}", f"2026-03-0{1 + n % 2}T10:0{n}:00.5Z", shard=n % 4) for n in range(9)), item("x") | odd
    )
    stored = carousel.client.scan(TableName=carousel.name)["Items"]
    exports.full(MAR_3, stored[:4], stored[4:])
    queried = CarouselQueries(carousel.client, CarouselTable(carousel.name, ("acme",), shards=4))

    def rows(found: CarouselQueries | CarouselExports, window: Window) -> list[dict[str, Any]]:
        with found.read(window) as read:
            told = [row for batch in read.batches for row in batch.to_pylist()]
        # In a file binary is already base64, which no longer tells that it was binary: shown, refused, but not alike.
        return sorted(({**row, "description": None} for row in told), key=lambda row: row["sale_id"])

    for window in (DAY, NEXT_DAY):
        assert rows(queried, window) == rows(source(exports), window) != []


def test_a_daily_run_reads_no_more_than_the_changes_it_needs(exports: ExportFolder) -> None:
    old = exports.full(FEB_27, [priced("s0", "1")])
    exports.changes(FEB_27, FEB_28, [change("2026-02-27T10:00:00Z", priced("s0", "2"))])
    exports.changes(FEB_28, MAR_1, [])
    exports.changes(MAR_1, MAR_2, [change("2026-03-01T12:00:05Z", priced("s1", "1"))])
    shutil.rmtree(old / "data")
    assert prices(source(exports)) == {"s1": "1"}
    with pytest.raises(SourceDataError, match="is missing; copy the whole export"):
        prices(source(exports), Window.of_day(date(2026, 2, 20)))


def test_a_newer_full_export_is_left_alone_while_changes_reach_back_far_enough(exports: ExportFolder) -> None:
    exports.changes(FEB_28, MAR_1, [])
    exports.changes(MAR_1, MAR_2, [change("2026-03-01T12:00:05Z", priced("s1", "1"))])
    full = exports.full("2026-03-01T18:00:00Z", [priced("s1", "1"), priced("s0", "1", "2026-02-20T12:00:00Z")])
    assert prices(source(exports), Window.of_day(date(2026, 2, 20))) == {"s0": "1"}
    shutil.rmtree(full / "data")
    assert prices(source(exports)) == {"s1": "1"}


def test_a_run_over_many_days_reads_the_exports_once(exports: ExportFolder) -> None:
    exports.full(MAR_3, [priced("s1", "1"), priced("s2", "2", "2026-03-02T01:00:00Z")])
    found = source(exports)
    assert prices(found) == {"s1": "1"}
    shutil.rmtree(exports.root)
    assert prices(found, NEXT_DAY) == {"s2": "2"}


def test_a_day_that_no_export_reaches_is_for_later(exports: ExportFolder) -> None:
    exports.full("2026-03-01T23:59:59.999Z", [priced("s1", "1")])
    with pytest.raises(SourceUnavailableError, match=r"exports reach to 2026-03-01T23:59:59\.999"):
        prices(source(exports))
    exports.changes("2026-03-01T23:50:00Z", MAR_2, [])
    assert prices(source(exports)) == {"s1": "1"}


def test_a_gap_between_exports_is_told(exports: ExportFolder) -> None:
    exports.full(FEB_27, [])
    exports.changes(FEB_28, MAR_3, [])
    assert prices(source(exports)) == {}
    with pytest.raises(
        SourceDataError, match=r"writes from 2026-02-27T00:00:00.* to 2026-02-28T00:00:00.* in no export"
    ):
        prices(source(exports), Window.of_day(date(2026, 2, 28)))


def test_changes_alone_do_not_know_what_was_before_them(exports: ExportFolder) -> None:
    exports.changes(MAR_1, MAR_3, [])
    assert prices(source(exports), NEXT_DAY) == {}
    with pytest.raises(SourceDataError, match=r"begin with changes from 2026-03-01.* needs a full export"):
        prices(source(exports))


def test_a_folder_without_finished_exports(exports: ExportFolder) -> None:
    with pytest.raises(ConfigurationError, match=r"there is no folder .*; check CAROUSEL_EXPORT_URI"):
        prices(source(exports))
    started = Path(exports.root) / "AWSDynamoDB" / "01-a"
    started.mkdir(parents=True)
    (started / "_started").touch()
    with pytest.raises(ConfigurationError, match="none finished yet"):
        prices(source(exports))


def test_exports_of_two_tables_are_not_mixed(exports: ExportFolder) -> None:
    exports.full(MAR_2, [])
    exports.full(MAR_3, [], tableArn="arn:aws:dynamodb:eu-west-1:123456789012:table/other")
    with pytest.raises(ConfigurationError, match="exports of 2 tables"):
        prices(source(exports))


@pytest.mark.parametrize(
    ("told", "error", "why"),
    [
        ({"outputFormat": "ION"}, ConfigurationError, "is in ION; export as DYNAMODB_JSON"),
        ({"itemCount": 7}, SourceDataError, "does not add up to 7 items"),
        ({"exportTime": "yesterday"}, SourceDataError, "no manifest of an export"),
        ({"exportTime": "2026-03-03T00:00:00"}, SourceDataError, "no manifest of an export .*without a zone"),
        ({"itemCount": None}, SourceDataError, "no manifest of an export"),
        ({"manifestFilesS3Key": "elsewhere.json"}, SourceDataError, "no manifest of an export .*outside the folder"),
        ({"manifestFilesS3Key": "carousel/AWSDynamoDB/other/manifest-files.json"}, SourceDataError, "is missing"),
    ],
)
def test_a_manifest_that_is_wrong(
    exports: ExportFolder, told: dict[str, object], error: type[Exception], why: str
) -> None:
    exports.full(MAR_3, [priced("s1", "1")], **told)
    with pytest.raises(error, match=why):
        prices(source(exports))


@pytest.mark.parametrize("name", ["manifest-summary", "manifest-files"])
def test_a_manifest_that_differs_from_its_checksum(exports: ExportFolder, name: str) -> None:
    folder = exports.full(MAR_3, [priced("s1", "1")])
    with (folder / f"{name}.json").open("a") as stream:
        stream.write(" ")
    with pytest.raises(SourceDataError, match=f"{name}.json differs from its checksum"):
        prices(source(exports))
    (folder / f"{name}.md5").unlink()
    with pytest.raises(SourceDataError, match=f"{name}.json has no checksum beside it"):
        prices(source(exports))


@pytest.mark.parametrize(
    "damage",
    [
        lambda body: body[:-10],
        lambda body: body[:20] + bytes([body[20] ^ 1]) + body[21:],
        lambda body: body + b"\0" * 8,
        lambda body: b"",
        lambda body: b"not packed",
    ],
)
def test_a_data_file_that_differs_from_its_checksum(exports: ExportFolder, damage: Any) -> None:
    folder = exports.full(MAR_3, [priced("s1", "1"), priced("s2", "2")])
    [path] = (folder / "data").iterdir()
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(SourceDataError, match=f"{path.name} (is damaged|differs from|has a line).* again$"):
        prices(source(exports))


@pytest.mark.parametrize(
    "line",
    [
        {"Item": [1, 2]},
        {"Thing": {}},
        {"Item": {"SK": {"S": "a"}}},
        [1],
        {"Keys": {}, "Metadata": {}},
        {"Metadata": {"WriteTimestampMicros": {"N": "9" * 30}}, "Keys": {"PK": {"S": "a"}, "SK": {"S": "b"}}},
    ],
)
def test_a_line_that_is_no_item(exports: ExportFolder, line: Any) -> None:
    exports.changes(FEB_27, MAR_3, [line])
    with pytest.raises(SourceDataError, match="has a line that is no item of an export"):
        prices(source(exports))


def test_a_day_ends_with_its_last_microsecond(exports: ExportFolder) -> None:
    exports.full(MAR_3, [priced("a", "1", "2026-03-01T23:59:59.999999Z"), priced("b", "1", "2026-03-02T00:00:00Z")])
    assert (prices(source(exports)), prices(source(exports), NEXT_DAY)) == ({"a": "1"}, {"b": "1"})


def test_exports_are_read_from_s3(exports: ExportFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    exports.full(MAR_2, [priced("s1", "1")])
    exports.changes(MAR_2, MAR_3, [change("2026-03-02T08:00:00Z", priced("s1", "2"))])
    s3 = boto3.client("s3", region_name=REGION, endpoint_url=endpoint())
    s3.create_bucket(Bucket="exports", CreateBucketConfiguration={"LocationConstraint": REGION})
    for path in filter(Path.is_file, exports.bucket.rglob("*")):
        s3.upload_file(str(path), "exports", str(path.relative_to(exports.bucket)))
    found = CarouselExports(*exports_at("s3://exports/carousel", REGION, endpoint()))
    assert prices(found) == {"s1": "2"}
    with pytest.raises(ConfigurationError, match="there is no folder exports/elsewhere"):
        prices(CarouselExports(*exports_at("s3://exports/elsewhere/", REGION, endpoint())))


@pytest.mark.parametrize("uri", ["", "s3://", "exports", "https://bucket/prefix", "file://relative"])
def test_an_address_that_is_none(uri: str) -> None:
    with pytest.raises(ConfigurationError, match="CAROUSEL_EXPORT_URI is neither"):
        exports_at(uri, REGION, "")


def test_a_folder_on_disk_is_an_address_too(tmp_path: Path) -> None:
    files, root = exports_at(f"file://{tmp_path}/", REGION, "")
    assert isinstance(files, fs.LocalFileSystem)
    assert root == str(tmp_path)
