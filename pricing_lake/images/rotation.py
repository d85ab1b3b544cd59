"""A fixed rotation of 1024 numbers that spreads what they say evenly.

Which numbers go in is decided in `embed_local`.
"""

from functools import cache
from hashlib import shake_256

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

LENGTH = 1024
"""How many numbers are rotated: a power of two, as the Walsh-Hadamard transform needs."""


def rotate(values: Array, name: str) -> Array:
    """Flip signs at random, then apply the orthonormal Walsh-Hadamard transform. Shape (1024,) in and out.

    Lengths and angles stay what they are, so nothing is lost; afterwards every number carries about the same
    share, which one-byte and one-bit codes of a vector need. This is the first half of the fast
    Johnson-Lindenstrauss transform (Ailon, Chazelle: SIAM Journal on Computing 39(1), 2009).

    The signs are bits of SHAKE-256 of `name`. That function is a standard (FIPS 202), so the space stays the
    same under any version of any library, which numpy promises for no distribution of its generators. The
    transform only adds and subtracts, in an order fixed here, so it needs no matrix product whose rounding
    depends on the machine.
    """
    mixed = values * _signs(name)
    span = 1
    while span < LENGTH:
        pairs = mixed.reshape(-1, 2, span)
        mixed = np.stack([pairs[:, 0] + pairs[:, 1], pairs[:, 0] - pairs[:, 1]], axis=1)
        span *= 2
    return np.asarray(mixed.reshape(LENGTH) / np.sqrt(LENGTH))


@cache
def _signs(name: str) -> Array:
    bits = np.unpackbits(np.frombuffer(shake_256(name.encode()).digest(LENGTH // 8), dtype=np.uint8))
    return 2.0 * bits.astype(np.float64) - 1.0
