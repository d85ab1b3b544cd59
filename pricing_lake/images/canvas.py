"""Decodes any accepted image into the small square that descriptors look at.

What is seen in it lives in `descriptors`, the check of newly fetched images in `inspect`.
"""

from io import BytesIO

import numpy as np
import numpy.typing as npt
from PIL import Image

from pricing_lake.errors import ImageError
from pricing_lake.images.inspect import MAX_PIXELS
from pricing_lake.images.plain_pixels import on_white, upright, with_plain_pixels
from pricing_lake.images.reasons import ImageReason

SIDE = 64
"""Width and height of the canvas in pixels; the aspect ratio of the image is not kept."""

# Decoding a JPEG at 1/2, 1/4 or 1/8 saves time; two pixels a side must be left for each one of the canvas.
_DRAFT_SIZE = (2 * SIDE, 2 * SIDE)
_FORMATS = ("JPEG", "PNG", "WEBP")


def load_canvas(image: bytes) -> npt.NDArray[np.float64]:
    """Decode JPEG, PNG or WEBP bytes into red, green, blue of shape (64, 64, 3), each from 0 to 1.

    The EXIF orientation is applied; grey, palette and CMYK become RGB; what is transparent shows white,
    as on the page of a shop.

    Raises ImageError with reason image_truncated when the bytes cannot be decoded, and with
    image_too_many_pixels above `inspect.MAX_PIXELS`.
    """
    try:
        with Image.open(BytesIO(image), formats=_FORMATS) as opened:
            _refuse_above_limit(opened)
            opened.draft("RGB", _DRAFT_SIZE)
            small = with_plain_pixels(opened).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    except (MemoryError, ImageError):
        raise
    except Image.DecompressionBombError:
        raise _too_many_pixels() from None
    except Exception as error:  # Pillow has no closed list of what damaged bytes make it raise
        raise ImageError(
            ImageReason.TRUNCATED, f"the pixels cannot be decoded ({type(error).__name__}); fetch the image again"
        ) from error
    return np.asarray(on_white(upright(small)), dtype=np.float64) / 255.0


def _refuse_above_limit(opened: Image.Image) -> None:
    if opened.width * opened.height > MAX_PIXELS:
        raise _too_many_pixels()


def _too_many_pixels() -> ImageError:
    return ImageError(ImageReason.TOO_MANY_PIXELS, f"more than {MAX_PIXELS} pixels; publish a smaller image")
