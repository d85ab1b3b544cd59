"""The order stream against a real broker: transactions, compaction, compression, size, partitions, other consumers."""

import threading
import time
from uuid import uuid4

import pyarrow as pa
import pytest
from confluent_kafka import Consumer, TopicPartition

from pricing_lake.sources.orders_stream_dead_letters import PREFIX
from pricing_lake_tests.services.kafka_broker import KafkaBroker
from pricing_lake_tests.services.kafka_orders import (
    new_topic,
    numbered,
    order,
    order_ids,
    orders,
    places,
    read_all,
    read_next,
    stream_of,
)
from pricing_lake_tests.services.kafka_topics import (
    Bounds,
    Message,
    add_partitions,
    bounds,
    create_topic,
    delete_records,
    produce,
    produce_aborted,
    produce_committed,
    transaction,
)

pytestmark = pytest.mark.services

TURNS = [[f"{number % 2}-{number}-{one}" for one in range(1 + number % 3)] for number in range(12)]
"""Orders of twelve transactions, one partition after the other."""


@pytest.fixture(scope="module")
def cut_topic(kafka_broker: KafkaBroker) -> str:
    """Two partitions where committed and aborted transactions of several lengths alternate."""
    topic = new_topic(kafka_broker, 2)
    with transaction(kafka_broker.bootstrap, topic) as opened:
        for number, turn in enumerate(TURNS):
            opened.add(orders(*turn, partition=number % 2))
            opened.commit()
            opened.begin()
            opened.add([order("never", number % 2)] * (1 + number % 4))
            opened.abort()
            opened.begin()
    return topic


class TestTransactions:
    def test_only_committed_messages_are_read_and_every_offset_is_used_up(self, kafka_broker: KafkaBroker) -> None:
        topic = new_topic(kafka_broker)
        produce(kafka_broker.bootstrap, topic, orders("plain"))
        produce_aborted(kafka_broker.bootstrap, topic, orders("aborted 1", "aborted 2"))
        produce_committed(kafka_broker.bootstrap, topic, orders("kept 1", "kept 2"))
        produce_aborted(kafka_broker.bootstrap, topic, orders("aborted 3"))
        with stream_of(kafka_broker, topic) as stream:
            batch = read_next(stream)
            assert order_ids(batch.rows) == ["plain", "kept 1", "kept 2"]
            assert places(batch.rows) == [(0, 0), (0, 4), (0, 5)]
            assert (batch.received, batch.poison) == (3, ())
            assert batch.until.by_partition == {0: bounds(kafka_broker.bootstrap, topic)[0].high} == {0: 9}
            assert stream.plan(batch.until).is_empty
            assert stream.lag(batch.until) == {0: 0}

    def test_a_batch_of_markers_and_aborted_messages_alone_ends_soon_and_moves_on(
        self, kafka_broker: KafkaBroker
    ) -> None:
        topic = new_topic(kafka_broker)
        produce_aborted(kafka_broker.bootstrap, topic, numbered(50))
        with stream_of(kafka_broker, topic) as stream:
            begun = time.monotonic()
            batch = read_next(stream)
            assert time.monotonic() - begun < 2, "the idle timeout must not be what ends it"
            assert (batch.received, batch.until.by_partition) == (0, {0: 51})
            produce_committed(kafka_broker.bootstrap, topic, orders("after"))
            assert order_ids(read_next(stream, batch.until).rows) == ["after"]

    @pytest.mark.parametrize("most", [1, 3, 7])
    def test_bounded_batches_give_each_message_once_however_they_cut_transactions(
        self, kafka_broker: KafkaBroker, cut_topic: str, most: int
    ) -> None:
        with stream_of(kafka_broker, cut_topic, max_messages=most) as stream:
            batches, until = read_all(stream)
        found = [order_id for batch in batches for order_id in order_ids(batch.rows)]
        assert sorted(found) == sorted(one for turn in TURNS for one in turn)
        assert max(batch.received for batch in batches) <= most
        assert until.by_partition == {p: one.high for p, one in bounds(kafka_broker.bootstrap, cut_topic).items()}

    def test_what_lies_behind_an_open_transaction_waits_for_it(self, kafka_broker: KafkaBroker) -> None:
        topic = new_topic(kafka_broker)
        produce(kafka_broker.bootstrap, topic, orders("before"))
        with stream_of(kafka_broker, topic) as stream, transaction(kafka_broker.bootstrap, topic) as opened:
            opened.add(orders("open"))
            produce(kafka_broker.bootstrap, topic, orders("behind"))
            first = read_next(stream)
            assert order_ids(first.rows) == ["before"]
            assert first.until.by_partition == {0: 1}
            assert stream.plan(first.until).is_empty
            opened.commit()
            assert order_ids(read_next(stream, first.until).rows) == ["open", "behind"]


