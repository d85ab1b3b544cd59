"""The fields of an order message, derived from the contract, and what a decoder makes of messages. Decodes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pricing_lake.contracts.as_arrow import own_arrow_schema
from pricing_lake.contracts.bronze_orders import RAW_ORDERS_STREAM
from pricing_lake.sources.orders_stream_values import FieldError, Reader, reader_of

FROM_KAFKA = ("topic", "partition", "offset", "message_ts", "message_key")
"""Columns of the table that Kafka tells; all others are fields of the message's value."""
ROWS = pa.schema([pa.field(field.name, field.type) for field in own_arrow_schema(RAW_ORDERS_STREAM)])
FIELDS = pa.schema([field for field in ROWS if field.name not in FROM_KAFKA])
READERS: Mapping[str, Reader] = {field.name: reader_of(field.type) for field in FIELDS}

MALFORMED = "message_malformed"


@dataclass(frozen=True)
class Refused:
    """A message that is no order: its place in what was decoded, a stable reason, and one line without content."""

    position: int
    reason: str
    error: str


@dataclass(frozen=True)
class Decoded:
    """Rows of `FIELDS`, the place of each one's message, and the messages refused. Every place is in exactly one."""

    rows: pa.Table
    positions: np.ndarray
    refused: tuple[Refused, ...]


@dataclass(frozen=True)
class MalformedError(Exception):
    """A message cannot be read at all; the text says why without its content."""

    error: str


def read_fields(told: Mapping[str, object]) -> dict[str, object]:
    """The contract's fields of one message in the contract's types; null and absent are the same. Raises FieldError."""
    return {
        name: None if (value := told.get(name)) is None else reader(name, value) for name, reader in READERS.items()
    }


class Judged:
    """Collects messages that are read one at a time."""

    def __init__(self) -> None:
        self._rows: list[dict[str, object]] = []
        self._positions: list[int] = []
        self.refused: list[Refused] = []

    def take(self, position: int, told: Mapping[str, object]) -> None:
        """Keep one message's fields, or the reason why its first bad one cannot be read."""
        try:
            row = read_fields(told)
        except FieldError as error:
            self.refuse(position, error.reason, str(error))
        else:
            self._rows.append(row)
            self._positions.append(position)

    def refuse(self, position: int, reason: str, error: str) -> None:
        """Set one message aside."""
        self.refused.append(Refused(position, reason, error))

    def decoded(self) -> Decoded:
        """What was collected."""
        rows = pa.Table.from_pylist(self._rows, FIELDS)
        return Decoded(rows, np.array(self._positions, dtype=np.int64), tuple(self.refused))


def joined(parts: Sequence[Decoded]) -> Decoded:
    """Several parts of one sequence of messages, in their order."""
    if not parts:
        return Judged().decoded()
    return Decoded(
        pa.concat_tables([part.rows for part in parts]),
        np.concatenate([part.positions for part in parts]),
        tuple(refused for part in parts for refused in part.refused),
    )
