"""What needs no server: how rows are split, what a session is told by product, what errors of MySQL mean."""

import pyarrow as pa
import pymysql
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymysql.protocol import MysqlPacket

from pricing_lake.errors import ConfigurationError, PricingLakeError, SourceDataError, SourceUnavailableError
from pricing_lake.sources.adbc import ReadOptions
from pricing_lake.sources.mysql import _session
from pricing_lake.sources.mysql_errors import explain
from pricing_lake.sources.mysql_rows import split_row, text_array


def sent(row: list[bytes | None]) -> bytes:
    """A row as the protocol sends it."""
    return b"".join(b"\xfb" if value is None else _length(len(value)) + value for value in row)


def _length(size: int) -> bytes:
    if size < 251:
        return bytes([size])
    for mark, width in ((252, 2), (253, 3), (254, 8)):
        if size < 1 << 8 * width:
            return bytes([mark]) + size.to_bytes(width, "little")
    raise AssertionError(size)


VALUES = st.one_of(st.none(), st.binary(max_size=20), st.integers(240, 70_000).map(lambda size: b"x" * size))


@given(st.lists(VALUES, max_size=15))
def test_a_row_is_split_where_its_values_end(row: list[bytes | None]) -> None:
    assert split_row(MysqlPacket(sent(row), "utf8")) == row


def test_a_value_of_more_than_sixteen_million_bytes_too() -> None:
    row = [b"a", b"x" * (1 << 24), None, b"b"]
    assert split_row(MysqlPacket(sent(row), "utf8")) == row


def test_text_that_is_no_utf8_is_marked_where_it_is_wrong() -> None:
    array = text_array([b"caf\xc3\xa9", None, b"caf\xe9", "🧥".encode()[:3]])
    assert array.type == pa.string()
    assert array.to_pylist() == ["café", None, "caf�", "�"]


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
