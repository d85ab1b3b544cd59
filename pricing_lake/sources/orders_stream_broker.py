"""The consumer's side of Kafka: what a topic holds and the messages of a plan, by assignment alone. Decodes nothing."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient

from pricing_lake.errors import PricingLakeError, SourceSchemaError, SourceUnavailableError
from pricing_lake.sources.orders_stream_errors import is_refusal, made, translated
from pricing_lake.sources.orders_stream_offsets import BatchPlan, Watermarks

_AT_ONCE = 10_000
_POLL_SECONDS = 0.25
_THROUGHPUT = {"fetch.queue.backoff.ms": "10", "queued.min.messages": "50000"}
"""By default a full queue pauses a partition for a second: 150 against 900 thousand messages a second. Overridable."""
_NO_UUID = "AAAAAAAAAAAAAAAAAAAAAA"
"""How a broker without topic ids says so."""


@dataclass(frozen=True)
class Timeouts:
    """Seconds to wait for an answer, for the next message, for confirmed letters, and for the topic's id."""

    answer: float = 30.0
    idle: float = 60.0
    delivery: float = 60.0
    identity: float = 5.0


@dataclass(frozen=True)
class TopicFacts:
    """A topic as the cluster tells of it; no partitions when there is none of that name."""

    cluster_id: str
    brokers: int
    partitions: tuple[int, ...]


class TopicReader:
    """One topic, read where it is told to. It joins no group, so nothing ever takes a partition away from it.

    A message of a transaction that was aborted, or is still open, is not seen, and `high` watermarks end before it.
    """

    def __init__(self, topic: str, group_id: str, properties: Mapping[str, str], timeouts: Timeouts) -> None:
        """Raises ConfigurationError for properties that librdkafka refuses. Connects in the background."""
        self.topic = topic
        self._timeouts = timeouts
        self._properties = properties
        self._group_id = group_id
        self._committer: Consumer | None = None
        self._answers: list[tuple[KafkaError | None, list[TopicPartition]]] = []
        self._refusal: KafkaError | None = None
        self._complaint = ""
        self._consumer = made(
            Consumer,
            {**_THROUGHPUT, **properties},
            {
                "group.id": group_id,
                "isolation.level": "read_committed",
                "enable.auto.commit": "false",
                "enable.auto.offset.store": "false",
                "enable.partition.eof": "true",
                "auto.offset.reset": "error",
                "allow.auto.create.topics": "false",
                "check.crcs": "true",
                "fetch.wait.max.ms": "100",
                "error_cb": self._remember,
            },
        )

    def close(self) -> None:
        """Disconnect."""
        self._consumer.close()
        if self._committer:
            self._committer.close()

    def facts(self, topic: str = "") -> TopicFacts:
        """What the cluster says of a topic, this reader's own when none is named."""
        name = topic or self.topic
        try:
            found = self._consumer.list_topics(name, timeout=self._timeouts.answer)
        except KafkaException as error:
            raise self._unanswered(error, f"the cluster does not tell of topic {name}") from None
        told = found.topics[name]
        if told.error and told.error.code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
            raise translated(told.error, f"topic {name} cannot be looked at")
        return TopicFacts(found.cluster_id or "", len(found.brokers), tuple(sorted(told.partitions)))

    def existing(self) -> TopicFacts:
        """Facts of this reader's topic. Raises SourceSchemaError when there is no such topic."""
        facts = self.facts()
        if not facts.partitions:
            raise SourceSchemaError(f"topic {self.topic} does not exist; create it, or correct ORDERS_TOPIC")
        return facts

    def topic_id(self) -> str:
        """The id that a topic gets when it is created; empty when the cluster does not tell us."""
        admin = made(AdminClient, self._properties, {})
        try:
            asked = admin.describe_topics(TopicCollection([self.topic]), request_timeout=self._timeouts.identity)
            found = str(asked[self.topic].result(self._timeouts.identity).topic_id or "")
        except (KafkaException, TimeoutError):
            return ""
        return "" if found == _NO_UUID else found

    def watermarks(self, partitions: Iterable[int]) -> dict[int, Watermarks]:
        """What each partition holds now, as far as it is committed."""
        found = {}
        for partition in partitions:
            place = TopicPartition(self.topic, partition)
            try:
                answer = self._consumer.get_watermark_offsets(place, timeout=self._timeouts.answer)
            except KafkaException as error:
                raise self._unanswered(error, f"partition {partition} of {self.topic} tells no offsets") from None
            if answer is None:
                raise SourceUnavailableError(f"partition {partition} of {self.topic} tells no offsets; try again")
            found[partition] = Watermarks(*answer)
        return found

    def fetch(self, plan: BatchPlan, most_bytes: int) -> tuple[list[Message], dict[int, int]]:
        """Messages of the plan by partition and offset, and how far each partition was read.

        A partition is read to its end when a message or the end of the log at or past it was seen: transaction
        markers and compaction leave fewer messages than offsets. Reading stops early when `most_bytes` are exceeded.
        Raises SourceUnavailableError when nothing comes for `Timeouts.idle`.
        """
        stretch = _Stretch(plan, self.topic)
        places = [TopicPartition(self.topic, partition, start) for partition, (start, _) in plan.ranges.items()]
        self._consumer.assign(places)
        try:
            last = time.monotonic()
            while stretch.waiting and stretch.bytes < most_bytes:
                received = self._consume(stretch.next_share(most_bytes))
                if received:
                    last = time.monotonic()
                elif time.monotonic() - last > self._timeouts.idle:
                    raise SourceUnavailableError(
                        f"topic {self.topic}: nothing came for {self._timeouts.idle:.0f} s from partitions "
                        f"{sorted(stretch.waiting)}; try again"
                    )
                done = stretch.take(received)
                if done:
                    self._consumer.pause([TopicPartition(self.topic, partition) for partition in done])
        finally:
            self._consumer.resume(places)  # a pause outlives the assignment
            self._consumer.unassign()
        return stretch.messages(), stretch.positions

    def commit(self, positions: Mapping[int, int]) -> None:
        """Tell the group's offsets to the cluster. Raises a PricingLakeError when it does not take them in time.

        Through a client of its own: a commit that waits for its answer can hang for ever when the broker is lost, and
        waiting by polling would take messages away from a read that goes on meanwhile.
        """
        offsets = [TopicPartition(self.topic, partition, offset) for partition, offset in positions.items()]
        answers: list[tuple[KafkaError | None, list[TopicPartition]]] = []
        self._committer = self._committer or self._new_committer()
        self._answers = answers
        try:
            self._committer.commit(offsets=offsets, asynchronous=True)
            end = time.monotonic() + self._timeouts.answer
            while not answers and time.monotonic() < end:
                self._committer.poll(_POLL_SECONDS)
        except KafkaException as error:
            raise self._unanswered(error, "the group's offsets were not taken") from None
        if not answers:
            raise SourceUnavailableError("the group's offsets were not taken: no answer in time")
        failure, places = answers[0]
        for wrong in (failure, *(place.error for place in places)):
            if wrong:
                raise translated(wrong, "the group's offsets were not taken")

    def _new_committer(self) -> Consumer:
        own = {
            "group.id": self._group_id,
            "enable.auto.commit": "false",
            # How long a commit is tried, and closing waits: the default is 45 s, whatever the timeouts say.
            "session.timeout.ms": str(int(self._timeouts.answer * 1_000)),
            "on_commit": lambda error, places: self._answers.append((error, places)),
        }
        return made(Consumer, self._properties, own)

    def _consume(self, most: int) -> list[Message]:
        try:
            received = self._consumer.consume(most, timeout=_POLL_SECONDS)
        except KafkaException as error:
            raise self._unanswered(error, f"topic {self.topic} cannot be read") from None
        if self._refusal and not received:
            raise translated(self._refusal, f"topic {self.topic} cannot be read")
        return received

    def _remember(self, error: KafkaError) -> None:
        """Keep what is wrong with a broker: the call that waits for it only knows that time ran out."""
        if is_refusal(error):
            self._refusal = error
        elif error.code() != KafkaError._ALL_BROKERS_DOWN:
            self._complaint = error.str()

    def _unanswered(self, error: KafkaException, doing: str) -> PricingLakeError:
        self._consumer.poll(0)  # lets librdkafka tell `_remember`
        return translated(self._refusal or error.args[0], f"{doing}, {self._complaint}" if self._complaint else doing)


