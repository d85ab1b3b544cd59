"""DynamoDB's typed values as text, exactly. Which attribute means what is not known here."""

import base64
import json
from decimal import Decimal
from typing import Any, NamedTuple

from boto3.dynamodb.types import Binary, TypeDeserializer

_DESERIALIZER = TypeDeserializer()
_UNREADABLE = (TypeError, ValueError, AttributeError, ArithmeticError)
"""What the deserializer raises for a value that DynamoDB itself would not have written."""


class ReadValue(NamedTuple):
    """A value as text, and whether it is a string, a number or null: what a column of a table can hold."""

    text: str | None
    is_plain: bool


def read_value(value: Any) -> ReadValue:
    """Read one typed value, such as `{"N": "12.5"}`; nothing raises.

    A number keeps all its digits and loses an exponent. Whatever is not plain is shown for a reader's eyes: booleans
    as in JSON, binary as base64, lists, maps and sets as JSON, and as JSON too what is no typed value at all.
    """
    match value:
        case {"S": str(text)} if len(value) == 1:
            return ReadValue(_encodable(text), True)
        case {"N": str(digits)} if len(value) == 1:
            number = _number(digits)
            return ReadValue(number or json.dumps(value), number is not None)
        case {"NULL": True} if len(value) == 1:
            return ReadValue(None, True)
        case _:
            return ReadValue(_encodable(_shown(value)), False)


def _number(digits: str) -> str | None:
    try:
        number = _DESERIALIZER.deserialize({"N": digits})
    except _UNREADABLE:
        return None
    return format(number, "f") if number.is_finite() else None


def _shown(value: object) -> str:
    try:
        return _untyped(_DESERIALIZER.deserialize(value))
    except _UNREADABLE:
        return json.dumps(value, default=repr)


def _untyped(found: Any) -> str:
    if isinstance(found, Binary):
        return base64.b64encode(bytes(found.value)).decode()
    if isinstance(found, Decimal):
        return format(found, "f")
    return json.dumps(found, default=_nested, sort_keys=True, ensure_ascii=False)


def _nested(found: Any) -> Any:
    return sorted(map(_untyped, found)) if isinstance(found, set) else _untyped(found)


def _encodable(text: str) -> str:
    """Return the text with a question mark for each half of a surrogate pair, which no later step could store."""
    return text if text.isascii() else text.encode(errors="replace").decode()