class TestWhatABrokerHolds:
    @pytest.mark.parametrize("compression", ["none", "gzip", "snappy", "lz4", "zstd"])
    def test_every_compression_is_read_even_from_the_middle_of_a_batch(
        self, kafka_broker: KafkaBroker, compression: str
    ) -> None:
        topic = new_topic(kafka_broker)
        settings: dict[str, str | int] = {"compression.type": compression, "linger.ms": 500}
        produce(kafka_broker.bootstrap, topic, numbered(1_000), settings)
        with stream_of(kafka_broker, topic, max_messages=333) as stream:
            batches, until = read_all(stream)
        assert [batch.received for batch in batches] == [333, 333, 333, 1]
        found = [order_id for batch in batches for order_id in order_ids(batch.rows)]
        assert found == [f"0-{number}" for number in range(1_000)]
        assert until.by_partition == {0: 1_000}

    def test_a_compacted_topic_gives_what_is_left_and_a_letter_for_each_tombstone(
        self, kafka_broker: KafkaBroker
    ) -> None:
        config = {"cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.0", "segment.bytes": "1048576"}
        topic = new_topic(kafka_broker, config=config | {"segment.ms": "100", "delete.retention.ms": "86400000"})
        keyed = [order(f"old-{number}", key=b"k-%d" % (number % 3)) for number in range(300)]
        last = [order("new-0", key=b"k-0"), Message(None, b"k-1"), order("new-2", key=b"k-2")]
        produce(kafka_broker.bootstrap, topic, [*keyed, *last])
        time.sleep(0.2)
        produce(kafka_broker.bootstrap, topic, [order("active", key=b"k-3")])  # rolls the segment
        deadline = time.monotonic() + 30
        while True:
            with stream_of(kafka_broker, topic) as stream:
                batch = read_next(stream)
            if batch.received < 300 or time.monotonic() > deadline:
                break
            time.sleep(0.2)
        assert order_ids(batch.rows) == ["new-0", "new-2", "active"]
        assert [(one.offset, one.reason, one.key) for one in batch.poison] == [(301, "message_tombstone", b"k-1")]
        assert batch.until.by_partition == {0: 304}

    def test_large_messages_are_read_whole_and_end_a_batch_early(self, kafka_broker: KafkaBroker) -> None:
        topic = new_topic(kafka_broker, config={"max.message.bytes": "20000000"})
        large = [order(f"large-{number}", padding=9_000_000) for number in range(6)]
        produce(kafka_broker.bootstrap, topic, large, {"message.max.bytes": 20_000_000})
        produce(kafka_broker.bootstrap, topic, orders("small"))
        with stream_of(kafka_broker, topic, max_bytes=10_000_000) as stream:
            batches, _ = read_all(stream)
        found = [order_id for batch in batches for order_id in order_ids(batch.rows)]
        assert found == [f"large-{number}" for number in range(6)] + ["small"]
        assert len(batches) > 1

    def test_a_batch_holds_little_more_than_its_bytes(self, kafka_broker: KafkaBroker) -> None:
        topic = new_topic(kafka_broker)
        messages = [order(f"{number}", padding=500_000) for number in range(400)]
        produce(kafka_broker.bootstrap, topic, messages)
        with stream_of(kafka_broker, topic, max_bytes=10_000_000) as stream:
            batches, _ = read_all(stream)
        assert sum(batch.received for batch in batches) == 400
        assert max(batch.received for batch in batches) <= 40, "a batch of 10 MB took more than 20 MB"

    def test_times_and_keys_are_the_brokers(self, kafka_broker: KafkaBroker) -> None:
        topic = new_topic(kafka_broker)
        value = order("o").value
        produce(kafka_broker.bootstrap, topic, [Message(value, "clé".encode(), timestamp=1_700_000_000_123)])
        with stream_of(kafka_broker, topic) as stream:
            rows = read_next(stream).rows
        assert rows.column("message_ts").cast(pa.int64()).to_pylist() == [1_700_000_000_123_000]
        assert rows.column("message_key").to_pylist() == ["clé"]

    def test_the_broker_may_stamp_the_time_itself(self, kafka_broker: KafkaBroker) -> None:
        topic = new_topic(kafka_broker, config={"message.timestamp.type": "LogAppendTime"})
        before = time.time_ns() // 1_000
        produce(kafka_broker.bootstrap, topic, [Message(order("o").value, timestamp=1_000)])
        with stream_of(kafka_broker, topic) as stream:
            (told,) = read_next(stream).rows.column("message_ts").cast(pa.int64()).to_pylist()
        assert before - 1_000_000 <= told <= time.time_ns() // 1_000 + 1_000_000


