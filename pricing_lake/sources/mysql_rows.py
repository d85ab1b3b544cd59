"""A result of MySQL's text protocol as Arrow text: the bytes that the server sent, never made into Python values."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import pyarrow as pa
from pymysql.connections import Connection
from pymysql.cursors import SSCursor
from pymysql.protocol import MysqlPacket

NULL, TWO_BYTES, THREE_BYTES = 251, 252, 253

Row = list[bytes | None]


@contextmanager
def streamed(connection: Connection, statement: str, values: Mapping[str, str] | None) -> Iterator[SSCursor]:
    """Run a statement on a connection without decoders; give the cursor, whose rows are split by `split_row`.

    The driver's own splitting calls four methods for each value and takes three times as long. A version of it
    that no longer asks the result for `_read_row_from_packet` would use its own, with the same values.
    """
    cursor = connection.cursor(SSCursor)
    cursor.execute(statement, values)
    result = cursor._result
    result._read_row_from_packet = split_row
    try:
        yield cursor
    finally:
        if result.unbuffered_active:  # to keep the session, all rows that are left would have to be received
            result.unbuffered_active = False
            connection.close()
        cursor.close()


def split_row(packet: MysqlPacket) -> Row:
    """Return the values of one row packet, each of them a length and so many bytes.

    Lengths below 251 are one byte; 251 is NULL; 252, 253 and 254 precede a length of 2, 3 and 8 bytes
    (MySQL's client protocol, "length-encoded integer").
    """
    data = packet.get_all_data()
    end = len(data)
    at = 0
    row: Row = []
    add = row.append
    while at < end:
        length = data[at]
        at += 1
        if length < NULL:
            until = at + length
            add(data[at:until])
            at = until
        elif length == NULL:
            add(None)
        else:
            width = 2 if length == TWO_BYTES else 3 if length == THREE_BYTES else 8
            start = at + width
            at = start + int.from_bytes(data[at:start], "little")
            add(data[start:at])
    return row


def as_batches(cursor: SSCursor, schema: pa.Schema, batch_rows: int) -> Iterator[pa.RecordBatch]:
    """Give what is left of a result as batches of `schema`, which has text columns only."""
    while rows := cursor.fetchmany(batch_rows):
        columns = [text_array(values) for values in zip(*rows, strict=True)]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def text_array(values: Sequence[bytes | None]) -> pa.StringArray:
    """Return the values as text; each byte that is not UTF-8 becomes U+FFFD."""
    try:
        return pa.array(values, pa.string())
    except (pa.ArrowInvalid, UnicodeDecodeError):
        return pa.array([None if value is None else value.decode(errors="replace") for value in values], pa.string())
