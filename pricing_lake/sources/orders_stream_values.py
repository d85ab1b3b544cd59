"""One field of an order, from what a message holds to the contract's type, exactly; text formats are read here only.

The bulk parser of `orders_stream_decode` accepts less than this and never anything else: a test holds the two together.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Context, Decimal, Inexact, InvalidOperation
from uuid import UUID

import pyarrow as pa

from pricing_lake.errors import ContractError

_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_INSTANT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[ Tt](\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?([Zz]|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII,
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_WHITE_SPACE = " \t\r\n"
_EXACT = Context(prec=100, traps=[Inexact, InvalidOperation])
FIRST_INSTANT = datetime(1, 1, 1, tzinfo=UTC)
LAST_INSTANT = datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)


class JsonNumber(str):
    """A number as JSON wrote it, so that none of its digits is lost."""

    __slots__ = ()


class FieldError(Exception):
    """A field holds what its type cannot. `reason` is what dead letters count by; the text never tells the value."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


Reader = Callable[[str, object], object]
"""Takes a field's name and its value, which is never null; raises FieldError."""


def reader_of(kind: pa.DataType) -> Reader:
    """The reader of a type that a contract may give to a message's field. Raises ContractError for any other."""
    if pa.types.is_string(kind):
        return read_text
    if pa.types.is_decimal(kind):
        return lambda name, value: read_decimal(name, value, kind.precision, kind.scale)
    if pa.types.is_timestamp(kind) and kind.unit == "us" and kind.tz == "UTC":
        return read_instant
    raise ContractError(f"fields of the order stream cannot be {kind}; add a reader for it")


def read_text(name: str, value: object) -> str:
    """Text as it is. A number is refused: which of its spellings was meant, nobody knows."""
    if type(value) is str:
        if value.isascii() or not _SURROGATE.search(value):
            return value
        raise _unparseable(name, "holds half a surrogate pair")
    if isinstance(value, UUID):
        return str(value)
    raise _unparseable(name, f"is {_kind(value)}, not text")


def read_decimal(name: str, value: object, precision: int, scale: int) -> Decimal:
    """A decimal, a whole number, or text of one. Nothing is rounded: what does not fit is out of range."""
    if isinstance(value, str):
        number = _decimal_of(name, value)
    elif isinstance(value, Decimal) or type(value) is int:
        number = Decimal(value)
    else:
        raise _unparseable(name, f"is {_kind(value)}, not an exact number")
    if not number.is_finite():
        raise _unparseable(name, "is not finite")
    if number and number.adjusted() >= precision - scale:
        raise FieldError(f"{name}_out_of_range", f"{name} has more than {precision - scale} digits before the point")
    try:
        return (number or Decimal(0)).quantize(Decimal(1).scaleb(-scale), context=_EXACT)
    except (Inexact, InvalidOperation):
        raise FieldError(f"{name}_out_of_range", f"{name} has more than {scale} digits after the point") from None


def read_instant(name: str, value: object) -> datetime:
    """ISO 8601 text or a time. Without an offset it is UTC, as everywhere in the lake; below microseconds it is cut."""
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
    elif type(value) is str:
        moment = _instant_of(name, value)
    else:
        raise _unparseable(name, f"is {_kind(value)}, not a time in ISO 8601")
    if moment.tzinfo is UTC:
        return moment
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise FieldError(f"{name}_out_of_range", f"{name} lies outside the years 1 to 9999") from None


def _decimal_of(name: str, text: str) -> Decimal:
    stripped = text.strip(_WHITE_SPACE)
    if not _DECIMAL.fullmatch(stripped):
        raise _unparseable(name, "is text that is no number")
    try:
        return Decimal(stripped)
    except InvalidOperation:  # an exponent of twenty digits
        raise FieldError(f"{name}_out_of_range", f"{name} has an exponent beyond all amounts") from None


def _instant_of(name: str, text: str) -> datetime:
    found = _INSTANT.fullmatch(text.strip(_WHITE_SPACE))
    if not found:
        raise _unparseable(name, "is no time in ISO 8601")
    year, month, day, hour, minute, second = (int(part) if part else 0 for part in found.groups()[:6])
    microsecond = int(found[7].ljust(6, "0")[:6]) if found[7] else 0
    try:
        return datetime(year, month, day, hour, minute, second, microsecond, tzinfo=_offset(found[8] or "Z"))
    except ValueError:
        raise _unparseable(name, "is a time that does not exist") from None


def _offset(text: str) -> timezone:
    if text in "Zz":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 23 or minutes > 59:
        raise ValueError(text)
    away = timedelta(hours=hours, minutes=minutes)
    return timezone(-away if text[0] == "-" else away)


def _unparseable(name: str, detail: str) -> FieldError:
    return FieldError(f"{name}_unparseable", f"{name} {detail}")


_KINDS: tuple[tuple[type, str], ...] = (
    (JsonNumber, "a number"),
    (str, "text"),
    (bool, "true or false"),
    (int, "a number"),
    (float, "a binary float"),
    (Decimal, "a number"),
    (bytes, "bytes"),
    (dict, "an object"),
    (list, "a list or an object"),
    (tuple, "an object"),
)


def _kind(value: object) -> str:
    return next((word for kind, word in _KINDS if isinstance(value, kind)), type(value).__name__)