class TestPartitions:
    def test_sixty_partitions_share_a_batch_and_one_added_later_is_read_from_its_beginning(
        self, kafka_broker: KafkaBroker
    ) -> None:
        topic = new_topic(kafka_broker, 60)
        produce(kafka_broker.bootstrap, topic, [one for p in range(60) for one in numbered(20, p)])
        with stream_of(kafka_broker, topic, max_messages=600) as stream:
            first = read_next(stream)
            assert first.until.by_partition == dict.fromkeys(range(60), 10)
            add_partitions(kafka_broker.bootstrap, topic, 61)
            produce(kafka_broker.bootstrap, topic, numbered(3, 60))
            rest, until = read_all(stream, first.until)
        found = [place for batch in (first, *rest) for place in places(batch.rows)]
        assert sorted(found) == [(p, o) for p in range(61) for o in range(20 if p < 60 else 3)]
        assert until.by_partition == dict.fromkeys(range(60), 20) | {60: 3}

    def test_a_first_read_begins_at_what_retention_left(self, kafka_broker: KafkaBroker) -> None:
        topic = new_topic(kafka_broker, 2)
        produce(kafka_broker.bootstrap, topic, [*numbered(10, 0), *numbered(10, 1)])
        delete_records(kafka_broker.bootstrap, topic, {0: 10, 1: 4})
        with stream_of(kafka_broker, topic) as stream:
            batch = read_next(stream)
        assert places(batch.rows) == [(1, offset) for offset in range(4, 10)]
        assert batch.until.by_partition == {0: 10, 1: 10}


