"""Windows of sales by query, through a real boto3 client and HTTP: pages, shards, edits, throttling, and refusals."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from pricing_lake.errors import ConfigurationError, SourceDataError, SourceSchemaError, SourceUnavailableError
from pricing_lake.sources.carousel import CarouselQueries, CarouselTable
from pricing_lake.sources.dynamodb import dynamodb_client
from pricing_lake.sources.window import Window
from pricing_lake_tests.sources.carousel_shop import REGION, Carousel, endpoint, item

DAY = Window.of_day(date(2026, 3, 1))
BEFORE_SEND = "before-send.dynamodb.Query"


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    return dynamodb_client(REGION, endpoint(), 8)


@pytest.fixture
def carousel(client: Any) -> Carousel:
    return Carousel(client).create()


def queries(carousel: Carousel, **change: Any) -> CarouselQueries:
    settings = {"tenants": ("acme",), "shards": 4, "page_items": 7} | change
    return CarouselQueries(carousel.client, CarouselTable(carousel.name, **settings))


def sales(source: CarouselQueries, window: Window = DAY) -> list[dict[str, Any]]:
    with source.read(window) as read:
        rows = [row for batch in read.batches for row in batch.to_pylist()]
        assert read.control.rows == len(rows)
    return rows


def ids(source: CarouselQueries, window: Window = DAY) -> list[str]:
    return sorted(row["sale_id"] for row in sales(source, window))


class Intercepted:
    """Calls of a client's Query, counted; some of them answered here instead of by the table."""

    def __init__(self, client: Any, answer: Callable[[int], AWSResponse | None]) -> None:
        self.calls = 0
        self._answer = answer
        client.meta.events.register(BEFORE_SEND, self)

    def __call__(self, request: Any, **_: Any) -> AWSResponse | None:
        self.calls += 1
        return self._answer(self.calls)