class _Stretch:
    """A plan being read: what came of it, and which partitions are not at their end yet."""

    def __init__(self, plan: BatchPlan, topic: str) -> None:
        self._topic = topic
        self._messages: dict[int, list[Message]] = {partition: [] for partition in plan.ranges}
        self.positions = {partition: start for partition, (start, _) in plan.ranges.items()}
        self.waiting = {partition: end for partition, (_, end) in plan.ranges.items()}
        self.count = 0
        self.bytes = 0

    def next_share(self, most_bytes: int) -> int:
        """How many messages to take next: at most what can still come, and as many as there are, if they fit by size.

        So the first comes alone, then the count doubles. What can still come counts one end of the log per partition.
        """
        left = sum(end - self.positions[partition] for partition, end in self.waiting.items()) + len(self.waiting)
        fitting = (most_bytes - self.bytes) * self.count // max(self.bytes, 1) + 1
        return min(left, _AT_ONCE, max(self.count, 1), max(fitting, 1))

    def take(self, received: Iterable[Message]) -> list[int]:
        """Sort messages in; returns the partitions that are at their end now."""
        before = set(self.waiting)
        for message in received:
            error = message.error()
            if error and error.code() != KafkaError._PARTITION_EOF:
                raise translated(error, f"topic {self._topic} cannot be read")
            partition, offset = message.partition(), message.offset()
            if partition not in self.waiting or offset is None:
                continue
            if error:
                self._reach(partition, offset)
            elif offset < self.waiting[partition]:
                self._messages[partition].append(message)
                self.count += 1
                self.bytes += len(message)
                self._reach(partition, offset + 1)
            else:
                self._reach(partition, offset)
        return sorted(before - set(self.waiting))

    def messages(self) -> list[Message]:
        """Everything taken, by partition, then offset."""
        return [message for partition in sorted(self._messages) for message in self._messages[partition]]

    def _reach(self, partition: int, offset: int) -> None:
        end = self.waiting[partition]
        self.positions[partition] = max(self.positions[partition], min(offset, end))
        if offset >= end:
            del self.waiting[partition]
