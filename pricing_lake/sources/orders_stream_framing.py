"""The registry's frame around a message: which schema it names, and where its own bytes begin. Decodes nothing."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from confluent_kafka import Message

SCHEMA_HEADER = "__value_schema_id"
"""Header in which newer serializers name the schema; the value then has no frame."""
_NUMBER = struct.Struct(">bI")
_BY_NUMBER, _BY_GUID = 0, 1
_GUID_END = 17

Headers = Sequence[tuple[str, bytes | str | None]]


@dataclass(frozen=True)
class SchemaName:
    """How a message names its schema: by its number in the registry, or by its GUID."""

    number: int | None = None
    guid: str | None = None

    def __str__(self) -> str:
        return f"schema {self.guid if self.number is None else self.number}"


def headers_of(message: Message) -> Headers:
    """A message's headers in their order, repeated ones too."""
    found = message.headers() or ()
    return list(found.items()) if isinstance(found, dict) else list(found)


class NotFramedError(Exception):
    """The message names no schema."""


def unframed(value: bytes, headers: Headers) -> tuple[SchemaName, bytes]:
    """Return the schema's name and the message without its frame. Raises NotFramedError.

    A header wins over the frame, as in Confluent's own deserializers; both hold a magic byte, 0 before a number of
    four bytes and 1 before a GUID of sixteen.
    """
    told = next((found for name, found in headers if name == SCHEMA_HEADER), None)
    if isinstance(told, bytes):
        return _name(told, "header")[0], value
    name, length = _name(value, "value")
    return name, value[length:]


def _name(told: bytes, where: str) -> tuple[SchemaName, int]:
    if len(told) >= _NUMBER.size and told[0] == _BY_NUMBER:
        return SchemaName(number=_NUMBER.unpack_from(told)[1]), _NUMBER.size
    if len(told) >= _GUID_END and told[0] == _BY_GUID:
        return SchemaName(guid=str(UUID(bytes=told[1:_GUID_END]))), _GUID_END
    raise NotFramedError(f"its {where} does not begin with the number or GUID of a schema")
