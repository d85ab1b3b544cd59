"""A result of MySQL's text protocol as Arrow text: the bytes that the server sent, never made into Python values."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pymysql.connections import Connection
from pymysql.cursors import SSCursor
from pymysql.protocol import MysqlPacket

from pricing_lake.errors import SourceDataError

NULL = 251
WIDTHS = {252: 2, 253: 3, 254: 8}
"""How many bytes of length follow these marks; below 251 the mark is the length itself."""
PIECE_ROWS = 256

Places = npt.NDArray[np.int64]
Values = tuple[bytes | None, ...]


@contextmanager
def streamed(connection: Connection, statement: str, values: Mapping[str, str] | None) -> Iterator[SSCursor]:
    """Run a statement on a connection without decoders; give the cursor, whose rows are whole packets (`bytes`).

    The driver would split each row by four calls per value. A version of it that no longer asks the result for
    `_read_row_from_packet` does so and gives rows of values, which `as_batches` understands as well.
    """
    cursor = connection.cursor(SSCursor)
    cursor.execute(statement, values)
    result = cursor._result
    result._read_row_from_packet = MysqlPacket.get_all_data
    try:
        yield cursor
    finally:
        if result.unbuffered_active:  # to keep the session, all rows that are left would have to be received
            result.unbuffered_active = False
            connection.close()
        cursor.close()


def as_batches(cursor: SSCursor, schema: pa.Schema, batch_rows: int, batch_bytes: int) -> Iterator[pa.RecordBatch]:
    """Give what is left of a result as batches of `schema`, which has text columns only.

    A batch has `batch_rows` rows, or fewer when `batch_bytes` are reached before.
    """
    while rows := _filled(cursor, batch_rows, batch_bytes):
        are_packets = isinstance(rows[0], bytes)
        columns = _split_packets(rows, len(schema)) if are_packets else _split_values(rows)
        yield pa.RecordBatch.from_arrays([_text(column) for column in columns], schema=schema)


def _filled(cursor: SSCursor, batch_rows: int, batch_bytes: int) -> list[Any]:
    rows: list[Any] = []
    held = 0
    while len(rows) < batch_rows and held < batch_bytes:
        piece = cursor.fetchmany(min(PIECE_ROWS, batch_rows - len(rows)))
        if not piece:
            break
        rows.extend(piece)
        held += sum(map(len, piece))
    return rows


def _split_packets(packets: Sequence[bytes], columns: int) -> Iterator[pa.LargeBinaryArray]:
    """Split row packets into columns, all rows at once.

    A packet is its values one after the other, each a length and so many bytes (MySQL's client protocol,
    "length-encoded string"). What lies between two values of one column is the value of an array too, so that
    neighbouring offsets serve both, and taking every other one leaves the column.
    """
    data = b"".join(packets)
    octets = np.frombuffer(data, np.uint8)
    ends = np.cumsum([len(packet) for packet in packets])
    at = np.concatenate(([0], ends[:-1]))
    every_other = np.arange(0, 2 * len(packets), 2)
    for _ in range(columns):
        start, length, is_null = _lengths(octets, at)
        at = start + length
        offsets = np.stack((start, at), axis=1).ravel()
        slices = pa.LargeBinaryArray.from_buffers(
            pa.large_binary(), len(offsets) - 1, [None, pa.py_buffer(offsets), pa.py_buffer(data)]
        )
        yield slices.take(pa.array(every_other, mask=is_null))
    if not np.array_equal(at, ends):
        raise SourceDataError("the MySQL server sent rows of another shape than it announced: update pymysql")


def _lengths(octets: npt.NDArray[np.uint8], at: Places) -> tuple[Places, Places, npt.NDArray[np.bool_]]:
    """Return where each row's next value starts, how long it is, and which ones are NULL."""
    marks = octets[at]
    is_null = marks == NULL
    start = at + 1
    length = np.where(is_null, 0, marks).astype(np.int64)
    if marks.max() > NULL:
        for mark, width in WIDTHS.items():
            rows = np.flatnonzero(marks == mark)
            digits = octets[start[rows, np.newaxis] + np.arange(width)].astype(np.int64)
            length[rows] = digits @ (1 << 8 * np.arange(width))
            start[rows] += width
    return start, length, is_null


def _split_values(rows: Sequence[Values]) -> Iterator[pa.LargeBinaryArray]:
    """Turn rows that the driver split itself into columns."""
    return (pa.array(values, pa.large_binary()) for values in zip(*rows, strict=True))


def _text(column: pa.LargeBinaryArray) -> pa.StringArray:
    """Return bytes as text; each byte that is not UTF-8 becomes U+FFFD."""
    try:
        return column.cast(pa.string())
    except pa.ArrowInvalid:
        values = column.to_pylist()
        return pa.array([None if value is None else value.decode(errors="replace") for value in values], pa.string())
