"""Which usable rows repeat the key of another, and which of them is kept. Splits nothing itself."""

import numpy as np
import polars as pl
import pyarrow as pa

from pricing_lake.contracts.model import Table
from pricing_lake.contracts.record_hash import row_hashes


def repeats(table: Table, rows: pa.Table, usable: pl.Series, key_hashes: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Masks of usable rows that repeat a key: with other content, and with equal content.

    Kept is the first by `newest_first` descending, then by row hash, so that delivery order never matters.
    `key_hashes` only narrow the search: keys are compared where two hashes are equal.
    """
    other, equal = np.zeros((2, rows.num_rows), dtype=bool)
    positions = _shared(key_hashes, usable)
    if len(positions):
        extra = _not_kept(table, rows.take(pa.array(positions)))
        is_equal = extra["is_equal"].to_numpy()
        beside = positions[extra["row"].to_numpy()]
        other[beside[~is_equal]] = True
        equal[beside[is_equal]] = True
    return pl.Series(other), pl.Series(equal)


def _shared(key_hashes: pl.Series, usable: pl.Series) -> np.ndarray:
    """Usable rows whose key hash another usable row has too. Sorting hashes is the quickest proof of none."""
    hashes = (key_hashes if usable.all() else key_hashes.filter(usable)).to_numpy()
    ordered = np.sort(hashes)
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    if not len(twice):
        return np.array([], dtype=np.int64)
    return np.flatnonzero(usable.to_numpy())[np.isin(hashes, twice)]


def _not_kept(table: Table, candidates: pa.Table) -> pl.DataFrame:
    """Per row that is not the kept one of its key: its number, and whether its content equals the kept row's."""
    newest = list(table.newest_first)
    needed = candidates.select(list(dict.fromkeys((*table.key, *newest))))
    hashes = pl.Series(row_hashes(table, candidates).to_pylist(), dtype=pl.String)
    order = pl.DataFrame(pl.from_arrow(needed)).with_row_index("row").with_columns(hash=hashes)
    order = order.sort([*newest, "hash", "row"], descending=[True] * len(newest) + [False, False], nulls_last=True)
    return order.select(
        "row",
        is_equal=(pl.col("hash") == pl.col("hash").first()).over(table.key),
        is_kept=(pl.int_range(pl.len()) == 0).over(table.key),
    ).filter(~pl.col("is_kept"))
