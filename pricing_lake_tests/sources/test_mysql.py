"""What needs no server: how rows are split, what a session is told by product, what errors of MySQL mean."""

from collections.abc import Sequence
from itertools import chain
from typing import cast

import pyarrow as pa
import pymysql
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymysql.cursors import SSCursor

from pricing_lake.errors import ConfigurationError, PricingLakeError, SourceDataError, SourceUnavailableError
from pricing_lake.sources.adbc import ReadOptions
from pricing_lake.sources.mysql import _session
from pricing_lake.sources.mysql_errors import explain
from pricing_lake.sources.mysql_rows import as_batches

Row = list[bytes | None]


def sent(row: Row) -> bytes:
    """A row as the protocol sends it."""
    return b"".join(b"\xfb" if value is None else _length(len(value)) + value for value in row)


def _length(size: int) -> bytes:
    if size < 251:
        return bytes([size])
    for mark, width in ((252, 2), (253, 3), (254, 8)):
        if size < 1 << 8 * width:
            return bytes([mark]) + size.to_bytes(width, "little")
    raise AssertionError(size)


class Result:
    """A result as a cursor gives it, piece by piece."""

    def __init__(self, rows: Sequence[object]) -> None:
        self.rows = list(rows)

    def fetchmany(self, size: int) -> list[object]:
        piece, self.rows = self.rows[:size], self.rows[size:]
        return piece


def arrived(
    rows: Sequence[object], columns: int, batch_rows: int = 100, batch_bytes: int = 1 << 20
) -> list[list[tuple[str | None, ...]]]:
    """The values of each batch that a result becomes."""
    schema = pa.schema([(f"c{number}", pa.string()) for number in range(columns)])
    batches = list(as_batches(cast("SSCursor", Result(rows)), schema, batch_rows, batch_bytes))
    for batch in batches:
        batch.validate(full=True)
    return [list(zip(*(column.to_pylist() for column in batch.columns), strict=True)) for batch in batches]


VALUES = st.one_of(
    st.none(), st.text(max_size=20).map(str.encode), st.integers(240, 70_000).map(lambda size: b"x" * size)
)
ROWS = st.integers(1, 15).flatmap(lambda width: st.lists(st.lists(VALUES, min_size=width, max_size=width), min_size=1))


@settings(deadline=None)
@given(ROWS)
def test_rows_are_split_where_their_values_end(rows: list[Row]) -> None:
    expected = [tuple(None if value is None else value.decode() for value in row) for row in rows]
    for result in ([sent(row) for row in rows], [tuple(row) for row in rows]):
        assert list(chain(*arrived(result, len(rows[0])))) == expected


def test_a_value_of_more_than_sixteen_million_bytes_too() -> None:
    row = [b"a", b"x" * (1 << 24), None, b"b"]
    ((shown,),) = arrived([sent(row)], 4)
    assert shown == ("a", "x" * (1 << 24), None, "b")


def test_text_that_is_no_utf8_is_marked_where_it_is_wrong() -> None:
    column = [b"caf\xc3\xa9", None, b"caf\xe9", "🧥".encode()[:3]]
    assert arrived([sent([value]) for value in column], 1) == [[("café",), (None,), ("caf\ufffd",), ("\ufffd",)]]


@pytest.mark.parametrize(("options", "sizes"), [((1000, 1 << 20), [1000, 1000, 100]), ((1000, 100), [256] * 8 + [52])])
def test_a_batch_is_full_by_rows_or_by_bytes(options: tuple[int, int], sizes: list[int]) -> None:
    assert [len(rows) for rows in arrived([sent([b"x"])] * 2100, 1, *options)] == sizes


def test_rows_of_another_shape_are_told() -> None:
    with pytest.raises(SourceDataError, match="another shape"):
        arrived([sent([b"a", b"b"])], 1)


@pytest.mark.parametrize(
    ("version", "limit"),
    [
        ("5.5.5-10.11.19-MariaDB-0+deb12u1", "max_statement_time = 7,"),
        ("8.0.36", "max_execution_time = 7000,"),
        ("8.4.3-aurora", "max_execution_time = 7000,"),
    ],
)
def test_each_product_is_told_the_time_in_its_own_words(version: str, limit: str) -> None:
    assert limit in _session(version, ReadOptions(statement_timeout_seconds=7))


@pytest.mark.parametrize(
    ("code", "kind", "says"),
    [
        (3024, SourceUnavailableError, "statement timeout of 300 s"),
        (1040, SourceUnavailableError, "try again later"),
        (2006, SourceUnavailableError, "try again later"),
        (1412, SourceUnavailableError, "try again later"),
        (3159, ConfigurationError, "set ssl=true in the URL"),
        (1130, ConfigurationError, "let its user in from this host"),
        (1690, SourceDataError, "check its tables and views"),
    ],
)
def test_errors_that_the_test_server_does_not_give(code: int, kind: type[PricingLakeError], says: str) -> None:
    error = explain(pymysql.OperationalError(code, "first line\nsecond line"), "MySQL at h:3306/d", 300)
    assert type(error) is kind
    assert says in str(error)
    assert "\n" not in str(error)
