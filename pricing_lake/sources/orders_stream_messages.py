"""Received messages: what Kafka itself tells of each as columns, those without value or time, and dead letters."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa
from confluent_kafka import TIMESTAMP_NOT_AVAILABLE, Message

from pricing_lake.contracts.as_arrow import own_arrow_schema
from pricing_lake.contracts.bronze_orders import RAW_ORDERS_DLQ
from pricing_lake.contracts.split import REASONS
from pricing_lake.errors import ContractError
from pricing_lake.sources.orders_stream_fields import ROWS, Refused
from pricing_lake.sources.orders_stream_formats import Decode
from pricing_lake.sources.orders_stream_framing import SCHEMA_HEADER, Headers, headers_of

SCHEMA_ID = "schema_id"
"""In a lane: base64 of the header that names the message's schema; its frame, if it has one, is in the message."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MILLISECOND = 253_402_300_799_999
"""The end of the year 9999, after which neither Python nor SQL has dates."""


@dataclass(frozen=True)
class DeadLetter:
    """A message that could not be used, with all that is needed to send it again. `message` is None for a tombstone."""

    topic: str
    partition: int
    offset: int
    message_ts: datetime | None
    message_key: str | None
    reason: str
    error: str
    message: bytes | None = field(repr=False)
    key: bytes | None = field(repr=False)
    headers: Headers = field(default=(), repr=False)

    @property
    def identity(self) -> str:
        """`topic-partition-offset`: the letter's key, equal when it is sent twice."""
        return f"{self.topic}-{self.partition}-{self.offset}"


class Messages:
    """Messages of one topic, each partition's in the order of its offsets."""

    def __init__(self, topic: str, messages: Sequence[Message]) -> None:
        self._topic = topic
        self._messages = messages

    def __len__(self) -> int:
        return len(self._messages)

    def decoded(self, decode: Decode) -> tuple[pa.Table, tuple[DeadLetter, ...]]:
        """Rows of the contract's columns and types, and a letter for every message that gave none."""
        rows, _, refused = self.judged(decode)
        return rows, tuple(self._letter(*vars(one).values()) for one in refused)

    def judged(self, decode: Decode) -> tuple[pa.Table, np.ndarray, list[Refused]]:
        """The same rows, the place of each one's message among these messages, and by place the messages refused."""
        refused, usable = self._without_value_or_time()
        found = decode([self._messages[place] for place in usable])
        places = np.array(usable, dtype=np.int64)
        refused += [Refused(int(places[one.position]), one.reason, one.error) for one in found.refused]
        chosen = places[found.positions]
        return self._rows(chosen, found.rows), chosen, sorted(refused, key=lambda one: one.position)

    def letters_of(self, quarantined: pa.Table) -> tuple[DeadLetter, ...]:
        """Letters of rows that the contract quarantined; the first of a row's reasons is its reason.

        Raises ContractError for a row that came from none of these messages.
        """
        places = {(one.partition(), one.offset()): place for place, one in enumerate(self._messages)}
        told = quarantined.select(["partition", "offset", REASONS]).to_pylist()
        letters = []
        for row in told:
            place = places.get((row["partition"], row["offset"]))
            if place is None:
                raise ContractError(f"no message {row['partition']}-{row['offset']} of {self._topic} was read")
            letters.append(self._letter(place, row[REASONS][0], broken_contract(row[REASONS])))
        return tuple(letters)

    def _without_value_or_time(self) -> tuple[list[Refused], list[int]]:
        refused, usable = [], []
        for place, message in enumerate(self._messages):
            kind, milliseconds = message.timestamp()
            if message.value() is None:
                refused.append(Refused(place, "message_tombstone", "has no value"))
            elif kind == TIMESTAMP_NOT_AVAILABLE or milliseconds == -1:
                refused.append(Refused(place, "message_ts_missing", "has no timestamp"))
            elif not 0 <= milliseconds <= _LAST_MILLISECOND:
                refused.append(Refused(place, "message_ts_out_of_range", "has a time before 1970 or after 9999"))
            else:
                usable.append(place)
        return refused, usable

    def _rows(self, places: np.ndarray, fields: pa.Table) -> pa.Table:
        chosen = [self._messages[place] for place in places.tolist()]
        columns = {
            "topic": pa.repeat(pa.scalar(self._topic), len(chosen)),
            "partition": pa.array([message.partition() for message in chosen], pa.int32()),
            "offset": pa.array([message.offset() for message in chosen], pa.int64()),
            "message_ts": pa.array([message.timestamp()[1] for message in chosen], pa.timestamp("ms", "UTC")),
            "message_key": pa.array([key_text(message.key()) for message in chosen], pa.string()),
        }
        told = {name: fields.column(name) for name in fields.column_names}
        return pa.table([(columns | told)[name] for name in ROWS.names], names=ROWS.names).cast(ROWS)

    def _letter(self, place: int, reason: str, error: str) -> DeadLetter:
        message = self._messages[place]
        kind, milliseconds = message.timestamp()
        known = kind != TIMESTAMP_NOT_AVAILABLE and 0 <= milliseconds <= _LAST_MILLISECOND
        return DeadLetter(
            self._topic,
            message.partition() or 0,
            message.offset() or 0,
            _EPOCH + timedelta(milliseconds=milliseconds) if known else None,
            key_text(message.key()),
            reason,
            error,
            message.value(),
            message.key(),
            headers_of(message),
        )


def broken_contract(reasons: Sequence[str]) -> str:
    """What a letter says of a message that was read and refused by the contract."""
    return f"breaks the contract: {', '.join(reasons)}"


def key_text(key: bytes | None) -> str | None:
    """A message's key as text. One that is no UTF-8 becomes `base64:` and its base64: no order is lost by its key."""
    if key is None:
        return None
    try:
        return key.decode()
    except UnicodeDecodeError:
        return f"base64:{base64.b64encode(key).decode()}"


def letter_rows(letters: Sequence[DeadLetter], day: date, run_id: str) -> pa.Table:
    """Letters as rows of `bronze/raw_orders_dlq`, in the columns and types of its contract.

    `SCHEMA_ID` is beside them where a header names a schema: without it nobody could decode those messages again.
    """
    rows = [
        {
            **{name: getattr(letter, name) for name in _SAME_NAMES},
            **_message_text(letter.message),
            "day": day,
            "run_id": run_id,
        }
        for letter in letters
    ]
    schema_ids = [_schema_id(letter.headers) for letter in letters]
    found = pa.Table.from_pylist(rows, _LETTERS)
    return found.append_column(SCHEMA_ID, pa.array(schema_ids, pa.string())) if any(schema_ids) else found


def _schema_id(headers: Headers) -> str | None:
    told = next((found for name, found in headers if name == SCHEMA_HEADER), None)
    return base64.b64encode(told).decode() if isinstance(told, bytes) else None


_LETTERS = pa.schema([pa.field(one.name, one.type) for one in own_arrow_schema(RAW_ORDERS_DLQ)])
_SAME_NAMES = [name for name in _LETTERS.names if name in DeadLetter.__dataclass_fields__ and name != "message"]


def _message_text(message: bytes | None) -> dict[str, object]:
    if message is None:
        return {"message": None, "message_is_base64": False}
    try:
        return {"message": message.decode(), "message_is_base64": False}
    except UnicodeDecodeError:
        return {"message": base64.b64encode(message).decode(), "message_is_base64": True}
