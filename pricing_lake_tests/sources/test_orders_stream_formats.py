"""Framed messages: written by Confluent's own serializers, over a registry that answers, lacks schemas, or is down."""

import base64
import io
import json
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import fastavro
import pytest
from confluent_kafka.schema_registry import (
    Schema,
    SchemaReference,
    SchemaRegistryClient,
    header_schema_id_serializer,
)
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from pricing_lake.errors import ConfigurationError, SourceUnavailableError
from pricing_lake.sources.orders_stream import OrdersBatch
from pricing_lake.sources.orders_stream_framing import SchemaName
from pricing_lake.sources.orders_stream_registry import Registry, RegistrySettings
from pricing_lake_tests.sources.mock_kafka import MockKafka
from pricing_lake_tests.sources.order_messages import ORDER, order
from pricing_lake_tests.sources.schema_registry import SchemaRegistry, schema_registry

JSON_SCHEMA = json.dumps({"title": "Order", "type": "object", "properties": {"order_id": {"type": "string"}}})
DECIMAL = {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 2}
MILLIS = {"type": "long", "logicalType": "timestamp-millis"}


def avro_schema(**types: Any) -> str:
    kinds = {name: ["null", "string"] for name in ORDER} | {"amount": DECIMAL, "event_ts": MILLIS} | types
    return json.dumps({"type": "record", "name": "Order", "fields": [{"name": n, "type": k} for n, k in kinds.items()]})


AVRO_ORDER = {**ORDER, "amount": Decimal("12.50"), "event_ts": datetime(2026, 3, 1, 12, tzinfo=UTC)}


@pytest.fixture
def registry() -> Iterator[SchemaRegistry]:
    with schema_registry() as served:
        yield served


@pytest.fixture
def topic() -> str:
    return f"orders-{uuid4().hex[:8]}"


def client(registry: SchemaRegistry) -> SchemaRegistryClient:
    return SchemaRegistryClient({"url": registry.address})


def quick(registry: SchemaRegistry, **properties: str) -> RegistrySettings:
    return RegistrySettings(registry.address, {"retries.wait.ms": 10, **properties})


def read(kafka: MockKafka, registry: SchemaRegistry, topic: str, value_format: str) -> OrdersBatch:
    with kafka.stream(topic, value_format=value_format, registry=quick(registry)) as stream:
        return stream.read(stream.plan(None))


def reasons(batch: OrdersBatch) -> list[tuple[int, str]]:
    return [(one.offset, one.reason) for one in batch.poison]


def framed_json(registry: SchemaRegistry, topic: str, told: dict[str, Any]) -> bytes:
    value = JSONSerializer(JSON_SCHEMA, client(registry))(told, SerializationContext(topic, MessageField.VALUE))
    assert value is not None
    return value


def test_framed_json_is_read_and_what_is_not_framed_is_set_aside(
    kafka: MockKafka, registry: SchemaRegistry, topic: str
) -> None:
    sound = framed_json(registry, topic, ORDER)
    avro = registry.add("other", {"schema": '"string"'})["id"]
    kafka.send(
        topic, sound, order(), b"", b"\x00\x00", b"\x00" + struct.pack(">I", 99) + order(), sound, sound + b"x",
        b"\x07" + sound[1:], struct.pack(">bI", 0, avro) + order(),
        framed_json(registry, topic, {**ORDER, "amount": "x"}),
    )  # fmt: skip
    batch = read(kafka, registry, topic, "json_schema")
    assert batch.rows.column("offset").to_pylist() == [0, 5]
    assert batch.rows.column("amount").to_pylist() == [Decimal("12.50")] * 2
    assert reasons(batch) == [
        (1, "message_not_framed"),
        (2, "message_not_framed"),
        (3, "message_not_framed"),
        (4, "message_schema_unknown"),
        (6, "message_malformed"),
        (7, "message_not_framed"),
        (8, "message_schema_wrong_type"),
        (9, "amount_unparseable"),
    ]
    assert batch.poison[5].message == b"\x07" + sound[1:]


def test_each_schema_is_asked_for_once(kafka: MockKafka, registry: SchemaRegistry, topic: str) -> None:
    sound, unknown = framed_json(registry, topic, ORDER), struct.pack(">bI", 0, 99) + order()
    kafka.send(topic, *[sound, unknown] * 50)
    registry.asked.clear()
    batch = read(kafka, registry, topic, "json_schema")
    assert (batch.rows.num_rows, len(batch.poison)) == (50, 50)
    assert sorted(path.partition("?")[0] for path in registry.asked) == ["/schemas/ids/1", "/schemas/ids/99"]


