"""The order stream when the broker is lost, replaced or has deleted messages: loud, and nothing lost or doubled."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import pytest

from pricing_lake.errors import SourceDataError, SourceSchemaError, SourceUnavailableError
from pricing_lake.sources.orders_stream import OrdersBatch, OrdersStream
from pricing_lake.sources.orders_stream_broker import Timeouts
from pricing_lake.sources.orders_stream_messages import DeadLetter
from pricing_lake.sources.orders_stream_offsets import BatchPlan, Offsets
from pricing_lake_tests.services.kafka_broker import KafkaBroker, running_broker
from pricing_lake_tests.services.kafka_orders import (
    QUICK,
    new_topic,
    numbered,
    order_ids,
    orders,
    places,
    read_next,
    stream_of,
)
from pricing_lake_tests.services.kafka_topics import (
    Bounds,
    bounds,
    create_topic,
    delete_records,
    filling,
    produce,
    recreate_topic,
)

pytestmark = pytest.mark.services

SLOW = {"queued.min.messages": "1", "fetch.message.max.bytes": "1000", "fetch.queue.backoff.ms": "250"}
"""Makes the consumer take one small batch of the log at a time and rest after each."""
PIECES = 12
COMMIT_SECONDS = 20


@pytest.fixture(scope="module")
def frail_broker() -> Iterator[KafkaBroker]:
    """A broker that is stopped and killed; every test leaves it running."""
    with running_broker() as broker:
        yield broker


@contextmanager
def reading_slowly(
    broker: KafkaBroker, timeouts: Timeouts = QUICK
) -> Iterator[tuple[OrdersStream, BatchPlan, "Future[OrdersBatch]"]]:
    """Give a stream, its plan of PIECES batches of the log, and a read of it that has begun and will take long."""
    topic = new_topic(broker)
    filled = filling(broker.bootstrap, topic)
    for piece in range(PIECES):
        filled.add(numbered(3, first=3 * piece))
    with ThreadPoolExecutor(1) as pool, stream_of(broker, topic, properties=SLOW, timeouts=timeouts) as stream:
        plan = stream.plan(None)
        read = pool.submit(stream.read, plan)
        time.sleep(1)
        assert not read.done(), "the read must still be in its middle"
        yield stream, plan, read


def refusal(stream: OrdersStream, stored: Offsets) -> str:
    """Return what planning the next batch is refused with; lag, which a sensor asks, must be as loud."""
    told = [_refused(ask, stored) for ask in (stream.plan, stream.lag)]
    assert told[0] == told[1]
    assert "\n" not in told[0]
    return told[0]


def _refused(ask: Callable[[Offsets], object], stored: Offsets) -> str:
    """Ask as often as a run is retried: a client whose topic was just replaced may first be told to try again."""
    for _ in range(20):
        try:
            ask(stored)
        except SourceUnavailableError:
            time.sleep(0.5)
        except SourceDataError as error:
            return str(error)
        else:
            pytest.fail("it was not refused")
    return pytest.fail("it was unavailable to the last")


class TestBrokerLost:
    def test_killed_in_the_middle_of_a_read_nothing_is_given_and_nothing_is_lost(
        self, frail_broker: KafkaBroker
    ) -> None:
        with reading_slowly(frail_broker) as (stream, plan, read):
            frail_broker.kill()
            try:
                with pytest.raises(SourceUnavailableError, match="nothing came for 4 s"):
                    read.result(30)
                with pytest.raises(SourceUnavailableError):
                    stream.plan(None)
            finally:
                frail_broker.start()
            again = stream.read(plan)
        assert places(again.rows) == [(0, offset) for offset in range(3 * PIECES)]
        assert again.until == plan.until

    def test_a_restart_in_the_middle_of_a_read_does_not_even_show(self, frail_broker: KafkaBroker) -> None:
        with reading_slowly(frail_broker, replace(QUICK, idle=60)) as (_, plan, read):
            frail_broker.stop()
            frail_broker.start()
            batch = read.result(120)
        assert places(batch.rows) == [(0, offset) for offset in range(3 * PIECES)]
        assert batch.until == plan.until

    def test_a_new_stream_without_broker_is_unavailable(self, frail_broker: KafkaBroker) -> None:
        topic = new_topic(frail_broker)
        frail_broker.stop()
        try:
            with stream_of(frail_broker, topic) as stream:
                for ask in (stream.probe, lambda: stream.plan(None)):
                    with pytest.raises(SourceUnavailableError, match="ORDERS_KAFKA_BOOTSTRAP"):
                        ask()
        finally:
            frail_broker.start()

    def test_letters_that_no_broker_confirms_are_an_error(self, frail_broker: KafkaBroker) -> None:
        topic = new_topic(frail_broker)
        create_topic(frail_broker.bootstrap, f"{topic}.dlq")
        letter = DeadLetter(topic, 0, 7, None, None, "message_malformed", "no JSON", b"{", None)
        with stream_of(frail_broker, topic) as stream:
            frail_broker.kill()
            try:
                with pytest.raises(SourceUnavailableError):
                    stream.send_letters([letter], "run-1")
            finally:
                frail_broker.start()
            stream.send_letters([letter], "run-2")
        assert bounds(frail_broker.bootstrap, f"{topic}.dlq") == {0: Bounds(0, 1)}

    def test_group_offsets_that_no_broker_takes_are_told_within_a_bound_and_not_raised(
        self, frail_broker: KafkaBroker
    ) -> None:
        topic = new_topic(frail_broker)
        produce(frail_broker.bootstrap, topic, orders("a"))
        stream = stream_of(frail_broker, topic)
        batch = read_next(stream)
        told: list[str] = []
        # A daemon: a call into librdkafka that never ends must fail this test, not hold up the run of all.
        waiting = threading.Thread(target=lambda: told.append(stream.commit_group_offsets(batch.until)), daemon=True)
        frail_broker.kill()
        try:
            waiting.start()
            waiting.join(COMMIT_SECONDS)
        finally:
            frail_broker.start()
        assert not waiting.is_alive(), f"not back after {COMMIT_SECONDS} s: the run would hold its pool all that time"
        stream.close()
        assert "the group's offsets were not taken" in told[0]


class TestMessagesGone:
    def test_a_gap_that_retention_left_is_refused_with_its_size_and_what_to_resume_at(
        self, kafka_broker: KafkaBroker
    ) -> None:
        topic = new_topic(kafka_broker, 2)
        produce(kafka_broker.bootstrap, topic, [*numbered(10, 0), *numbered(10, 1)])
        with stream_of(kafka_broker, topic, max_messages=8) as stream:
            stored = read_next(stream).until
            delete_records(kafka_broker.bootstrap, topic, {1: 9})
            told = refusal(stream, stored)
            assert "partition 1 begins at 9, after the stored offset 4: 5 messages were deleted unread" in told
            assert told.endswith('resume_at {"1": 9}')
            resumed = stream.read(stream.plan(stored, {1: 9}))
        assert places(resumed.rows) == [(0, offset) for offset in range(4, 10)] + [(1, 9)]

    def test_messages_deleted_up_to_where_reading_stands_are_no_gap(self, kafka_broker: KafkaBroker) -> None:
        topic = new_topic(kafka_broker)
        produce(kafka_broker.bootstrap, topic, numbered(10))
        with stream_of(kafka_broker, topic, max_messages=6) as stream:
            stored = read_next(stream).until
            delete_records(kafka_broker.bootstrap, topic, {0: 6})
            assert places(read_next(stream, stored).rows) == [(0, offset) for offset in range(6, 10)]

    def test_messages_deleted_between_plan_and_read_are_not_skipped(self, kafka_broker: KafkaBroker) -> None:
        topic = new_topic(kafka_broker)
        produce(kafka_broker.bootstrap, topic, numbered(10))
        with stream_of(kafka_broker, topic, max_messages=6) as stream:
            stored = read_next(stream).until
            plan = stream.plan(stored)
            delete_records(kafka_broker.bootstrap, topic, {0: 8})
            with pytest.raises(SourceUnavailableError, match="deleted while they were read"):
                stream.read(plan)
            assert "2 messages were deleted unread" in refusal(stream, stored)

    def test_an_offset_beyond_the_end_is_refused(self, kafka_broker: KafkaBroker) -> None:
        topic = new_topic(kafka_broker)
        produce(kafka_broker.bootstrap, topic, numbered(3))
        with stream_of(kafka_broker, topic) as stream:
            until = read_next(stream).until
            assert "ends at 3, before the stored offset 4" in refusal(stream, until.advanced({0: 4}))


class TestAnotherTopic:
    def test_a_recreated_topic_is_refused_though_it_holds_more_than_before(self, kafka_broker: KafkaBroker) -> None:
        topic = new_topic(kafka_broker)
        produce(kafka_broker.bootstrap, topic, numbered(3))
        with stream_of(kafka_broker, topic) as stream:
            stored = read_next(stream).until
            recreate_topic(kafka_broker.bootstrap, topic)
            produce(kafka_broker.bootstrap, topic, numbered(9))
            assert "the topic was deleted and created again" in refusal(stream, stored)
            with stream_of(kafka_broker, topic) as another:
                assert "the topic was deleted and created again" in refusal(another, stored)
            assert read_next(stream).received == 9

    def test_a_topic_recreated_with_fewer_partitions_is_refused(self, kafka_broker: KafkaBroker) -> None:
        topic = new_topic(kafka_broker, 3)
        produce(kafka_broker.bootstrap, topic, numbered(3, 2))
        with stream_of(kafka_broker, topic) as stream:
            stored = read_next(stream).until
            recreate_topic(kafka_broker.bootstrap, topic, 2)
            assert "partitions [2] are gone" in refusal(stream, stored)

    def test_a_topic_recreated_between_plan_and_read_never_passes_for_the_old_one(
        self, kafka_broker: KafkaBroker
    ) -> None:
        topic = new_topic(kafka_broker)
        produce(kafka_broker.bootstrap, topic, orders("old 1", "old 2"))
        with stream_of(kafka_broker, topic, max_messages=1) as stream:
            stored = read_next(stream).until
            plan = stream.plan(stored)
            recreate_topic(kafka_broker.bootstrap, topic)
            produce(kafka_broker.bootstrap, topic, orders("new 1", "new 2"))
            with pytest.raises((SourceDataError, SourceUnavailableError)):
                stream.read(plan)

    def test_a_topic_that_is_gone_is_told(self, kafka_broker: KafkaBroker) -> None:
        with stream_of(kafka_broker, "no-such-orders") as stream:
            with pytest.raises(SourceSchemaError, match="topic no-such-orders does not exist"):
                stream.plan(None)
            facts = stream.probe()
        assert facts.missing_topics == ("no-such-orders", "no-such-orders.dlq")
        assert facts.cluster_id == kafka_broker.cluster_id

    def test_another_cluster_with_the_same_topic_and_more_messages_is_refused(
        self, kafka_broker: KafkaBroker, frail_broker: KafkaBroker
    ) -> None:
        topic = new_topic(kafka_broker)
        create_topic(frail_broker.bootstrap, topic)
        produce(kafka_broker.bootstrap, topic, numbered(3))
        produce(frail_broker.bootstrap, topic, orders("x", "y", "z", "u", "v"))
        with stream_of(kafka_broker, topic) as stream:
            stored = read_next(stream).until
        with stream_of(frail_broker, topic) as stream:
            told = refusal(stream, stored)
            assert f"the cluster was {kafka_broker.cluster_id} and now is {frail_broker.cluster_id}" in told
            resumed = stream.read(stream.plan(stored, {0: 2}))
        assert order_ids(resumed.rows) == ["z", "u", "v"]
        assert resumed.until.cluster_id == frail_broker.cluster_id
