"""Decides by content whether bytes are a picture the lake can use: format, size, and that it decodes.

Names and Content-Type headers are never asked; nothing is fetched or stored here.
"""

import hashlib
from dataclasses import dataclass
from io import BytesIO

from PIL.Image import DecompressionBombError
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from pricing_lake.errors import ImageError
from pricing_lake.images.reasons import ImageReason

MAX_PIXELS = 50_000_000


@dataclass(frozen=True)
class ImageFacts:
    """What the header of a picture says; `width` and `height` are as stored, before any EXIF rotation."""

    sha256: str
    """Lower-case hexadecimal digest of the bytes: the identity of the picture everywhere in the lake."""

    media_type: str
    """image/jpeg, image/png or image/webp."""

    width: int
    height: int
    byte_size: int


def inspect_image(data: bytes, max_pixels: int = MAX_PIXELS) -> ImageFacts:
    """Read the header only; `verify_decodes` is the slow other half, needed once per content.

    Raises ImageError: image_not_an_image, image_too_many_pixels (before any pixel is allocated) or
    image_truncated when the header itself is cut or damaged.
    """
    media_type, image = _open(data, max_pixels)
    return ImageFacts(hashlib.sha256(data).hexdigest(), media_type, image.width, image.height, len(data))


def verify_decodes(data: bytes, max_pixels: int = MAX_PIXELS) -> None:
    """Decode the (first) picture to its last byte; raises ImageError image_truncated if that fails.

    Raises the errors of `inspect_image`, too. JPEG is decoded at an eighth of its size, which still reads
    every coded block but saves most of the arithmetic and memory.
    """
    _, image = _open(data, max_pixels)
    try:
        image.draft(None, (1, 1))
        image.load()
    except MemoryError:
        raise
    except Exception as error:  # Pillow has no closed list of what damaged bytes make it raise
        raise _damaged(error) from error


def _open(data: bytes, max_pixels: int) -> tuple[str, ImageFile]:
    """Open by magic bytes with the one decoder they name.

    The decoders are used directly because `PIL.Image.open` only warns about too many pixels up to twice
    its limit, and turning a warning into an error is not safe between threads.
    """
    media_type, decoder = _decoder_for(data)
    try:
        image = decoder(BytesIO(data))
    except DecompressionBombError:
        raise _too_many_pixels(max_pixels) from None
    except MemoryError:
        raise
    except Exception as error:  # as in verify_decodes
        raise _damaged(error) from error
    if image.width * image.height > max_pixels:
        raise _too_many_pixels(max_pixels)
    return media_type, image


def _decoder_for(data: bytes) -> tuple[str, type[ImageFile]]:
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg", JpegImageFile
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png", PngImageFile
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp", WebPImageFile
    raise ImageError(ImageReason.NOT_AN_IMAGE, "the content is neither JPEG, PNG nor WEBP; publish one of these")


def _too_many_pixels(max_pixels: int) -> ImageError:
    return ImageError(ImageReason.TOO_MANY_PIXELS, f"more than {max_pixels} pixels; publish a smaller image")


def _damaged(error: Exception) -> ImageError:
    return ImageError(ImageReason.TRUNCATED, f"cut short or damaged ({type(error).__name__}); publish the image again")