class Body:
    """What botocore reads a response's bytes from."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_: Any, **__: Any) -> Any:
        yield self._content


def failure(status: int, code: str, message: str = "") -> AWSResponse:
    body = json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": message}).encode()
    headers = {"x-amzn-RequestId": "1", "content-type": "application/x-amz-json-1.0"}
    return AWSResponse("http://table.example", status, headers, Body(body))


def test_every_item_of_the_day_comes_once_over_all_pages_and_shards(carousel: Carousel) -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    moments = [(start + timedelta(minutes=4 * number)).isoformat().replace("+00:00", "Z") for number in range(300)]
    carousel.put(*(item(f"s{number:03}", moment, shard=number % 4) for number, moment in enumerate(moments)))
    calls = Intercepted(carousel.client, lambda _: None)
    assert ids(queries(carousel)) == [f"s{number:03}" for number in range(300)]
    pages = 4 * -(-75 // 7)
    assert calls.calls == 1 + 2 * pages  # one look beyond the last shard, then the count, then the rows


def test_the_window_is_half_open_to_the_second(carousel: Carousel) -> None:
    moments = {
        "before": "2026-02-28T23:59:59.999Z",
        "first": "2026-03-01T00:00:00Z",
        "fraction": "2026-03-01T00:00:00.000001Z",
        "last": "2026-03-01T23:59:59.999999Z",
        "next": "2026-03-02T00:00:00Z",
        "next-fraction": "2026-03-02T00:00:00.001Z",
    }
    carousel.put(*(item(name, moment) for name, moment in moments.items()))
    assert ids(queries(carousel)) == ["first", "fraction", "last"]
    assert ids(queries(carousel), Window.of_day(date(2026, 3, 2))) == ["next", "next-fraction"]


def test_a_window_within_a_second_is_refused(carousel: Carousel) -> None:
    with pytest.raises(ConfigurationError, match="whole seconds"):
        sales(queries(carousel), Window(DAY.lo, DAY.lo + timedelta(microseconds=1)))


def test_an_edit_shows_in_the_next_read_and_a_deletion_too(carousel: Carousel) -> None:
    carousel.put(item("s1"), item("s2"))
    carousel.put(item("s1", sold_price={"N": "9.99"}, updated_at={"S": "2026-03-20T08:00:00Z"}))
    carousel.client.delete_item(TableName=carousel.name, Key={name: item("s2")[name] for name in ("PK", "SK")})
    assert [(row["sale_id"], row["sold_price"]) for row in sales(queries(carousel))] == [("s1", "9.99")]


def test_tenants_are_read_as_configured(carousel: Carousel) -> None:
    other = {"PK": {"S": "TENANT#bolt#PRODUCT#p1"}, "GSI1PK": {"S": "TENANT#bolt#SHARD#3"}}
    carousel.put(item("mine"), item("theirs") | other)
    assert ids(queries(carousel)) == ["mine"]
    both = sales(queries(carousel, tenants=("acme", "bolt")))
    assert {row["tenant_id"]: row["sale_id"] for row in both} == {"acme": "mine", "bolt": "theirs"}


def test_a_shard_count_that_is_too_low_is_told(carousel: Carousel) -> None:
    carousel.put(item("s1"), item("s2", shard=2))
    with pytest.raises(ConfigurationError, match="TENANT#acme#SHARD#2 has sales; raise CAROUSEL_SHARDS above 2"):
        sales(queries(carousel, shards=2))


def test_an_empty_day_is_empty(carousel: Carousel) -> None:
    with queries(carousel).read(DAY) as read:
        assert (read.control.rows, list(read.batches)) == (0, [])


def test_throttling_is_waited_out(carousel: Carousel) -> None:
    carousel.put(item("s1"))
    throttled = failure(400, "ProvisionedThroughputExceededException", "slow down")
    calls = Intercepted(carousel.client, lambda number: throttled if number in (1, 4) else None)
    assert ids(queries(carousel, shards=1, threads=1)) == ["s1"]
    assert calls.calls == 5


def test_throttling_without_end_is_for_later(carousel: Carousel) -> None:
    hasty = Carousel(dynamodb_client(REGION, endpoint(), 1, attempts=2), carousel.name)
    calls = Intercepted(hasty.client, lambda _: failure(400, "ProvisionedThroughputExceededException"))
    with pytest.raises(SourceUnavailableError, match="too busy or unwell"):
        sales(queries(hasty, shards=1, threads=1))
    assert calls.calls == 2


@pytest.mark.parametrize(
    ("answer", "error", "why"),
    [
        (failure(400, "AccessDeniedException", "arn:aws:iam::123:role/x"), ConfigurationError, "allow dynamodb:Query"),
        (failure(400, "UnrecognizedClientException"), ConfigurationError, "allow dynamodb:Query"),
        (failure(400, "ValidationException", "Query key condition not supported"), SourceDataError, "check its keys"),
        (
            failure(400, "ValidationException", "The table does not have the specified index: GSI1"),
            SourceSchemaError,
            "lacks the index",
        ),
    ],
)
def test_a_refusal_says_what_to_do_and_names_no_account(
    carousel: Carousel, answer: AWSResponse, error: type[Exception], why: str
) -> None:
    calls = Intercepted(carousel.client, lambda _: answer)
    with pytest.raises(error, match=why) as caught:
        sales(queries(carousel, shards=1, threads=1))
    assert carousel.name in str(caught.value)
    assert "123" not in str(caught.value).replace(carousel.name, "")
    assert "\n" not in str(caught.value)
    assert calls.calls == 1


def test_a_table_that_is_not_there(client: Any) -> None:
    with pytest.raises(SourceSchemaError, match="there is no DynamoDB table nowhere in this region"):
        sales(queries(Carousel(client, "nowhere")))


def test_an_index_that_is_not_there(client: Any) -> None:
    with pytest.raises(SourceSchemaError, match="lacks the index it is read by; check CAROUSEL_INDEX"):
        sales(queries(Carousel(client).create(index="GSI9")))


def test_another_index_can_be_configured(client: Any) -> None:
    carousel = Carousel(client).create(index="BySale")
    carousel.put(item("s1", BySalePK={"S": "TENANT#acme#SHARD#0"}, BySaleSK={"S": "2026-03-01T12:00:00Z#s1"}))
    assert ids(queries(carousel, index="BySale")) == ["s1"]


def test_nobody_at_the_address(client: Any) -> None:
    lost = Carousel(dynamodb_client(REGION, "http://127.0.0.1:9", 1, attempts=1), "sales")
    with pytest.raises(SourceUnavailableError, match="cannot be reached"):
        sales(queries(lost, shards=1))


def test_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "nowhere")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    bare = Carousel(dynamodb_client(REGION, endpoint(), 1), "sales")
    with pytest.raises(ConfigurationError, match="no usable AWS credentials"):
        sales(queries(bare, shards=1))


@pytest.mark.parametrize(("region", "address"), [("not a region", ""), (REGION, "not an address")])
def test_settings_that_make_no_client(region: str, address: str) -> None:
    with pytest.raises(ConfigurationError, match="check AWS_REGION and AWS_ENDPOINT_URL"):
        dynamodb_client(region, address, 1)


@pytest.mark.parametrize(
    ("tenants", "why"),
    [
        ((), "CAROUSEL_TENANTS is empty"),
        (("acme,bolt",), "'acme,bolt', which is no tenant; separate them by spaces"),
        (("acme", "Bolt"), "'Bolt', which is no tenant"),
    ],
)
def test_tenants_that_would_find_nothing_are_refused(tenants: tuple[str, ...], why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        CarouselTable("sales", tenants)


def test_counts_below_one_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="at least 1"):
        CarouselTable("sales", ("acme",), shards=0)


def test_a_sale_that_arrives_between_count_and_rows_is_read_again(carousel: Carousel) -> None:
    carousel.put(item("s1"))

    def sell_one_more(number: int) -> None:
        if number == 3:  # beyond the last shard, count, and now the rows
            carousel.put(item("s2"))

    calls = Intercepted(carousel.client, sell_one_more)
    assert ids(queries(carousel, shards=1, threads=1)) == ["s1", "s2"]
    assert calls.calls == 5


def test_a_window_that_never_settles_is_handed_on_with_its_own_count(carousel: Carousel) -> None:
    def sell_one_more(number: int) -> None:
        if number in (3, 5, 7):
            carousel.put(item(f"s{number}"))

    Intercepted(carousel.client, sell_one_more)
    with queries(carousel, shards=1, threads=1).read(DAY) as read:
        assert read.control.rows == 2
        assert sum(batch.num_rows for batch in read.batches) == 3
