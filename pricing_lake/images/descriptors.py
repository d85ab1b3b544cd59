"""What `local-visual-v1` sees in a canvas: shape, texture and colour as 960 numbers.

Decoding lives in `canvas`, summing over regions in `pooling`, the mean and the rotation in `embed_local`.
"""

from functools import cache

import numpy as np

from pricing_lake.images.canvas import SIDE
from pricing_lake.images.pooling import Array, Indices, block_counts, block_means, pooled

DESCRIPTOR_LENGTH = 960
"""432 + 236 + 100 + 144 + 32 + 16 numbers, in the order of `_WEIGHTS`."""

# How much each block counts in a squared distance, found by coordinate search for recall under crop, changed
# light and compression on one half of 580 product photos, and confirmed on the other half.
_WEIGHTS = {
    "gradients": 1.0,
    "texture": 0.94,
    "relative_chroma": 0.32,
    "chroma_by_quarter": 0.27,
    "chroma_thumbnail": 0.20,
    "intensity_thumbnail": 0.11,
}

_ORIENTATIONS = 12
_PATTERNS = 59
_FLAT_CONTRAST = 0.02  # keeps sensor noise of an almost uniform image from being stretched into content
_PATTERN_THRESHOLD = 0.03  # in standard deviations of intensity; below it a neighbour counts as equal


def describe(canvas: Array) -> Array:
    """Turn red, green, blue of shape (64, 64, 3), each from 0 to 1, into `DESCRIPTOR_LENGTH` finite numbers.

    Intensity and the two opponent chroma axes (van de Sande, Gevers, Snoek: Evaluating Color Descriptors for
    Object and Scene Recognition, TPAMI 2010) are divided by the contrast of the image, so that a change of
    brightness or contrast alone changes next to nothing. Only `chroma_by_quarter` keeps absolute colour.
    Every block has length 1 (or 0 when it saw nothing) before its weight.
    """
    red, green, blue = canvas[..., 0], canvas[..., 1], canvas[..., 2]
    intensity = (red + green + blue) / 3.0
    red_green = (red - green) / np.sqrt(2.0)
    yellow_blue = (red + green - 2.0 * blue) / np.sqrt(6.0)
    contrast = intensity.std() + _FLAT_CONTRAST
    relative = (intensity - intensity.mean()) / contrast
    smooth = _smoothed(relative)
    chroma = np.stack([red_green, yellow_blue], axis=-1)
    blocks = {
        "gradients": np.sqrt(pooled(_gradient_histogram(smooth), 6)),
        "texture": np.sqrt(pooled(_pattern_histogram(smooth), 2)),
        "relative_chroma": np.sqrt(_chroma_histogram(chroma / contrast, 10, 1.5).mean(axis=(0, 1))),
        "chroma_by_quarter": np.sqrt(pooled(_chroma_histogram(chroma, 6, 0.25), 2)),
        "chroma_thumbnail": pooled(block_means(chroma / contrast), 4),
        "intensity_thumbnail": pooled(block_means(relative[..., None]), 4),
    }
    return np.concatenate([weight * _unit(blocks[name].ravel()) for name, weight in _WEIGHTS.items()])


def _unit(block: Array) -> Array:
    return np.asarray(block / (np.sqrt(np.dot(block, block)) + 1e-6))


def _smoothed(plane: Array) -> Array:
    """Blur with the binomial kernel 1-2-1 both ways, which takes most of the JPEG noise away."""
    padded = np.pad(plane, 1, mode="edge")
    rows = (padded[:-2] + 2.0 * padded[1:-1] + padded[2:]) / 4.0
    return np.asarray((rows[:, :-2] + 2.0 * rows[:, 1:-1] + rows[:, 2:]) / 4.0)


def _gradient_histogram(plane: Array) -> Array:
    """Count unsigned gradient orientations by magnitude, per block. Shape (16, 16, 12).

    Dalal, Triggs: Histograms of Oriented Gradients for Human Detection, CVPR 2005.
    """
    down, right = np.gradient(plane)
    position = np.arctan2(down, right) / np.pi * _ORIENTATIONS
    lower = np.floor(position)
    share = position - lower
    magnitude = np.hypot(down, right)
    first = lower.astype(np.intp) % _ORIENTATIONS
    second = (first + 1) % _ORIENTATIONS
    return block_counts([(first, magnitude * (1.0 - share)), (second, magnitude * share)], _ORIENTATIONS)


def _pattern_histogram(plane: Array) -> Array:
    """Count uniform local binary patterns of the 8 neighbours, per block. Shape (16, 16, 59).

    Ojala, Pietikainen, Maenpaa: Multiresolution Gray-Scale and Rotation Invariant Texture Classification,
    TPAMI 2002.
    """
    padded = np.pad(plane, 1, mode="edge")
    bar = plane + _PATTERN_THRESHOLD
    code = np.zeros(plane.shape, dtype=np.intp)
    around = [(0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0)]
    for bit, (row, column) in enumerate(around):
        code |= (padded[row : row + SIDE, column : column + SIDE] > bar).astype(np.intp) << bit
    return block_counts([(_uniform_patterns()[code], np.ones(plane.shape))], _PATTERNS)


@cache
def _uniform_patterns() -> Indices:
    """Map each 8-bit code with at most two changes around the circle to its own number, all others to 58."""
    numbers = np.full(256, _PATTERNS - 1, dtype=np.intp)
    rotated = [(code >> 1) | ((code & 1) << 7) for code in range(256)]
    uniform = [code for code in range(256) if (code ^ rotated[code]).bit_count() <= 2]
    numbers[uniform] = np.arange(len(uniform))
    return numbers


def _chroma_histogram(chroma: Array, bins: int, limit: float) -> Array:
    """Count both chroma axes jointly from -limit to limit, per block. Shape (16, 16, bins * bins).

    Each pixel is shared between the four bins around it, so that a slight change of colour changes little.
    """
    position = np.clip((chroma + limit) / (2.0 * limit), 0.0, 1.0) * (bins - 1)
    lower = np.minimum(position.astype(np.intp), bins - 2)
    share = position - lower
    index = lower[..., 0] * bins + lower[..., 1]
    first, second = share[..., 0], share[..., 1]
    return block_counts(
        [
            (index, (1.0 - first) * (1.0 - second)),
            (index + 1, (1.0 - first) * second),
            (index + bins, first * (1.0 - second)),
            (index + bins + 1, first * second),
        ],
        bins * bins,
    )
