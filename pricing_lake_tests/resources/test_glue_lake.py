"""The lake on Glue and S3, over HTTP with the real catalog: published, read, raced for, or refused in one line."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import pyarrow.compute as pc
import pytest

from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake.engines.duckdb import DuckDbEngine
from pricing_lake.errors import CommitConflictError, ConfigurationError, SourceUnavailableError
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.publish import Publication, publish
from pricing_lake.lake.quarantine import ErrorLanes
from pricing_lake.lake.reader import PublishedPartitions
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.resources.glue_lake import GlueLakeResource
from pricing_lake_tests.aws.moto_server import client, environment, running_moto
from pricing_lake_tests.lake.conftest import day, sales

WRITERS = 6


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with running_moto() as url:
        yield url


@pytest.fixture
def resource(moto: str, monkeypatch: pytest.MonkeyPatch) -> GlueLakeResource:
    """A lake of its own in an account that every test shares."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere/config")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere/credentials")
    for name, value in environment(moto, "http://127.0.0.1:9").items():
        monkeypatch.setenv(name, value)
    name = f"lake-{uuid4().hex[:8]}"
    client("s3", moto).create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return lake_in(name, moto)


def lake_in(bucket: str, endpoint: str, region: str = "eu-west-1") -> GlueLakeResource:
    return GlueLakeResource(
        root=f"s3://{bucket}/pricing-intelligence",
        namespace=f"intelligence_{bucket.replace('-', '_')}",
        embedding_encoding="BYTE_STREAM_SPLIT",
        region=region,
        endpoint=endpoint,
    )


def another(resource: GlueLakeResource) -> Lake:
    """The same lake as another process sees it: with a catalog and connections of its own."""
    return GlueLakeResource(**resource.model_dump(include=set(GlueLakeResource.model_fields))).open()


def published(lake: Lake, *windows: PartitionWindow, count: int = 12, price: str = "10.00") -> Publication:
    return publish(lake, SALES_HISTORY, windows, lambda window: Candidate(sales(window, count, price=price)), "run")


def test_a_day_is_published_and_read_back_equal(resource: GlueLakeResource) -> None:
    lake = resource.open()
    assert published(lake, day(1), day(2)).snapshot_id
    back = PublishedPartitions(another(resource), SALES_HISTORY, [day(2)]).read(day(2))
    order = [("sale_id", "ascending")]
    assert back.sort_by(order).to_pylist() == sales(day(2), 12).sort_by(order).to_pylist()


def test_everything_lies_below_the_prefix_and_glue_knows_where(resource: GlueLakeResource, moto: str) -> None:
    published(resource.open(), day(1))
    bucket = resource.root.split("/")[2]
    keys = [item["Key"] for item in client("s3", moto).list_objects_v2(Bucket=bucket)["Contents"]]
    assert {key.split("/")[0] for key in keys} == {"pricing-intelligence"}
    assert any("/warehouse/gold/quality/sales_history/" in key for key in keys)
    row = client("glue", moto).get_table(DatabaseName=resource.namespace, Name="sales_history")["Table"]
    assert row["Parameters"]["table_type"] == "ICEBERG"
    assert row["Parameters"]["metadata_location"].removeprefix(f"s3://{bucket}/") in keys
    columns = {column["Name"]: column["Type"] for column in row["StorageDescriptor"]["Columns"]}
    assert columns["sold_price"] == "decimal(10,2)"
    assert columns["embedding"] == "array<double>"


def test_unchanged_content_commits_nothing_and_leaves_no_file(resource: GlueLakeResource, moto: str) -> None:
    published(resource.open(), day(1))
    bucket = resource.root.split("/")[2]
    before = client("s3", moto).list_objects_v2(Bucket=bucket)["KeyCount"]
    assert published(another(resource), day(1)).snapshot_id is None
    assert client("s3", moto).list_objects_v2(Bucket=bucket)["KeyCount"] == before


def test_a_corrected_day_replaces_its_rows_and_no_others(resource: GlueLakeResource) -> None:
    published(resource.open(), day(1), day(2))
    published(another(resource), day(2), count=5, price="99.50")
    rows = resource.open().table(SALES_HISTORY).scan().to_arrow()
    assert sorted(rows.column("_run_date").to_pylist()) == [day(1).first_day] * 12 + [day(2).first_day] * 5


def test_error_lanes_lie_on_s3_too(resource: GlueLakeResource) -> None:
    def bad(window: PartitionWindow) -> Candidate:
        rows = sales(window, 40)
        return Candidate(rows.set_column(4, "condition", pc.if_else(True, "mint-ish", rows.column(4))))

    verdict = publish(resource.open(), SALES_HISTORY, [day(1)], bad, "run").refused[0]
    lane = list(ErrorLanes(another(resource).proofs).read(SALES_HISTORY.id, day(1).key, verdict.batch_id))
    assert [row.reasons for row in lane] == [("condition_unknown",)] * 40