def test_a_schema_named_in_a_header_leaves_the_value_as_it_is(
    kafka: MockKafka, registry: SchemaRegistry, topic: str
) -> None:
    headers: list[tuple[str, bytes]] = []
    serializer = JSONSerializer(
        JSON_SCHEMA, client(registry), conf={"schema.id.serializer": header_schema_id_serializer}
    )
    value = serializer(ORDER, SerializationContext(topic, MessageField.VALUE, headers))
    assert value is not None
    assert value.startswith(b"{")
    kafka.send(topic, value, headers=headers)
    kafka.send(topic, order(), headers=[("__value_schema_id", b"nonsense")])
    kafka.send(topic, order(), headers=[("__value_schema_id", b"\x01" + bytes(16))])
    batch = read(kafka, registry, topic, "json_schema")
    assert batch.rows.column("order_id").to_pylist() == ["o-1"]
    assert reasons(batch) == [(1, "message_not_framed"), (2, "message_schema_unknown")]


def test_avro_is_read_exactly(kafka: MockKafka, registry: SchemaRegistry, topic: str) -> None:
    write = AvroSerializer(client(registry), avro_schema())
    context = SerializationContext(topic, MessageField.VALUE)
    amounts = ["0.01", "9999999999999999.99", "-0.10", "12.00"]
    values = [write({**AVRO_ORDER, "amount": Decimal(text)}, context) for text in amounts]
    kafka.send(topic, *values, write({**AVRO_ORDER, "product_id": None}, context))
    batch = read(kafka, registry, topic, "avro")
    assert [str(one) for one in batch.rows.column("amount").to_pylist()] == [*amounts, "12.50"]
    assert set(batch.rows.column("event_ts").to_pylist()) == {datetime(2026, 3, 1, 12, tzinfo=UTC)}
    assert batch.rows.column("product_id").to_pylist() == ["p-1"] * 4 + [None]
    assert batch.poison == ()


def test_what_is_no_avro_of_its_schema_is_set_aside(kafka: MockKafka, registry: SchemaRegistry, topic: str) -> None:
    context = SerializationContext(topic, MessageField.VALUE)
    sound = AvroSerializer(client(registry), avro_schema())(AVRO_ORDER, context)
    assert sound is not None
    double = AvroSerializer(client(registry), avro_schema(amount="double"))({**AVRO_ORDER, "amount": 12.5}, context)
    fine = AvroSerializer(client(registry), avro_schema(amount={**DECIMAL, "scale": 4}))(
        {**AVRO_ORDER, "amount": Decimal("1.0001")}, context
    )
    text = registry.add("text", {"schema": '"string"'})["id"]
    broken = registry.add("broken", {"schema": '{"type":"record","name":"R","fields":[{"name":"x","type":"Gone"}]}'})[
        "id"
    ]
    framed_as_json = framed_json(registry, topic, ORDER)
    kafka.send(
        topic, sound, sound[:-3], sound + b"x", double, fine, struct.pack(">bI", 0, text) + b"\x02a", framed_as_json,
        sound[:5] + b"\xff" * 40, struct.pack(">bI", 0, broken) + b"\x02a", order(),
    )  # fmt: skip
    batch = read(kafka, registry, topic, "avro")
    assert batch.rows.column("offset").to_pylist() == [0]
    assert reasons(batch) == [
        (1, "message_malformed"),
        (2, "message_malformed"),
        (3, "amount_unparseable"),
        (4, "amount_out_of_range"),
        (5, "message_malformed"),
        (6, "message_schema_wrong_type"),
        (7, "message_malformed"),
        (8, "message_schema_unusable"),
        (9, "message_not_framed"),
    ]


def test_avro_schemas_may_refer_to_others(kafka: MockKafka, registry: SchemaRegistry, topic: str) -> None:
    status = {"type": "enum", "name": "Status", "namespace": "shop", "symbols": ["PLACED", "PAID"]}
    registry.add("status", {"schema": json.dumps(status)})
    money = {"type": "record", "name": "Note", "namespace": "shop", "fields": [{"name": "was", "type": "shop.Status"}]}
    of_status = {"name": "shop.Status", "subject": "status", "version": 1}
    registry.add("note", {"schema": json.dumps(money), "references": [of_status]})
    references = [SchemaReference("shop.Status", "status", 1), SchemaReference("shop.Note", "note", 1)]
    schema = Schema(avro_schema(status="shop.Status", note="shop.Note"), "AVRO", references)
    write = AvroSerializer(client(registry), schema)
    value = write({**AVRO_ORDER, "note": {"was": "PLACED"}}, SerializationContext(topic, MessageField.VALUE))
    kafka.send(topic, value, value)
    assert read(kafka, registry, topic, "avro").rows.column("status").to_pylist() == ["PAID", "PAID"]
    registry.schemas.pop(0)
    assert reasons(read(kafka, registry, topic, "avro")) == [
        (0, "message_schema_unusable"),
        (1, "message_schema_unusable"),
    ]


