"""The order topic as a source: what there is to read, one bounded batch of it, its dead letters, and how far we are.

Where reading stands is told by the caller, who stores it with the rows; Kafka's own group offsets are never read.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import pyarrow as pa

from pricing_lake.errors import ConfigurationError, PricingLakeError, SourceDataError
from pricing_lake.sources.orders_stream_broker import Timeouts, TopicReader
from pricing_lake.sources.orders_stream_dead_letters import DeadLetters
from pricing_lake.sources.orders_stream_errors import require_allowed
from pricing_lake.sources.orders_stream_formats import ValueFormat, decoder
from pricing_lake.sources.orders_stream_messages import DeadLetter, Messages
from pricing_lake.sources.orders_stream_offsets import BatchPlan, Offsets, Watermarks, fair_shares, starts
from pricing_lake.sources.orders_stream_registry import Registry, RegistrySettings

NAME = "orders_kafka"
"""Name that rows carry as `_source_system`."""


@dataclass(frozen=True)
class OrdersStreamSettings:
    """Which topic is read and how. `properties` are librdkafka's for the connection and are never printed.

    `max_messages` bounds a batch; `max_bytes` ends one early, so that large messages do not fill memory.
    """

    bootstrap_servers: str
    topic: str
    group_id: str = "pricing-lake"
    properties: Mapping[str, str] = field(default_factory=dict, repr=False)
    value_format: ValueFormat = ValueFormat.JSON
    registry: RegistrySettings | None = None
    dlq_topic: str = ""
    max_messages: int = 100_000
    max_bytes: int = 256 << 20
    timeouts: Timeouts = field(default_factory=Timeouts)

    def __post_init__(self) -> None:
        if not self.bootstrap_servers or not self.topic:
            raise ConfigurationError("ORDERS_KAFKA_BOOTSTRAP and ORDERS_TOPIC must both be set")
        if min(self.max_messages, self.max_bytes) < 1:
            raise ConfigurationError("ORDERS_BATCH_MESSAGES and the bytes of a batch must be at least 1")
        if self.dead_letter_topic == self.topic:
            raise ConfigurationError(f"ORDERS_DLQ_TOPIC is {self.topic}, which is read; letters need their own topic")
        if self.value_format != ValueFormat.JSON and self.registry is None:
            raise ConfigurationError(f"ORDERS_VALUE_FORMAT={self.value_format} needs ORDERS_SCHEMA_REGISTRY_URL")
        require_allowed(self.properties)

    @property
    def dead_letter_topic(self) -> str:
        """Where messages go that cannot be used."""
        return self.dlq_topic or f"{self.topic}.dlq"

    @property
    def connection(self) -> dict[str, str]:
        """Properties that every client of the cluster gets."""
        return {**self.properties, "bootstrap.servers": self.bootstrap_servers}


@dataclass(frozen=True)
class OrdersBatch:
    """One batch: `rows` in the columns and types of the contract, a letter for every message that gave no row.

    `received` = rows + poison. Offsets up to `until` are used up once rows and letters are stored.
    """

    rows: pa.Table
    poison: tuple[DeadLetter, ...]
    received: int
    until: Offsets
    messages: Messages = field(repr=False)

    def letters_of(self, quarantined: pa.Table) -> tuple[DeadLetter, ...]:
        """Letters for rows of this batch that the contract refused; see `Messages.letters_of`."""
        return self.messages.letters_of(quarantined)


@dataclass(frozen=True)
class OrdersStreamFacts:
    """What `doctor` tells: `messages` are those the topic holds now; `schema_types` is None without a registry."""

    cluster_id: str
    brokers: int
    partitions: int
    messages: int
    latency_seconds: float
    missing_topics: tuple[str, ...]
    schema_types: tuple[str, ...] | None


class OrdersStream:
    """Reads the topic by assignment, `read_committed`, only within the plan it is given. Use it in a `with` block.

    All methods raise ConfigurationError (address, credentials, rights), SourceSchemaError (no such topic) and
    SourceUnavailableError (no answer in time).
    """

    def __init__(self, settings: OrdersStreamSettings) -> None:
        """Connects in the background; raises ConfigurationError for properties that the clients refuse."""
        self.settings = settings
        self._registry = Registry(settings.registry) if settings.registry else None
        self._decode = decoder(settings.value_format, self._registry)
        self._reader = TopicReader(settings.topic, settings.group_id, settings.connection, settings.timeouts)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Disconnect; the object is of no use afterwards."""
        self._reader.close()
        if self._registry:
            self._registry.close()

    def plan(self, stored: Offsets | None, resume_at: Mapping[int, int] | None = None) -> BatchPlan:
        """What the next batch is: at most `max_messages`, shared fairly among partitions; it may be empty.

        Partitions begin as `stored`, those unknown at their first message. `resume_at` names partitions that begin
        elsewhere, once. Raises SourceDataError when reading on would lose or repeat messages; see `starts`.
        """
        since, watermarks = self._since(stored, resume_at or {})
        lags = {partition: watermarks[partition].high - start for partition, start in since.next}
        shares = fair_shares(lags, self.settings.max_messages)
        return BatchPlan(
            since, since.advanced({partition: start + shares[partition] for partition, start in since.next})
        )

    def read(self, plan: BatchPlan) -> OrdersBatch:
        """Read what `plan` says and decode it.

        `until` is the plan's end, or before it when `max_bytes` were exceeded: then the next batch goes on from there.
        Raises SourceDataError when the topic is not the planned one any more.
        """
        if plan.since.topic != self.settings.topic:
            raise ConfigurationError(f"the plan is of topic {plan.since.topic}, this stream of {self.settings.topic}")
        received, positions = self._reader.fetch(plan, self.settings.max_bytes) if not plan.is_empty else ([], {})
        self._require_still_there(plan.since.topic_id)
        messages = Messages(self.settings.topic, received)
        rows, poison = messages.decoded(self._decode)
        return OrdersBatch(rows, poison, len(received), plan.since.advanced(positions), messages)

    def lag(self, stored: Offsets | None) -> dict[int, int]:
        """Offsets not yet read, per partition; raises like `plan`, so that a sensor is as loud as a run."""
        since, watermarks = self._since(stored, {})
        return {partition: watermarks[partition].high - start for partition, start in since.next}

    def send_letters(self, letters: Sequence[DeadLetter], run_id: str) -> None:
        """Send letters to the dead-letter topic, all confirmed; see `DeadLetters.send`. No letters: nothing happens."""
        if letters:
            timeout = self.settings.timeouts.delivery
            DeadLetters(self.settings.dead_letter_topic, self.settings.connection, timeout).send(letters, run_id)

    def commit_group_offsets(self, offsets: Offsets) -> str:
        """Show dashboards how far the lake is. Returns what went wrong, or nothing: nobody reads these offsets back."""
        try:
            self._reader.commit(offsets.by_partition)
        except PricingLakeError as error:
            return str(error)
        return ""

    def probe(self) -> OrdersStreamFacts:
        """What is there. A missing topic is told; a cluster or registry that does not answer is raised."""
        begun = time.monotonic()
        facts = self._reader.facts()
        latency = time.monotonic() - begun
        letters = self._reader.facts(self.settings.dead_letter_topic)
        there = {self.settings.topic: facts, self.settings.dead_letter_topic: letters}
        marks = self._reader.watermarks(facts.partitions).values()
        return OrdersStreamFacts(
            facts.cluster_id,
            facts.brokers,
            len(facts.partitions),
            sum(mark.high - mark.low for mark in marks),
            latency,
            tuple(name for name, found in there.items() if not found.partitions),
            self._registry.probe() if self._registry else None,
        )

    def _require_still_there(self, planned: str) -> None:
        """Asked after reading: whatever was read before is of the topic that is there now, or of the one planned."""
        now = self._reader.topic_id() if planned else ""
        if now and now != planned:
            raise SourceDataError(
                f"topic {self.settings.topic} was deleted and created again while it was read; nothing of it is taken"
            )

    def _since(self, stored: Offsets | None, resume_at: Mapping[int, int]) -> tuple[Offsets, Mapping[int, Watermarks]]:
        facts = self._reader.existing()
        watermarks = self._reader.watermarks(facts.partitions)
        now = Offsets.of(self.settings.topic, facts.cluster_id, self._reader.topic_id(), {})
        return starts(stored, now, watermarks, resume_at), watermarks
