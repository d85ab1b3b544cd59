"""Whatever bytes come: every message once, good rows as the standard library reads them, neighbours without effect."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pricing_lake.sources.orders_stream_decode import decode_json, rows_if_sound
from pricing_lake.sources.orders_stream_fields import FIELDS, MalformedError, read_fields
from pricing_lake.sources.orders_stream_json import TooDeepError, read_object
from pricing_lake.sources.orders_stream_values import FieldError
from pricing_lake_tests.sources.order_messages import ORDER, order, written

FRAGMENTS = st.sampled_from(
    [b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"\n", b" ", b"\x00", b"\xff", b"null", b"true", b"NaN", b"-Inf",
     b"Infinity", b"1e5", b"-", b"0", b'"order_id"', b'"amount"', b"{}", b'{"a":1}', b'"x":[', b"\xc3\xa4", b"\\u0000",
     b"\\ud800", b"//", b"\xef\xbb\xbf"]
)  # fmt: skip
NUMBERS = st.one_of(
    st.from_regex(r"-?(0|[1-9][0-9]{0,19})(\.[0-9]{1,5})?([eE][+-]?[0-9]{1,3})?", fullmatch=True),
    st.decimals(allow_nan=False, allow_infinity=False, places=2).map(str),
)
AMOUNT_TEXTS = st.from_regex(r"[+-]?[0-9]{0,19}\.?[0-9]{0,4}([eE][+-]?[0-9]{1,2})?", fullmatch=True)
INSTANTS = st.from_regex(
    r"[0-9]{4}-[01][0-9]-[0-3][0-9]"
    r"([ T][0-2][0-9](:[0-5][0-9](:[0-6][0-9](\.[0-9]{1,9})?)?)?(Z|[+-][0-2][0-9]:?[0-5][0-9])?)?",
    fullmatch=True,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from([*ORDER, "note", "_o"])
SOUND = st.builds(lambda text: order(order_id=text), st.text(max_size=20))
CHANGED = st.dictionaries(NAMES, JSON, max_size=3).map(lambda changes: order(**changes))
AMOUNTS = st.one_of(NUMBERS, AMOUNT_TEXTS.map(json.dumps)).map(lambda text: written(amount=text))
TIMES = INSTANTS.map(lambda text: order(event_ts=text))


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A message with a stretch of it replaced."""
    message = draw(SOUND | CHANGED | AMOUNTS)
    start = draw(st.integers(0, len(message)))
    stop = draw(st.integers(start, min(start + draw(st.sampled_from([0, 1, 3, 1_000])), len(message))))
    return message[:start] + draw(FRAGMENTS) + message[stop:]


ANY = st.one_of(
    SOUND,
    CHANGED,
    AMOUNTS,
    TIMES,
    mutated(),
    st.lists(FRAGMENTS, max_size=8).map(b"".join),
    st.lists(SOUND | mutated() | FRAGMENTS, min_size=2, max_size=3).map(b"".join),
    st.binary(max_size=40),
)
MANY = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def as_the_standard_library_reads(message: bytes) -> dict[str, Any]:
    """The fields of a message that is a row; fails where the standard library would not read it."""
    told = json.loads(message.decode(), parse_float=Decimal, parse_int=Decimal, parse_constant=None)
    row = {name: told.get(name) for name in FIELDS.names}
    if row["amount"] is not None:
        row["amount"] = Decimal(row["amount"])
    if row["event_ts"] is not None:
        moment = datetime.fromisoformat(row["event_ts"].strip())
        row["event_ts"] = moment.replace(tzinfo=moment.tzinfo or UTC)
    return row


@MANY
@given(st.lists(ANY, max_size=40))
def test_every_message_comes_out_once_and_rows_are_what_the_standard_library_reads(messages: list[bytes]) -> None:
    decoded = decode_json(messages)
    refused = [one.position for one in decoded.refused]
    assert sorted([*decoded.positions.tolist(), *refused]) == list(range(len(messages)))
    assert decoded.positions.tolist() == sorted(decoded.positions.tolist())
    decoded.rows.validate(full=True)
    for position, row in zip(decoded.positions.tolist(), decoded.rows.to_pylist(), strict=True):
        assert row == as_the_standard_library_reads(messages[position])


@MANY
@given(st.lists(ANY, min_size=2, max_size=40))
def test_what_becomes_of_a_message_does_not_depend_on_its_neighbours(messages: list[bytes]) -> None:
    together = decode_json(messages)
    rows = dict(zip(together.positions.tolist(), together.rows.to_pylist(), strict=True))
    reasons = {one.position: (one.reason, one.error) for one in together.refused}
    for position, message in enumerate(messages):
        alone = decode_json([message])
        assert alone.rows.to_pylist() == ([rows[position]] if position in rows else [])
        assert [(one.reason, one.error) for one in alone.refused] == [
            reasons[position] for _ in range(position in reasons)
        ]


@MANY
@given(ANY)
def test_the_bulk_parser_takes_nothing_that_the_strict_reader_refuses(message: bytes) -> None:
    rows = rows_if_sound(message)
    if rows is None:
        return
    try:
        assert rows.to_pylist() == [read_fields(read_object(message))]
    except TooDeepError:
        assert message.count(b"[") + message.count(b"{") > 500
    except (MalformedError, FieldError) as error:
        raise AssertionError(f"{message!r} was taken in bulk: {error}") from None
