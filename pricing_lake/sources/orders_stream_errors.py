"""Kafka's errors as the lake's: what somebody must change, and what may work later. Says no property's value."""

import logging
from collections.abc import Mapping
from typing import Any, TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient

from pricing_lake.errors import (
    ConfigurationError,
    PricingLakeError,
    SourceDataError,
    SourceSchemaError,
    SourceUnavailableError,
)

_LOGGER = logging.getLogger(__name__)
_LOGGER.setLevel(logging.CRITICAL)  # librdkafka says the same ten times a second; what matters is raised
OURS = frozenset(
    {
        "auto.offset.reset",
        "bootstrap.servers",
        "enable.auto.commit",
        "enable.auto.offset.store",
        "enable.idempotence",
        "enable.partition.eof",
        "group.id",
        "isolation.level",
        "message.max.bytes",
        "transactional.id",
    }
)
"""Properties that decide whether messages are lost or doubled: no setting may change them."""

_REFUSED = {
    KafkaError._AUTHENTICATION,
    KafkaError._SSL,
    KafkaError.SASL_AUTHENTICATION_FAILED,
    KafkaError.UNSUPPORTED_SASL_MECHANISM,
    KafkaError.ILLEGAL_SASL_STATE,
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
}
_NO_TOPIC = {KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION}
_TOO_LARGE = {KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.RECORD_LIST_TOO_LARGE}
_GONE = {KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE}
_BROKEN = {KafkaError._BAD_MSG, KafkaError._BAD_COMPRESSION, KafkaError.INVALID_MSG}

Client = TypeVar("Client", Consumer, Producer, AdminClient)


def translated(error: KafkaError, doing: str) -> PricingLakeError:
    """The error to raise for one of Kafka's; `doing` says what did not work."""
    text = f"{doing}: {' '.join(error.str().split())} ({error.name()})"
    code = error.code()
    if code in _REFUSED:
        return ConfigurationError(f"{text}; check [orders_kafka_properties], ORDERS_KAFKA_PASSWORD and the rights")
    if code in _NO_TOPIC:
        return SourceSchemaError(f"{text}; create the topic, or correct its name")
    if code in _TOO_LARGE:
        return ConfigurationError(f"{text}; raise max.message.bytes of the topic")
    if code in _GONE:
        return SourceUnavailableError(f"{text}; messages were deleted while they were read, run it again")
    if code in _BROKEN:
        return SourceDataError(f"{text}; the log of the broker is damaged there; ask who runs it")
    return SourceUnavailableError(f"{text}; try again, or check ORDERS_KAFKA_BOOTSTRAP")


def is_refusal(error: KafkaError) -> bool:
    """Whether the other side turned us away, rather than being out of reach."""
    return error.code() in _REFUSED


def require_allowed(properties: Mapping[str, str]) -> None:
    """Raises ConfigurationError when a setting would take over what is ours to decide."""
    taken = sorted(OURS & set(properties))
    if taken:
        raise ConfigurationError(f"[orders_kafka_properties] must not set {', '.join(taken)}; remove it")


def made(kind: type[Client], properties: Mapping[str, str], own: Mapping[str, object]) -> Client:
    """A client of Kafka that logs through Python. Raises ConfigurationError for properties it refuses."""
    try:
        settings: dict[str, Any] = {**properties, **own}
        return kind(settings, logger=_LOGGER)
    except KafkaException as error:
        told = error.args[0].str()
    except (TypeError, ValueError) as error:
        told = str(error)
    named = sorted(name for name in properties if f'"{name}"' in told or f"`{name}`" in told) or sorted(properties)
    raise ConfigurationError(
        f"Kafka's client refuses [orders_kafka_properties]; check {', '.join(named) or 'the address'}"
    )
