"""Opening an accepted picture to decode it: whatever Pillow raises of its bytes becomes a reason. Changes no pixel."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

from PIL import Image

from pricing_lake.errors import ImageError
from pricing_lake.images.inspect import MAX_PIXELS
from pricing_lake.images.reasons import ImageReason

_FORMATS = ("JPEG", "PNG", "WEBP")


@contextmanager
def opened_picture(image: bytes) -> Iterator[Image.Image]:
    """The picture of JPEG, PNG or WEBP bytes, still to be decoded inside the block.

    Raises ImageError with reason image_truncated when the bytes cannot be decoded there, and with
    image_too_many_pixels above `inspect.MAX_PIXELS`.
    """
    try:
        with Image.open(BytesIO(image), formats=_FORMATS) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise _too_many_pixels()
            yield picture
    except (MemoryError, ImageError):
        raise
    except Image.DecompressionBombError:
        raise _too_many_pixels() from None
    except Exception as error:  # Pillow has no closed list of what damaged bytes make it raise
        raise ImageError(
            ImageReason.TRUNCATED, f"the pixels cannot be decoded ({type(error).__name__}); fetch the image again"
        ) from error


def _too_many_pixels() -> ImageError:
    return ImageError(ImageReason.TOO_MANY_PIXELS, f"more than {MAX_PIXELS} pixels; publish a smaller image")