class TestOtherConsumers:
    def test_two_streams_of_one_topic_and_group_both_read_everything(self, kafka_broker: KafkaBroker) -> None:
        topic = new_topic(kafka_broker, 3)
        produce(kafka_broker.bootstrap, topic, [one for p in range(3) for one in numbered(2_000, p)])
        found: list[list[tuple[int, int]]] = []

        def read() -> None:
            with stream_of(kafka_broker, topic, max_messages=900) as stream:
                batches, _ = read_all(stream)
            found.append([place for batch in batches for place in places(batch.rows)])

        readers = [threading.Thread(target=read) for _ in range(2)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        everything = [(p, o) for p in range(3) for o in range(2_000)]
        assert [sorted(one) for one in found] == [everything, everything]

    def test_members_that_come_and_go_in_its_group_change_nothing_that_is_read(self, kafka_broker: KafkaBroker) -> None:
        topic = new_topic(kafka_broker, 3)
        group = f"group-{uuid4()}"
        produce(kafka_broker.bootstrap, topic, [one for p in range(3) for one in numbered(400, p)])
        assigned: list[int] = []
        told: list[str] = []
        found: list[tuple[int, int]] = []
        with stream_of(kafka_broker, topic, group_id=group, max_messages=300) as stream:
            plan = stream.plan(None)
            while not plan.is_empty:
                member = Consumer({"bootstrap.servers": kafka_broker.bootstrap, "group.id": group})
                member.subscribe([topic], on_assign=lambda _, given: assigned.append(len(given)))
                before = len(assigned)
                while len(assigned) == before:
                    member.poll(0.1)
                batch = stream.read(plan)
                told.append(stream.commit_group_offsets(batch.until))
                member.close()
                found += places(batch.rows)
                plan = stream.plan(batch.until)
            assert stream.commit_group_offsets(plan.until) == ""
        assert sorted(found) == [(p, o) for p in range(3) for o in range(400)]
        assert assigned.count(3) >= 1
        assert all(told), "Kafka refuses offsets of a group that others are in, and this is told, not raised"

    def test_group_offsets_show_how_far_the_lake_is_and_are_never_read(self, kafka_broker: KafkaBroker) -> None:
        topic = new_topic(kafka_broker, 2)
        produce(kafka_broker.bootstrap, topic, [*numbered(5, 0), *numbered(3, 1)])
        group = f"group-{uuid4()}"
        with stream_of(kafka_broker, topic, group_id=group) as stream:
            batch = read_next(stream)
            assert stream.commit_group_offsets(batch.until) == ""
        dashboard = Consumer({"bootstrap.servers": kafka_broker.bootstrap, "group.id": group})
        seen = dashboard.committed([TopicPartition(topic, 0), TopicPartition(topic, 1)], timeout=10)
        dashboard.close()
        assert {one.partition: one.offset for one in seen} == {0: 5, 1: 3}
        with stream_of(kafka_broker, topic, group_id=group) as stream:
            assert read_next(stream).received == 8


class TestDeadLetters:
    def test_letters_arrive_with_their_message_and_headers(self, kafka_broker: KafkaBroker) -> None:
        topic = new_topic(kafka_broker)
        create_topic(kafka_broker.bootstrap, f"{topic}.dlq")
        bad = Message(b"\xff{", b"k-1", timestamp=1_700_000_000_123, headers=[("trace", b"abc"), ("dlq.mine", None)])
        produce(kafka_broker.bootstrap, topic, [*orders("good"), bad, Message(None, b"gone")])
        with stream_of(kafka_broker, topic) as stream:
            batch = read_next(stream)
            stream.send_letters(batch.poison, "run-7")
        assert bounds(kafka_broker.bootstrap, f"{topic}.dlq") == {0: Bounds(0, 2)}
        consumer = Consumer(
            {"bootstrap.servers": kafka_broker.bootstrap, "group.id": topic, "auto.offset.reset": "earliest"}
        )
        consumer.assign([TopicPartition(f"{topic}.dlq", 0, 0)])
        letter, tombstone = consumer.consume(2, timeout=10)
        consumer.close()
        assert (letter.key(), letter.value()) == (f"{topic}-0-1".encode(), b"\xff{")
        headers = [*(letter.headers() or ())]
        assert headers[:2] == [("trace", b"abc"), ("dlq.mine", None)]
        told = dict(headers[2:])
        assert {name: told[PREFIX + name] for name in ("topic", "partition", "offset", "reason", "run_id", "key")} == {
            "topic": topic.encode(),
            "partition": b"0",
            "offset": b"1",
            "reason": b"message_malformed",
            "run_id": b"run-7",
            "key": b"k-1",
        }
        assert told[f"{PREFIX}timestamp"] == b"2023-11-14T22:13:20.123000+00:00"
        assert tombstone.value() is None
        assert (f"{PREFIX}reason", b"message_tombstone") in [*(tombstone.headers() or ())]

    def test_letters_of_large_messages_arrive(self, kafka_broker: KafkaBroker) -> None:
        large = {"max.message.bytes": "20000000"}
        topic = new_topic(kafka_broker, config=large)
        create_topic(kafka_broker.bootstrap, f"{topic}.dlq", config=large)
        body = b"{" + b"x" * 8_000_000
        produce(kafka_broker.bootstrap, topic, [Message(body)], {"message.max.bytes": 20_000_000})
        with stream_of(kafka_broker, topic) as stream:
            batch = read_next(stream)
            assert [one.message for one in batch.poison] == [body]
            stream.send_letters(batch.poison, "run-7")
        assert bounds(kafka_broker.bootstrap, f"{topic}.dlq") == {0: Bounds(0, 1)}
