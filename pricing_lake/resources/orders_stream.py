"""The order topic as a Dagster resource. Passwords are no fields of it: they are read when a run opens the stream."""

import os
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

from pricing_lake.errors import ConfigurationError

if TYPE_CHECKING:
    from pricing_lake.lake.feed import Feed
    from pricing_lake.lake.lane_letters import ReadLetters
    from pricing_lake.sources.orders_stream import OrdersStream
    from pricing_lake.sources.orders_stream_formats import ValueFormat
    from pricing_lake.sources.orders_stream_registry import RegistrySettings

PASSWORD, REGISTRY_USER = "ORDERS_KAFKA_PASSWORD", "ORDERS_SCHEMA_REGISTRY_USER_INFO"


class OrdersStreamResource(dg.ConfigurableResource["OrdersStreamResource"]):
    """The Kafka topic of orders; without an address the source is off.

    `kafka_properties` are librdkafka's and `registry_properties` those of Confluent's registry client, both without
    secrets: `sasl.password` comes from ORDERS_KAFKA_PASSWORD and the registry's `user:password` from
    ORDERS_SCHEMA_REGISTRY_USER_INFO. `resume_at` (partition to offset) is for the run config of the one run that goes
    on where the stored offsets cannot be read on from; a run whose offsets are well ignores it.
    """

    bootstrap_servers: str = ""
    topic: str = "orders"
    group_id: str = "pricing-lake"
    dlq_topic: str = ""
    value_format: str = "json"
    schema_registry_url: str = ""
    batch_messages: int = 100_000
    kafka_properties: dict[str, str] = Field(default_factory=dict)
    registry_properties: dict[str, str] = Field(default_factory=dict)
    resume_at: dict[str, int] = Field(default_factory=dict)

    @property
    def is_configured(self) -> bool:
        """Whether orders are to be expected at all."""
        return bool(self.bootstrap_servers)

    def feed(self) -> "Feed":
        """The topic as a feed of its table. Raises ConfigurationError for unusable settings."""
        from pricing_lake.lake.feed import NoFeed
        from pricing_lake.resources.orders_feed import OrdersFeed

        if not self.is_configured:
            return NoFeed()
        return OrdersFeed(self.stream(), {int(partition): offset for partition, offset in self.resume_at.items()})

    def letters(self) -> "ReadLetters":
        """What decodes dead letters again, as messages are decoded today; it needs no broker. Raises as `stream`."""
        from pricing_lake.resources.orders_letters import OrdersLetters

        return OrdersLetters(*self._format())

    def stream(self) -> "OrdersStream":
        """A stream of the topic, to be used in a `with` block. Raises ConfigurationError for unusable settings."""
        from pricing_lake.sources.orders_stream import OrdersStream, OrdersStreamSettings

        value_format, registry = self._format()
        return OrdersStream(
            OrdersStreamSettings(
                bootstrap_servers=self.bootstrap_servers,
                topic=self.topic,
                group_id=self.group_id,
                properties=self.kafka_properties | _secret(PASSWORD, "sasl.password"),
                value_format=value_format,
                registry=registry,
                dlq_topic=self.dlq_topic,
                max_messages=self.batch_messages,
            )
        )

    def _format(self) -> "tuple[ValueFormat, RegistrySettings | None]":
        from pricing_lake.sources.orders_stream_formats import ValueFormat
        from pricing_lake.sources.orders_stream_registry import RegistrySettings

        try:
            value_format = ValueFormat(self.value_format)
        except ValueError:
            known = ", ".join(ValueFormat)
            raise ConfigurationError(f"ORDERS_VALUE_FORMAT={self.value_format!r} is not known; use {known}") from None
        url, user = self.schema_registry_url, _secret(REGISTRY_USER, "basic.auth.user.info")
        return value_format, RegistrySettings(url, self.registry_properties | user) if url else None


def _secret(variable: str, name: str) -> dict[str, str]:
    """The property `name`, when its secret is set."""
    value = os.environ.get(variable)
    return {name: value} if value else {}
