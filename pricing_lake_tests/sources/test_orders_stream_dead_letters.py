"""Dead letters: what arrives in their topic, as rows, and that an undelivered one is never silent."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from confluent_kafka import KafkaError

from pricing_lake.contracts.bronze_orders import RAW_ORDERS_DLQ
from pricing_lake.contracts.split import split_rows
from pricing_lake.errors import ConfigurationError, SourceDataError, SourceSchemaError, SourceUnavailableError
from pricing_lake.sources.orders_stream_dead_letters import DeadLetters
from pricing_lake.sources.orders_stream_errors import translated
from pricing_lake.sources.orders_stream_messages import DeadLetter, letter_rows
from pricing_lake_tests.sources.mock_kafka import MockKafka, mock_kafka
from pricing_lake_tests.sources.order_messages import order


@pytest.fixture
def kafka() -> Iterator[MockKafka]:
    with mock_kafka() as cluster:
        yield cluster


@pytest.fixture
def topic() -> str:
    return f"orders-{uuid4().hex[:8]}"


def letter(offset: int, message: bytes | None = b"{", **changes: object) -> DeadLetter:
    told = {
        "topic": "orders",
        "partition": 2,
        "offset": offset,
        "message_ts": datetime(2026, 3, 1, 12, tzinfo=UTC),
        "message_key": "k",
        "reason": "message_malformed",
        "error": "no JSON",
        "message": message,
        "key": b"k",
    }
    return DeadLetter(**{**told, **changes})


def test_a_letter_holds_the_message_and_says_where_it_came_from_and_why(kafka: MockKafka, topic: str) -> None:
    kafka.send(topic, b"\xff{", key=b"\xfe", timestamp=1_772_366_400_000, partition=1, headers=[("trace", b"7")])
    kafka.send(topic, None, timestamp=1_772_366_400_000, partition=1)
    with kafka.stream(topic) as stream:
        batch = stream.read(stream.plan(None))
        stream.send_letters(batch.poison, "run-1")
        stream.send_letters(batch.poison, "run-2")
    arrived = kafka.everything(f"{topic}.dlq")
    assert sorted((one.key(), one.value()) for one in arrived) == [
        (f"{topic}-1-0".encode(), b"\xff{"),
        (f"{topic}-1-0".encode(), b"\xff{"),
        (f"{topic}-1-1".encode(), None),
        (f"{topic}-1-1".encode(), None),
    ]
    [first] = [one for one in arrived if one.value() and ("dlq.run_id", b"run-1") in (one.headers() or ())]
    assert first.headers() == [
        ("trace", b"7"),
        ("dlq.topic", topic.encode()),
        ("dlq.partition", b"1"),
        ("dlq.offset", b"0"),
        ("dlq.reason", b"message_malformed"),
        ("dlq.error", b"no UTF-8 at byte 0"),
        ("dlq.run_id", b"run-1"),
        ("dlq.timestamp", b"2026-03-01T12:00:00+00:00"),
        ("dlq.key", b"\xfe"),
    ]


def test_many_letters_all_arrive(kafka: MockKafka, topic: str) -> None:
    DeadLetters(topic, {"bootstrap.servers": kafka.bootstrap, "queue.buffering.max.messages": "50"}, 30).send(
        [letter(number) for number in range(2_000)], "run"
    )
    assert len({one.key() for one in kafka.everything(topic)}) == 2_000


def test_no_letters_open_no_connection(kafka: MockKafka, topic: str) -> None:
    with kafka.stream(topic, dlq_topic="never-made") as stream:
        stream.send_letters((), "run")
        assert "never-made" in stream.probe().missing_topics


def test_letters_that_are_not_confirmed_raise() -> None:
    letters = DeadLetters("orders.dlq", {"bootstrap.servers": "127.0.0.1:1"}, 0.5)
    with pytest.raises(SourceUnavailableError, match=r"dead letters to orders\.dlq were not"):
        letters.send([letter(1), letter(2)], "run")


def test_letters_wait_for_a_full_queue_no_longer_than_they_live() -> None:
    properties = {"bootstrap.servers": "127.0.0.1:1", "queue.buffering.max.messages": "1"}
    begun = time.monotonic()
    with pytest.raises(SourceUnavailableError):
        DeadLetters("orders.dlq", properties, 0.5).send([letter(number) for number in range(3)], "run")
    assert time.monotonic() - begun < 20


@pytest.mark.parametrize(
    ("code", "error", "advice"),
    [
        (KafkaError.MSG_SIZE_TOO_LARGE, ConfigurationError, "raise max.message.bytes"),
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, ConfigurationError, "ORDERS_KAFKA_PASSWORD"),
        (KafkaError._AUTHENTICATION, ConfigurationError, "orders_kafka_properties"),
        (KafkaError._UNKNOWN_TOPIC, SourceSchemaError, "create the topic"),
        (KafkaError._BAD_MSG, SourceDataError, "damaged"),
        (KafkaError._MSG_TIMED_OUT, SourceUnavailableError, "try again"),
        (KafkaError.NOT_ENOUGH_REPLICAS, SourceUnavailableError, "try again"),
        (KafkaError.OFFSET_OUT_OF_RANGE, SourceUnavailableError, "run it again"),
    ],
)
def test_errors_of_kafka_say_whether_to_try_again(code: int, error: type[Exception], advice: str) -> None:
    found = translated(KafkaError(code), "2 letters were not delivered")
    assert type(found) is error
    assert advice in str(found)
    assert str(found).startswith("2 letters were not delivered: ")


def test_letters_are_rows_of_their_table() -> None:
    letters = [
        letter(1, '{"a":"ä"'.encode()),
        letter(2, b"\xff\x00"),
        letter(3, None, message_ts=None, message_key=None, reason="message_tombstone"),
        letter(4, order()),
    ]
    rows = letter_rows(letters, date(2026, 3, 2), "run-1")
    split = split_rows(RAW_ORDERS_DLQ, rows)
    assert split.good.num_rows == 4
    assert rows.column_names == list(RAW_ORDERS_DLQ.names)
    told = rows.to_pylist()
    assert [(one["message"], one["message_is_base64"]) for one in told] == [
        ('{"a":"ä"', False),
        ("/wA=", True),
        (None, False),
        (order().decode(), False),
    ]
    assert {one["run_id"] for one in told} == {"run-1"}
    assert {one["day"] for one in told} == {date(2026, 3, 2)}
    assert letter_rows([], date(2026, 3, 2), "run-1").schema.names == rows.schema.names
