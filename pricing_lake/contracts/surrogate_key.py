"""Surrogate keys: a 63-bit hash of a natural key, the same in every process, on every machine and in every rebuild."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from pricing_lake.contracts.record_hash import digests

_BYTES = 8


def surrogate_keys(rows: pa.Table, natural_key: Sequence[str]) -> pa.Array:
    """The key of each row: the first 63 bits of the 64-bit BLAKE2b of its natural key, as a LONG of at least zero.

    Of a million rows two share a key in one of 18 million lakes; a contract whose key it is would refuse the row, so
    that nothing is mixed up in silence. Polars and pyarrow have no hash that is promised to stay the same.
    """
    hashes = np.frombuffer(digests(rows, natural_key, _BYTES), ">u8")
    return pa.array((hashes >> np.uint64(1)).astype(np.int64))
