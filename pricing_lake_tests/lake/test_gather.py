"""Gathered slices equal a plain `take`, however the table is chunked and wherever vectors are missing."""

import numpy as np
import pyarrow as pa
import pytest

from pricing_lake.lake.gather import ROWS_AT_ONCE, WIDE_ROWS_AT_ONCE, RowGatherer

ROWS = 2 * WIDE_ROWS_AT_ONCE + 100


def vectors(missing: float) -> list[list[float] | None]:
    random = np.random.default_rng(3)
    return [None if random.random() < missing else [float(i), i + 0.5, -float(i)] for i in range(ROWS)]


def table_of(vector: list[list[float] | None], *cuts: int) -> pa.Table:
    element = pa.list_(pa.field("element", pa.float64(), nullable=False))
    rows = pa.table({"name": [f"n{i}" for i in range(ROWS)], "vector": pa.array(vector, element), "n": range(ROWS)})
    return pa.concat_tables(
        rows.slice(low, high - low) for low, high in zip((0, *cuts), (*cuts, ROWS), strict=True)
    )  # a chunk for each stretch between two cuts


def gathered(rows: pa.Table, order: np.ndarray) -> list[dict[str, object]]:
    """Values are read before the next slice is asked for, as a writer does."""
    found: list[dict[str, object]] = []
    for part in RowGatherer(rows).slices(order):
        assert part.num_rows <= (ROWS_AT_ONCE if rows["vector"].null_count == ROWS else WIDE_ROWS_AT_ONCE)
        found += part.to_pylist()
    return found


@pytest.mark.parametrize("missing", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("cuts", [(), (5, 5, 4_000), (1, 2, 3, ROWS - 1)])
def test_slices_hold_the_rows_asked_for(missing: float, cuts: tuple[int, ...]) -> None:
    rows = table_of(vectors(missing), *cuts)
    order = np.flatnonzero(np.random.default_rng(1).random(ROWS) < 0.7)
    assert gathered(rows, order) == rows.take(pa.array(order)).to_pylist()


def test_a_slice_of_a_table_and_ragged_or_empty_vectors() -> None:
    rows = table_of([[], [1.0, 2.0, 3.0], *vectors(0.1)[2:]], 7).slice(1, 50)
    ragged = table_of([[1.0], *vectors(0.1)[1:]], 7)
    for table, order in ((rows, np.arange(0, 50, 3)), (ragged, np.arange(0, 50, 3))):
        assert gathered(table, order) == table.take(pa.array(order)).to_pylist()
    assert gathered(rows, np.arange(0)) == []
