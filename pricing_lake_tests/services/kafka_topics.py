"""Topics of the test broker: created, filled (plainly or in transactions), shortened, recreated, and looked at.

Every call waits until the broker has done it. Reading them is the work of the client under test.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

from confluent_kafka import IsolationLevel, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka import Message as Delivered
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    NewPartitions,
    NewTopic,
    OffsetSpec,
)

PATIENCE_SECONDS = 30.0
_ALERT = 1  # syslog's: that a broker is stopped while a client still lives is no news here
Header = tuple[str, bytes | None]


@dataclass(frozen=True)
class Message:
    """What is produced. A value of None is a tombstone; without a timestamp (milliseconds) it gets the present."""

    value: bytes | None
    key: bytes | None = None
    partition: int = 0
    timestamp: int = 0
    headers: Sequence[Header] = ()


@dataclass(frozen=True)
class Bounds:
    """First offset still there and the offset of the next message (the high watermark), of one partition."""

    low: int
    high: int


@dataclass
class Filling:
    """A topic being filled by one producer; `offsets` are the broker's as it confirmed them, `firsts` by partition."""

    producer: Producer
    topic: str
    offsets: list[int] = field(default_factory=list)
    firsts: dict[int, int] = field(default_factory=dict)

    def add(self, messages: Iterable[Message]) -> None:
        """Hand over messages and wait until the broker holds all of them."""
        for message in messages:
            self._hand_over(message)
        left = self.producer.flush(PATIENCE_SECONDS)
        if left:
            raise RuntimeError(f"{left} messages to {self.topic} were not delivered")

    def _hand_over(self, message: Message) -> None:
        while True:
            try:
                self.producer.produce(
                    self.topic,
                    value=message.value,
                    key=message.key,
                    partition=message.partition,
                    timestamp=message.timestamp,
                    headers=list(message.headers),
                    on_delivery=self._delivered,
                )
            except BufferError:
                self.producer.poll(0.1)
            else:
                self.producer.poll(0)
                return

    def _delivered(self, error: KafkaError | None, message: Delivered) -> None:
        if error:
            raise KafkaException(error)
        partition, offset = message.partition(), message.offset()
        assert partition is not None
        assert offset is not None
        self.offsets.append(offset)
        self.firsts.setdefault(partition, offset)


def create_topic(bootstrap: str, topic: str, partitions: int = 1, config: Mapping[str, str] | None = None) -> None:
    """Create a topic of the one broker and wait until clients can see it."""
    admin = _admin(bootstrap)
    new = NewTopic(topic, num_partitions=partitions, replication_factor=1, config=dict(config or {}))
    admin.create_topics([new])[topic].result(PATIENCE_SECONDS)
    _wait_for_partitions(admin, topic, partitions)


def add_partitions(bootstrap: str, topic: str, total: int) -> None:
    """Raise the number of a topic's partitions to `total`."""
    admin = _admin(bootstrap)
    admin.create_partitions([NewPartitions(topic, total)])[topic].result(PATIENCE_SECONDS)
    _wait_for_partitions(admin, topic, total)


def recreate_topic(bootstrap: str, topic: str, partitions: int = 1) -> None:
    """Delete a topic and create one of the same name: its offsets begin at zero again."""
    admin = _admin(bootstrap)
    admin.delete_topics([topic], operation_timeout=PATIENCE_SECONDS)[topic].result(PATIENCE_SECONDS)
    _wait_for_partitions(admin, topic, 0)
    create_topic(bootstrap, topic, partitions)


def produce(
    bootstrap: str, topic: str, messages: Iterable[Message], settings: Mapping[str, str | int] | None = None
) -> list[int]:
    """Produce outside any transaction and return the offsets. `settings` are the producer's, e.g. its compression."""
    filled = filling(bootstrap, topic, settings)
    filled.add(messages)
    return filled.offsets


def filling(bootstrap: str, topic: str, settings: Mapping[str, str | int] | None = None) -> Filling:
    """Return a topic to be filled bit by bit: each `add` is at least one batch of the log."""
    return Filling(_producer(bootstrap, settings or {}), topic)


