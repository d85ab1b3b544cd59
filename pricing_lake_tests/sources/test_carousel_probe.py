"""What a look at Carousel finds: keys and index through a real boto3 client, exports in a folder."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pyarrow import fs

from pricing_lake.errors import ConfigurationError, SourceUnavailableError
from pricing_lake.sources.carousel import CarouselQueries, CarouselTable
from pricing_lake.sources.carousel_export import CarouselExports
from pricing_lake.sources.dynamodb import dynamodb_client
from pricing_lake_tests.sources.carousel_shop import REGION, Carousel, ExportFolder, endpoint, item
from pricing_lake_tests.sources.test_carousel import failure


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    return dynamodb_client(REGION, endpoint(), 8, attempts=1)


def source(carousel: Carousel, **change: Any) -> CarouselQueries:
    return CarouselQueries(carousel.client, CarouselTable(carousel.name, **{"tenants": ("acme",)} | change))


def test_a_sound_table(client: Any) -> None:
    carousel = Carousel(client).create()
    carousel.put(item("s-1"), item("s-2"))
    facts = source(carousel).probe()
    assert (facts.missing_objects, facts.wrong_keys, facts.is_described, facts.rows_estimate) == ((), (), True, 2)
    assert 0 < facts.latency_seconds < 5
    assert facts.clock_skew_seconds is not None
    assert abs(facts.clock_skew_seconds) < 5


def test_a_missing_table_and_a_missing_index_are_reported(client: Any) -> None:
    assert source(Carousel(client, "nowhere")).probe().missing_objects == ("table nowhere",)
    carousel = Carousel(client).create("GSI2")
    assert source(carousel).probe().missing_objects == ("index GSI1",)
    assert source(carousel, index="GSI2").probe().missing_objects == ()


def test_keys_that_are_not_as_documented_are_reported(client: Any) -> None:
    names = {"id": "S", "GSI1SK": "S", "tenant": "S"}
    client.create_table(
        TableName="other-keys",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in names.items()],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "GSI1",
                "KeySchema": [
                    {"AttributeName": "tenant", "KeyType": "HASH"},
                    {"AttributeName": "GSI1SK", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
    )
    assert source(Carousel(client, "other-keys")).probe().wrong_keys == (
        "the table has the keys id, not PK, SK",
        "index GSI1 has the keys tenant, GSI1SK, not GSI1PK, GSI1SK",
        "index GSI1 projects KEYS_ONLY, not ALL attributes",
    )


def test_who_may_query_but_not_describe_is_told_what_could_be_seen(client: Any) -> None:
    carousel = Carousel(client).create()
    denied = failure(400, "AccessDeniedException", "arn:aws:iam::123:role/x")
    client.meta.events.register("before-send.dynamodb.DescribeTable", lambda **_: denied)
    facts = source(carousel).probe()
    assert (facts.is_described, facts.rows_estimate, facts.missing_objects) == (False, None, ())
    client.meta.events.register("before-send.dynamodb.Query", lambda **_: denied)
    with pytest.raises(ConfigurationError, match="allow dynamodb:Query"):
        source(carousel).probe()


def test_nobody_at_the_address_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    nobody = Carousel(dynamodb_client(REGION, "http://127.0.0.1:9", 1, attempts=1), "sales")
    with pytest.raises(SourceUnavailableError, match="cannot be reached"):
        source(nobody).probe()


def test_exports_tell_how_many_they_are_and_how_far_they_reach(tmp_path: Path) -> None:
    folder = ExportFolder(tmp_path)
    folder.full("2026-03-01T00:00:00Z", [item("s-1")])
    folder.changes("2026-03-01T00:00:00Z", "2026-03-02T06:00:00Z")
    facts = CarouselExports(fs.LocalFileSystem(), folder.root).probe()
    assert (facts.exports, facts.full_exports) == (2, 1)
    assert facts.until == datetime(2026, 3, 2, 6, tzinfo=UTC)


def test_a_folder_without_exports_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no folder"):
        CarouselExports(fs.LocalFileSystem(), str(tmp_path / "none")).probe()
