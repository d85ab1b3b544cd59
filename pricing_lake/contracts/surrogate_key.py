"""Surrogate keys: a 63-bit hash of a natural key, the same in every process, on every machine and in every rebuild."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from pricing_lake.contracts.record_hash import digests, hash_bytes

_DIGITS = 16


def surrogate_keys(rows: pa.Table, natural_key: Sequence[str]) -> pa.Array:
    """The key of each row: the first 63 bits of the SHA-256 of its natural key, as a LONG of at least zero.

    Of a million rows two share a key in one of 18 million lakes; a contract whose key it is would refuse the row, so
    that nothing is mixed up in silence. Polars' own hash and DuckDB's are not promised to stay the same, and with a
    hash that is no secure one a shop could choose ids that push another shop's rows aside.
    """
    hashes = np.frombuffer(hash_bytes(digests(rows, natural_key, _DIGITS), _DIGITS), ">u8")
    return pa.array((hashes >> np.uint64(1)).astype(np.int64))
