"""`local-visual-v1`: an image embedder that needs no account, no network and no downloaded weights.

What it sees lives in `canvas` and `descriptors`.
"""

from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from pricing_lake.images.canvas import load_canvas
from pricing_lake.images.descriptors import DESCRIPTOR_LENGTH, describe
from pricing_lake.images.embedder import Embedder, Vector
from pricing_lake.images.rotation import LENGTH, rotate


class LocalVisualEmbedder(Embedder):
    """Finds the same photo again, cropped, recompressed or relit; it does not understand what is shown.

    Classical descriptors minus a mean that was frozen once (`local_visual_v1_mean.npy`, made by
    `benchmarks/freeze_local_visual_mean.py`), padded to 1024, rotated, scaled to length 1. Nothing is ever
    fitted to the images of a run, so the same bytes give the same vector, bit for bit in one environment, on
    any day, in any batch and thread. Search inside one category: another category may look alike.

    Starts no threads and changes no global setting; one call uses one core and about 1 MB besides the
    decoded image.
    """

    model_id = "local-visual-v1"
    dimensions = LENGTH

    def embed_one(self, image: bytes) -> Vector:
        """Embed one JPEG, PNG or WEBP: float32, shape (1024,), length 1.

        Raises ImageError with reason image_truncated or image_too_many_pixels, see `load_canvas`.
        """
        centred = np.zeros(LENGTH)
        centred[:DESCRIPTOR_LENGTH] = describe(load_canvas(image)) - _frozen_mean()
        rotated = rotate(centred, self.model_id)
        return np.asarray(rotated / np.sqrt(np.dot(rotated, rotated)), dtype=np.float32)


@cache
def _frozen_mean() -> npt.NDArray[np.float64]:
    with files(__package__).joinpath("local_visual_v1_mean.npy").open("rb") as file:
        return np.asarray(np.load(file, allow_pickle=False), dtype=np.float64)
