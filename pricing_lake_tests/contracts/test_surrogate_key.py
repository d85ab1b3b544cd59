"""Surrogate keys: the same for ever, different for different natural keys, and never below zero."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from pricing_lake.contracts.surrogate_key import surrogate_keys

MOMENT = datetime(2026, 3, 1, 12, 30, 0, 1, tzinfo=UTC)


def key_of(*values: object) -> int:
    names = [f"part_{number}" for number in range(len(values))]
    rows = pa.table({name: pa.array([value]) for name, value in zip(names, values, strict=True)})
    return int(surrogate_keys(rows, names)[0].as_py())


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (("acme", "p1"), 7_427_165_603_267_407_114),
        (("c1", MOMENT), 3_990_477_934_674_186_524),
        (("Zoë", "é" * 200), 7_938_192_132_192_348_831),
    ],
)
def test_keys_never_change(values: tuple[object, ...], expected: int) -> None:
    """Facts that are stored hold them: another hash would part them from their dimensions.

    The numbers are Python's own SHA-256: of the moment as microseconds since 1970 in eight bytes and a ninth that is
    zero, then of the texts as UTF-8, each after the byte 0xff; its first 63 bits.
    """
    assert key_of(*values) == expected


def test_parts_do_not_run_into_each_other() -> None:
    assert key_of("ab", "c") != key_of("a", "bc")


def test_a_moment_counts_to_the_microsecond() -> None:
    assert key_of("c1", MOMENT) != key_of("c1", MOMENT + timedelta(microseconds=1))


def test_keys_do_not_depend_on_how_rows_are_stored_or_ordered() -> None:
    rows = pa.table({"id": [f"p{number}" for number in range(40_000)]})
    keys = dict(zip(rows["id"].to_pylist(), surrogate_keys(rows, ("id",)).to_pylist(), strict=True))
    turned = pa.concat_tables([rows.slice(30_000), rows.slice(0, 30_000)]).cast(pa.schema({"id": pa.large_string()}))
    again = dict(zip(turned["id"].to_pylist(), surrogate_keys(turned, ("id",)).to_pylist(), strict=True))
    assert again == keys
    assert len(set(keys.values())) == len(keys)
    assert min(keys.values()) >= 0
    assert max(keys.values()) > 2**62


def test_no_rows_have_no_keys() -> None:
    none = surrogate_keys(pa.table({"id": pa.array([], pa.string())}), ("id",))
    assert (len(none), none.type) == (0, pa.int64())
