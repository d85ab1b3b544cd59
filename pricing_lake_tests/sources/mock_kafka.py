"""librdkafka's own mock cluster: real clients over real sockets, without transactions and topic ids."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Consumer, Message, Producer, TopicPartition

from pricing_lake.sources.orders_stream import OrdersStream, OrdersStreamSettings
from pricing_lake.sources.orders_stream_broker import Timeouts

QUICK = Timeouts(answer=10.0, idle=2.0, delivery=10.0, identity=0.05)
"""The mock never tells a topic's id, so nobody waits long for it."""


@dataclass(frozen=True)
class MockKafka:
    """A cluster that lives as long as its producer."""

    producer: Producer
    bootstrap: str

    def send(self, topic: str, *values: bytes | None, partition: int = 0, **options: Any) -> None:
        """Add messages to a partition and wait until they are there."""
        for value in values:
            self.producer.produce(topic, value=value, partition=partition, **options)
        assert self.producer.flush(10) == 0

    def settings(self, topic: str, **changes: Any) -> OrdersStreamSettings:
        """Settings for reading a topic of this cluster, with short patience."""
        return OrdersStreamSettings(self.bootstrap, topic, **{"timeouts": QUICK, **changes})

    @contextmanager
    def stream(self, topic: str, **changes: Any) -> Iterator[OrdersStream]:
        """A stream of a topic of this cluster."""
        with OrdersStream(self.settings(topic, **changes)) as stream:
            yield stream

    def everything(self, topic: str) -> list[Message]:
        """All messages of a topic, by partition."""
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": "tests", "enable.partition.eof": True})
        partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
        consumer.assign([TopicPartition(topic, partition, 0) for partition in partitions])
        found, ended = [], 0
        while ended < len(partitions):
            for message in consumer.consume(1_000, timeout=0.2):
                if message.error():
                    ended += 1
                else:
                    found.append(message)
        consumer.close()
        return sorted(found, key=lambda one: (one.partition() or 0, one.offset() or 0))


@contextmanager
def mock_kafka(settings: Mapping[str, Any] | None = None) -> Iterator[MockKafka]:
    """Run a cluster of one broker; topics come to be, with four partitions, when something is sent to them."""
    producer = Producer({"test.mock.num.brokers": 1, "bootstrap.servers": "mock", "log_level": 2, **(settings or {})})
    brokers = producer.list_topics(timeout=10).brokers.values()
    yield MockKafka(producer, ",".join(f"{broker.host}:{broker.port}" for broker in brokers))
    producer.flush(1)
