"""Decodes any accepted image into the small square that descriptors look at.

What is seen in it lives in `descriptors`, the check of newly fetched images in `inspect`.
"""

import numpy as np
import numpy.typing as npt
from PIL import Image

from pricing_lake.images.decoding import opened_picture
from pricing_lake.images.plain_pixels import on_white, upright, with_plain_pixels

SIDE = 64
"""Width and height of the canvas in pixels; the aspect ratio of the image is not kept."""

# Decoding a JPEG at 1/2, 1/4 or 1/8 saves time; two pixels a side must be left for each one of the canvas.
_DRAFT_SIZE = (2 * SIDE, 2 * SIDE)


def load_canvas(image: bytes) -> npt.NDArray[np.float64]:
    """Decode JPEG, PNG or WEBP bytes into red, green, blue of shape (64, 64, 3), each from 0 to 1.

    The EXIF orientation is applied; grey, palette and CMYK become RGB; what is transparent shows white,
    as on the page of a shop.

    Raises ImageError with reason image_truncated when the bytes cannot be decoded, and with
    image_too_many_pixels above `inspect.MAX_PIXELS`.
    """
    with opened_picture(image) as picture:
        picture.draft("RGB", _DRAFT_SIZE)
        small = with_plain_pixels(picture).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return np.asarray(on_white(upright(small)), dtype=np.float64) / 255.0