def test_other_avro_types_that_hold_the_same(kafka: MockKafka, registry: SchemaRegistry, topic: str) -> None:
    uuid = uuid4()
    kinds = {
        "order_id": {"type": "string", "logicalType": "uuid"},
        "amount": "long",
        "event_ts": {"type": "long", "logicalType": "local-timestamp-micros"},
    }
    schema = avro_schema(**kinds)
    number = registry.add("plain", {"schema": schema})["id"]
    body = io.BytesIO()
    told = {**ORDER, "order_id": uuid, "amount": 7, "event_ts": datetime(2026, 3, 1, 12)}
    fastavro.schemaless_writer(body, fastavro.parse_schema(json.loads(schema)), told)
    kafka.send(topic, struct.pack(">bI", 0, number) + body.getvalue())
    [row] = read(kafka, registry, topic, "avro").rows.to_pylist()
    assert (row["order_id"], str(row["amount"])) == (str(uuid), "7.00")
    assert row["event_ts"] == datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("value_format", ["json_schema", "avro"])
@pytest.mark.parametrize(
    ("failing", "error"),
    [
        ((503, b"busy"), SourceUnavailableError),
        ((500, b'{"error_code":50001,"message":"store"}'), SourceUnavailableError),
        ((429, b""), SourceUnavailableError),
        ((403, b'{"error_code":403,"message":"no"}'), ConfigurationError),
        ((404, b"<html>nothing here</html>"), ConfigurationError),
        ((404, b'{"error_code":404,"message":"HTTP 404 Not Found"}'), ConfigurationError),
        ((200, b"<html>welcome</html>"), ConfigurationError),
        ((200, b"null"), ConfigurationError),
        ((200, b'{"hello":"world"}'), ConfigurationError),
    ],
)
def test_a_registry_that_fails_makes_no_dead_letters(
    kafka: MockKafka,
    registry: SchemaRegistry,
    topic: str,
    value_format: str,
    failing: tuple[int, bytes],
    error: type[Exception],
) -> None:
    kafka.send(topic, struct.pack(">bI", 0, 1) + order())
    registry.failing = failing
    with pytest.raises(error, match=r"registry|REGISTRY"):
        read(kafka, registry, topic, value_format)


def test_a_registry_that_is_not_there_is_tried_again() -> None:
    registry = Registry(RegistrySettings("http://127.0.0.1:1", {"retries.wait.ms": 10}))
    with pytest.raises(SourceUnavailableError, match="does not answer"):
        registry.schema(SchemaName(number=1))
    registry.close()


def test_credentials_are_sent_and_never_told(registry: SchemaRegistry, kafka: MockKafka, topic: str) -> None:
    registry.user = "Basic " + base64.b64encode(b"lake:hunter2").decode()
    settings = quick(registry, **{"basic.auth.user.info": "lake:hunter2"})
    assert "hunter2" not in repr(settings)
    kafka.send(topic, order())
    with kafka.stream(topic, value_format="avro", registry=settings) as stream:
        assert stream.probe().schema_types == ("JSON", "PROTOBUF", "AVRO")
    wrong = quick(registry, **{"basic.auth.user.info": "lake:hunter3"})
    with pytest.raises(ConfigurationError, match="check ORDERS_SCHEMA_REGISTRY_USER_INFO") as caught:
        Registry(wrong).probe()
    assert "hunter" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "properties", "complaint"),
    [
        ("registry:8081", {}, "must be an http"),
        ("http://lake:hunter2@registry:8081", {}, "must hold no password"),
        ("http://registry:8081", {"no.such": "hunter2"}, "check no.such"),
        ("http://registry:8081", {"basic.auth.user.info": "hunter2"}, "check basic.auth.user.info"),
        ("https://registry:8081", {"ssl.ca.location": "/no/such/file"}, "check ssl.ca.location"),
    ],
)
def test_unusable_registry_settings_are_named(url: str, properties: dict[str, str], complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint) as caught:
        Registry(RegistrySettings(url, properties))
    assert "hunter2" not in str(caught.value)
