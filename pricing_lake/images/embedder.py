"""What every image embedder promises, and the check that a vector can be searched by.

The embedders themselves and the store of their vectors live in modules of their own.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from pricing_lake.errors import ImageError
from pricing_lake.images.reasons import ImageReason

Vector = npt.NDArray[np.float32]
"""One embedding, shape (dimensions,), or several, shape (n, dimensions)."""


class Embedder(Protocol):
    """Turns the bytes of an image into a vector of length 1, so that a dot product is a cosine.

    Subclass it and write `embed_one`. Vectors of different `model_id` must never be compared.
    """

    @property
    @abstractmethod
    def model_id(self) -> str:
        """Names the vector space; anything that moves a vector needs a new name."""

    @property
    @abstractmethod
    def dimensions(self) -> int:
        """Length of each vector."""

    @abstractmethod
    def embed_one(self, image: bytes) -> Vector:
        """Embed one image: float32, shape (dimensions,), length 1. Safe to call from several threads.

        Raises ImageError when this image cannot be embedded, TransientError when trying again may help.
        """

    def embed(self, images: Sequence[bytes]) -> Vector:
        """Embed images that are all known to be good: shape (n, dimensions), in their order.

        Raises ImageError at the first bad one; where one bad image must not cost the others, call
        `embed_one` for each, as `embed_once` does.
        """
        matrix = np.empty((len(images), self.dimensions), dtype=np.float32)
        for row, image in enumerate(images):
            matrix[row] = self.embed_one(image)
        return matrix


def require_valid(vector: npt.ArrayLike, dimensions: int) -> Vector:
    """Return the vector as float32 if it can be searched by: right length, all finite, longer than 0.

    Raises ImageError with reason embedding_invalid otherwise.
    """
    with np.errstate(over="ignore"):  # a number too large becomes infinite, which is refused below
        checked = np.asarray(vector, dtype=np.float32)
    if checked.shape != (dimensions,):
        raise _invalid(f"it has shape {checked.shape} instead of ({dimensions},)")
    norm = float(np.linalg.norm(checked.astype(np.float64)))
    if not np.isfinite(norm):
        raise _invalid("it holds a number that is not finite")
    if norm == 0.0:
        raise _invalid("it is all zeros")
    return checked


def _invalid(why: str) -> ImageError:
    return ImageError(ImageReason.EMBEDDING_INVALID, f"the vector cannot be used, {why}; check the embedder")
