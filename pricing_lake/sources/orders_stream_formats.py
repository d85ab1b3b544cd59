"""From received messages to fields, by the format that the topic's values have. Each decoder is in its own module."""

from collections.abc import Callable, Sequence
from enum import StrEnum

import numpy as np
from confluent_kafka import Message
from confluent_kafka.schema_registry import Schema

from pricing_lake.errors import ConfigurationError
from pricing_lake.sources.orders_stream_avro import AvroReader, UnusableSchemaError
from pricing_lake.sources.orders_stream_decode import decode_json
from pricing_lake.sources.orders_stream_fields import MALFORMED, Decoded, Judged, MalformedError, Refused
from pricing_lake.sources.orders_stream_framing import NotFramedError, SchemaName, headers_of, unframed
from pricing_lake.sources.orders_stream_registry import AVRO, JSON_SCHEMA, Registry, UnknownSchemaError

Decode = Callable[[Sequence[Message]], Decoded]
"""Takes messages that have a value; places in the result are places in what was given."""


class ValueFormat(StrEnum):
    """How the topic's values are written."""

    JSON = "json"
    JSON_SCHEMA = "json_schema"
    AVRO = "avro"


def decoder(value_format: ValueFormat, registry: Registry | None) -> Decode:
    """The decoder of a format. Raises ConfigurationError when it needs a registry and there is none."""
    if value_format == ValueFormat.JSON:
        return lambda messages: decode_json([message.value() or b"" for message in messages])
    if registry is None:
        raise ConfigurationError(f"ORDERS_VALUE_FORMAT={value_format} needs ORDERS_SCHEMA_REGISTRY_URL")
    if value_format == ValueFormat.JSON_SCHEMA:
        return lambda messages: _decode_json_schema(messages, registry)
    return lambda messages: _decode_avro(messages, registry)


def _decode_json_schema(messages: Sequence[Message], registry: Registry) -> Decoded:
    """Frames off, every schema looked up, then all in bulk. The contract judges the content, not the JSON Schema."""
    payloads, places, refused = [], [], []
    for place, message in enumerate(messages):
        try:
            payload = _opened(message, registry, JSON_SCHEMA)[2]
        except _RefusedError as error:
            refused.append(Refused(place, error.reason, str(error)))
        else:
            payloads.append(payload)
            places.append(place)
    decoded = decode_json(payloads)
    refused += [Refused(places[one.position], one.reason, one.error) for one in decoded.refused]
    return Decoded(decoded.rows, np.array(places, dtype=np.int64)[decoded.positions], tuple(refused))


def _decode_avro(messages: Sequence[Message], registry: Registry) -> Decoded:
    judged, reader = Judged(), AvroReader(registry)
    for place, message in enumerate(messages):
        try:
            judged.take(place, reader.read(*_opened(message, registry, AVRO)))
        except _RefusedError as error:
            judged.refuse(place, error.reason, str(error))
        except MalformedError as error:
            judged.refuse(place, MALFORMED, error.error)
        except UnusableSchemaError as error:
            judged.refuse(place, "message_schema_unusable", f"the schema it names cannot be used ({error})")
    return judged.decoded()


class _RefusedError(Exception):
    """A frame that leads nowhere."""

    def __init__(self, reason: str, error: str) -> None:
        super().__init__(error)
        self.reason = reason


def _opened(message: Message, registry: Registry, kind: str) -> tuple[SchemaName, Schema, bytes]:
    try:
        name, payload = unframed(message.value() or b"", headers_of(message))
        schema = registry.schema(name)
    except NotFramedError as error:
        raise _RefusedError("message_not_framed", str(error)) from None
    except UnknownSchemaError:
        raise _RefusedError("message_schema_unknown", "the registry has no schema of the name it gives") from None
    if (schema.schema_type or AVRO) != kind:
        raise _RefusedError("message_schema_wrong_type", f"{name} is of type {schema.schema_type}, not {kind}")
    return name, schema, payload