def test_queries_read_s3(resource: GlueLakeResource) -> None:
    published(resource.open(), day(1), day(2))
    query = (
        "SELECT tenant_id, COUNT(*) AS sold, SUM(sold_price) AS total FROM sales_history "
        "WHERE sold_date >= TIMESTAMP '2026-03-02 00:00:00' GROUP BY tenant_id ORDER BY tenant_id"
    )
    rows = DuckDbEngine().run(query, {"sales_history": resource.open().table(SALES_HISTORY)}, {}).read_all()
    assert [(row["tenant_id"], row["sold"], str(row["total"])) for row in rows.to_pylist()] == [
        ("acme", 6, "60.00"),
        ("bolt", 6, "60.00"),
    ]


def test_six_writers_at_once_lose_no_acknowledged_commit(resource: GlueLakeResource) -> None:
    """Each publishes a day of its own; what a writer was told is stored, once, and nothing else is."""
    resource.open().table(SALES_HISTORY)
    lakes, together = [another(resource) for _ in range(WRITERS)], Barrier(WRITERS)

    def write(number: int) -> int | None:
        window = day(number + 1)

        def produce(_: PartitionWindow) -> Candidate:
            together.wait()
            return Candidate(sales(window, 10))

        return publish(lakes[number], SALES_HISTORY, [window], produce, f"run-{number}").snapshot_id

    with ThreadPoolExecutor(WRITERS) as pool:
        acknowledged = list(pool.map(write, range(WRITERS)))
    table = another(resource).table(SALES_HISTORY)
    assert None not in acknowledged
    assert len(set(acknowledged)) == WRITERS
    assert set(acknowledged) == {snapshot.snapshot_id for snapshot in table.snapshots()}
    rows = table.scan().to_arrow()
    days = sorted(rows.column("_run_date").to_pylist())
    assert days == sorted([day(number + 1).first_day for number in range(WRITERS)] * 10)
    assert pc.count_distinct(rows.column("sale_id")).as_py() == rows.num_rows


def test_writers_of_one_day_leave_one_of_them_whole(resource: GlueLakeResource) -> None:
    """A writer that loses twice is told, so that its run is tried again; what stays is one writer's day, whole."""
    resource.open().table(SALES_HISTORY)
    lakes, together = [another(resource) for _ in range(3)], Barrier(3)

    def write(number: int) -> int | None:
        def produce(window: PartitionWindow) -> Candidate:
            together.wait()
            return Candidate(sales(window, 4 + number, seed=number))

        try:
            return publish(lakes[number], SALES_HISTORY, [day(1)], produce, f"run-{number}").snapshot_id
        except CommitConflictError:
            return None

    with ThreadPoolExecutor(3) as pool:
        told = list(pool.map(write, range(3)))
    table = another(resource).table(SALES_HISTORY)
    assert {snapshot.snapshot_id for snapshot in table.snapshots()} == set(told) - {None}
    rows = table.scan().to_arrow()
    assert pc.count_distinct(rows.column("_batch_id")).as_py() == 1
    assert told[rows.num_rows - 4] == table.current_snapshot().snapshot_id


def test_the_lake_is_opened_once_a_run(resource: GlueLakeResource) -> None:
    assert resource.open() is resource.open()


def refusal(error: type[Exception], resource: GlueLakeResource) -> str:
    with pytest.raises(error) as refused:
        resource.open()
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_a_bucket_that_is_missing_is_named(resource: GlueLakeResource, moto: str) -> None:
    assert "there is no bucket never-made in eu-west-1" in refusal(ConfigurationError, lake_in("never-made", moto))


def test_a_root_that_is_no_bucket_is_refused(resource: GlueLakeResource, moto: str) -> None:
    local = resource.model_dump(include=set(GlueLakeResource.model_fields)) | {"root": "file:///lake"}
    assert "s3://bucket/prefix" in refusal(ConfigurationError, GlueLakeResource(**local))


def test_a_region_that_is_none_is_told(resource: GlueLakeResource, moto: str) -> None:
    assert "not a region" in refusal(ConfigurationError, lake_in("b", moto, "not a region"))


def test_missing_credentials_are_told(resource: GlueLakeResource, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert "no usable AWS credentials" in refusal(ConfigurationError, resource)


def test_a_server_that_is_not_there_is_told_as_passing(
    resource: GlueLakeResource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pricing_lake.resources.glue_lake.ATTEMPTS", 1)
    assert "cannot be reached" in refusal(SourceUnavailableError, lake_in("b", "http://127.0.0.1:9"))


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("ExpiredTokenException", 400, ConfigurationError),
        ("UnrecognizedClientException", 400, ConfigurationError),
        ("AccessDeniedException", 400, ConfigurationError),
        ("ThrottlingException", 400, SourceUnavailableError),
        ("InternalServiceException", 500, SourceUnavailableError),
    ],
)
def test_errors_that_the_test_server_does_not_give(code: str, status: int, kind: type[Exception]) -> None:
    from pricing_lake.resources import glue_lake

    error = glue_lake._explained({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "r")
    assert type(error) is kind
    assert code in str(error)
