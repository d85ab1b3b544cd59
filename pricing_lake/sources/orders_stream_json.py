"""One JSON message, read strictly with the standard library: it defines what the bulk parser may take and may not."""

import json
from typing import NoReturn

from pricing_lake.sources.orders_stream_fields import READERS, MalformedError
from pricing_lake.sources.orders_stream_values import JsonNumber


class TooDeepError(Exception):
    """The message is nested deeper than Python reads."""


def read_object(payload: bytes) -> dict[str, object]:
    """Return the members of the one JSON object that a message is, numbers as they were written.

    White space around it is fine. Not fine, and a MalformedError: a byte order mark, bytes that are no UTF-8, NaN and
    Infinity, anything after the object, any other JSON value, and a field of the contract that occurs twice.
    """
    try:
        told = _DECODER.decode(payload.decode())
    except UnicodeDecodeError as error:
        raise MalformedError(f"no UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise MalformedError(f"no JSON: {error}") from None
    except RecursionError:
        raise TooDeepError from None
    if not isinstance(told, _Members):
        raise MalformedError("JSON, but no object")
    members = dict(told)
    if len(members) < len(told):
        names = [name for name, _ in told]
        twice = next((name for name in READERS if names.count(name) > 1), None)
        if twice:
            raise MalformedError(f"{twice} occurs twice")
    return members


class _Members(list[tuple[str, object]]):
    """An object's members in order, so that repeated ones show."""


def _refuse(constant: str) -> NoReturn:
    raise MalformedError(f"{constant} is no JSON number")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_Members, parse_float=JsonNumber, parse_int=JsonNumber, parse_constant=_refuse
)
