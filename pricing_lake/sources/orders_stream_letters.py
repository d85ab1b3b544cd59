"""Dead letters as a lane keeps them, back into messages that today's decoder reads. Asks no broker, judges no contract.

What Kafka told of a message is in its letter, but for headers: only the one that names a schema is kept.
"""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any

import pyarrow as pa
from confluent_kafka import TIMESTAMP_CREATE_TIME, TIMESTAMP_NOT_AVAILABLE, Message

from pricing_lake.sources.orders_stream_fields import ROWS, Refused
from pricing_lake.sources.orders_stream_formats import Decode
from pricing_lake.sources.orders_stream_framing import SCHEMA_HEADER
from pricing_lake.sources.orders_stream_messages import SCHEMA_ID, Messages

Letter = Mapping[str, Any]
"""One line of a lane: the columns of `bronze/raw_orders_dlq` as JSON has them, and perhaps `SCHEMA_ID`."""
_NO_TIME = "message_ts_missing"


@dataclass(frozen=True)
class DecodedLetters:
    """Rows of the contract's columns and types, the letter that each is of, and the letters that gave none."""

    rows: pa.Table
    numbers: tuple[int, ...]
    refused: tuple[Refused, ...]


def decode_letters(letters: Sequence[Letter], decode: Decode) -> DecodedLetters:
    """Decode letters of any topics again; each is told by its number among `letters`.

    A letter without a time keeps its reason: what was wrong with Kafka's time is not kept, and nothing mends it.
    """
    rows, numbers, refused = [ROWS.empty_table()], [], []
    for topic, chosen in _by_topic(letters):
        found, places, rest = Messages(topic, [_message(letters[number]) for number in chosen]).judged(decode)
        rows.append(found)
        numbers += [chosen[place] for place in places]
        refused += [_standing(replace(one, position=chosen[one.position]), letters) for one in rest]
    return DecodedLetters(pa.concat_tables(rows), tuple(numbers), tuple(refused))


def _by_topic(letters: Sequence[Letter]) -> Iterator[tuple[str, list[int]]]:
    def topic_of(number: int) -> str:
        return str(letters[number]["topic"])

    for topic, chosen in groupby(sorted(range(len(letters)), key=topic_of), topic_of):
        yield topic, list(chosen)


def _standing(refused: Refused, letters: Sequence[Letter]) -> Refused:
    if refused.reason != _NO_TIME:
        return refused
    letter = letters[refused.position]
    return replace(refused, reason=letter["reason"], error=letter["error"])


def _message(letter: Letter) -> Message:
    told, key, schema_id = letter["message_ts"], letter["message_key"], letter.get(SCHEMA_ID)
    moment = None if told is None else datetime.fromisoformat(told)
    return Message(
        topic=letter["topic"],
        partition=letter["partition"],
        offset=letter["offset"],
        key=None if key is None else key.encode(),
        value=_value(letter),
        headers=None if schema_id is None else [(SCHEMA_HEADER, base64.b64decode(schema_id))],
        timestamp=(TIMESTAMP_NOT_AVAILABLE, -1) if moment is None else (TIMESTAMP_CREATE_TIME, _milliseconds(moment)),
    )


def _value(letter: Letter) -> bytes | None:
    text: str | None = letter["message"]
    if text is None:
        return None
    return base64.b64decode(text) if letter["message_is_base64"] else text.encode()


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000)