@dataclass
class Transaction(Filling):
    """A topic being filled in transactions of one producer: `commit` or `abort` ends one, `begin` begins another."""

    bootstrap: str = ""
    ended: bool = True

    def begin(self) -> None:
        """Begin a transaction."""
        self.producer.begin_transaction()
        self.firsts.clear()
        self.ended = False

    def commit(self) -> None:
        """Make what was added visible, and wait for it."""
        self.producer.commit_transaction(PATIENCE_SECONDS)
        self._wait_for_markers()

    def abort(self) -> None:
        """Leave what was added in the log for ever unseen, and wait for the marker that says so."""
        self.producer.abort_transaction(PATIENCE_SECONDS)
        self._wait_for_markers()

    def _wait_for_markers(self) -> None:
        """Wait until each partition is stable past what was added: the broker answers before it writes the markers.

        Raises RuntimeError when that does not happen, e.g. because an older transaction is still open.
        """
        self.ended = True
        admin = _admin(self.bootstrap)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            stable = _offsets(admin, self.topic, self.firsts, OffsetSpec.latest(), IsolationLevel.READ_COMMITTED)
            if all(stable[partition] > first for partition, first in self.firsts.items()):
                return
            time.sleep(0.01)
        raise RuntimeError(f"the end of a transaction on {self.topic} was not written")


@contextmanager
def transaction(bootstrap: str, topic: str, settings: Mapping[str, str | int] | None = None) -> Iterator[Transaction]:
    """Begin a transaction of a new producer; whatever the block leaves open is aborted at its end."""
    producer = _producer(bootstrap, {"transactional.id": f"tests-{uuid4()}", **(settings or {})})
    producer.init_transactions(PATIENCE_SECONDS)
    opened = Transaction(producer, topic, bootstrap=bootstrap)
    opened.begin()
    try:
        yield opened
    finally:
        if not opened.ended:
            opened.abort()


def produce_committed(bootstrap: str, topic: str, messages: Iterable[Message]) -> list[int]:
    """Produce in one transaction, commit it and return the messages' offsets (the marker takes one more)."""
    with transaction(bootstrap, topic) as opened:
        opened.add(messages)
        opened.commit()
        return opened.offsets


def produce_aborted(bootstrap: str, topic: str, messages: Iterable[Message]) -> list[int]:
    """Produce in one transaction that the broker holds entirely, abort it and return the offsets it fills."""
    with transaction(bootstrap, topic) as opened:
        opened.add(messages)
        opened.abort()
        return opened.offsets


def delete_records(bootstrap: str, topic: str, before: Mapping[int, int]) -> None:
    """Delete what lies before an offset of each partition, as retention does: the low watermark moves there."""
    asked = [TopicPartition(topic, partition, offset) for partition, offset in before.items()]
    admin = _admin(bootstrap)  # held: the answers of an admin client that is gone never come
    for done in admin.delete_records(asked).values():
        done.result(PATIENCE_SECONDS)


def bounds(bootstrap: str, topic: str) -> dict[int, Bounds]:
    """Return the first and the next offset of each partition, whatever transactions are open."""
    admin = _admin(bootstrap)
    partitions = admin.list_topics(topic, timeout=PATIENCE_SECONDS).topics[topic].partitions
    lows, highs = (
        _offsets(admin, topic, partitions, which, IsolationLevel.READ_UNCOMMITTED)
        for which in (OffsetSpec.earliest(), OffsetSpec.latest())
    )
    return {partition: Bounds(lows[partition], highs[partition]) for partition in sorted(partitions)}


def _offsets(
    admin: AdminClient, topic: str, partitions: Iterable[int], which: OffsetSpec, isolation: IsolationLevel
) -> dict[int, int]:
    asked = {TopicPartition(topic, partition): which for partition in partitions}
    answers = admin.list_offsets(asked, isolation_level=isolation)
    return {place.partition: answer.result(PATIENCE_SECONDS).offset for place, answer in answers.items()}


def _wait_for_partitions(admin: AdminClient, topic: str, count: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = admin.list_topics(timeout=PATIENCE_SECONDS).topics.get(topic)
        led = [] if found is None else [one for one in found.partitions.values() if one.leader >= 0]
        if len(led) == count and (count or found is None):
            return
        time.sleep(0.02)
    raise RuntimeError(f"topic {topic} has no {count} partitions with a leader")


def _admin(bootstrap: str) -> AdminClient:
    return AdminClient(_client(bootstrap))


def _producer(bootstrap: str, settings: Mapping[str, str | int]) -> Producer:
    return Producer({**_client(bootstrap), "linger.ms": 5, "enable.idempotence": True, **settings})


def _client(bootstrap: str) -> dict[str, str | int | float | bool]:
    return {"bootstrap.servers": bootstrap, "log_level": _ALERT}
