"""Sums what was seen at each pixel of a canvas over blocks, and blocks over wider cells.

What is seen at a pixel is decided in `descriptors`.
"""

from functools import cache

import numpy as np
import numpy.typing as npt

from pricing_lake.images.canvas import SIDE

Array = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

_BLOCK = 4  # pixels a side
_GRID = SIDE // _BLOCK  # blocks a side


def block_counts(votes: list[tuple[Indices, Array]], bins: int) -> Array:
    """Sum the weights of the votes, (bin, weight) planes, into each 4x4 block. Shape (16, 16, bins)."""
    offsets = _block_of_pixel() * bins
    places = np.concatenate([(offsets + chosen).ravel() for chosen, _ in votes])
    weights = np.concatenate([weight.ravel() for _, weight in votes])
    counts = np.bincount(places, weights, minlength=_GRID * _GRID * bins)
    return np.asarray(counts.reshape(_GRID, _GRID, bins))


@cache
def _block_of_pixel() -> Indices:
    rows, columns = np.divmod(np.arange(SIDE * SIDE), SIDE)
    return np.asarray((rows // _BLOCK * _GRID + columns // _BLOCK).reshape(SIDE, SIDE))


def block_means(planes: Array) -> Array:
    """Mean of each 4x4 block. Shape (16, 16, planes)."""
    return np.asarray(planes.reshape(_GRID, _BLOCK, _GRID, _BLOCK, -1).mean(axis=(1, 3)))


def pooled(blocks: Array, cells: int) -> Array:
    """Average blocks into cells that overlap, so that a crop moves weight smoothly between neighbours.

    Shape (cells, cells, bins).
    """
    window = _windows(cells)
    across = np.tensordot(window, blocks, axes=(1, 0))
    return np.tensordot(window, across, axes=(1, 1)).transpose(1, 0, 2)


@cache
def _windows(cells: int) -> Array:
    """Triangular windows over the 16 blocks of a side, one row per cell, each summing to 1."""
    centres = (np.arange(_GRID) + 0.5) / _GRID * cells - 0.5
    weight = np.maximum(0.0, 1.0 - np.abs(centres[None, :] - np.arange(cells)[:, None]))
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))
