"""Content identity: equal rows hash equal whatever their order; any change in any own column shows."""

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from pricing_lake.contracts.record_hash import content_hash, row_hashes, vector_checksums
from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake_tests.lake.conftest import day, sales


def test_row_order_does_not_matter_and_content_does() -> None:
    rows = sales(day(1), 30)
    mixed = rows.take(np.random.default_rng(1).permutation(30))
    assert content_hash(row_hashes(SALES_HISTORY, rows)) == content_hash(row_hashes(SALES_HISTORY, mixed))
    assert content_hash(row_hashes(SALES_HISTORY, rows)) != content_hash(row_hashes(SALES_HISTORY, rows.slice(1)))


@pytest.mark.parametrize("name", [name for name in SALES_HISTORY.names if name != "embedding"])
def test_every_column_takes_part(name: str) -> None:
    rows = sales(day(1), 1)
    number = rows.column_names.index(name)
    field = rows.schema.field(name)
    value = rows.column(name)[0].as_py()
    other = {str: "other", Decimal: Decimal("77.77"), type(None): "some"}.get(
        type(value), day(1).end.replace(tzinfo=None)
    )
    changed = rows.set_column(number, field, pa.array([other], field.type))
    assert row_hashes(SALES_HISTORY, rows) != row_hashes(SALES_HISTORY, changed)


def test_one_number_of_an_embedding_takes_part() -> None:
    rows = sales(day(1), 1)
    vector = rows.column("embedding")[0].as_py()
    vector[1000] = np.nextafter(vector[1000], 1.0)
    number = rows.column_names.index("embedding")
    field = rows.schema.field("embedding")
    changed = rows.set_column(number, field, pa.array([vector], field.type))
    assert row_hashes(SALES_HISTORY, rows) != row_hashes(SALES_HISTORY, changed)


def test_null_empty_and_neighbouring_values_differ() -> None:
    def hashed(brand: str | None, category: str) -> str:
        rows = sales(day(1), 1).set_column(3, "brand", pa.array([brand], pa.string()))
        return str(row_hashes(SALES_HISTORY, rows.set_column(2, "category", pa.array([category])))[0])

    assert len({hashed(None, "a"), hashed("", "a"), hashed("a", ""), hashed("", "aa")}) == 4


def test_checksums_of_sliced_and_ragged_lists() -> None:
    lists = pa.array([[1.0, 2.0], None, [], [3.0], [1.0, 2.0], [2.0, 1.0]], pa.list_(pa.float64()))
    sums = vector_checksums(pa.chunked_array([lists])).to_pylist()
    assert sums[1] is None
    assert sums[0] == sums[4] != sums[5]
    assert vector_checksums(pa.chunked_array([lists.slice(3)])).to_pylist() == sums[3:]
