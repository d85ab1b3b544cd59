"""Makes a picture one that Titan takes: JPEG or PNG, upright, within its limits. Knows nothing of Bedrock's API."""

from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from pricing_lake.errors import ConfigurationError, ImageError
from pricing_lake.images.decoding import opened_picture
from pricing_lake.images.plain_pixels import on_white, upright, with_plain_pixels
from pricing_lake.images.reasons import ImageReason

PREPARATION = "prepared-1"
"""Names what this module does to a picture, as part of the model id: whoever changes it moves vectors."""

_ORIENTATION = 0x0112
_QUALITIES = (92, 80, 65, 50)


@dataclass(frozen=True)
class PictureLimits:
    """The largest picture to send. AWS's pages disagree on bytes (5 MB and 25 MB); the default is safe with both.

    Raises ConfigurationError when a limit makes no sense.
    """

    side: int = 2048
    """Width and height in pixels."""

    max_bytes: int = 3_700_000
    """Before base64, which makes four bytes of three."""

    def __post_init__(self) -> None:
        if not (0 < self.side <= 2048 and self.max_bytes > 0):
            raise ConfigurationError("give Bedrock's pictures a side of 1 to 2048 pixels and more than 0 bytes")


def prepared(image: bytes, limits: PictureLimits) -> bytes:
    """The picture to send: the bytes themselves where they will do, else upright RGB on white as JPEG.

    WEBP, transparency, an EXIF rotation and a size beyond the limits are what will not do. The same bytes always give
    the same result. Raises ImageError: image_truncated, image_too_many_pixels or image_too_large.
    """
    with opened_picture(image) as picture:
        if _will_do(picture, len(image), limits):
            return image
        return _encoded(_shrunk(picture, limits.side), limits.max_bytes)


def _will_do(opened: Image.Image, size: int, limits: PictureLimits) -> bool:
    fits = max(opened.size) <= limits.side and size <= limits.max_bytes
    plain = opened.format in ("JPEG", "PNG") and opened.mode in ("RGB", "L") and not opened.has_transparency_data
    return fits and plain and opened.getexif().get(_ORIENTATION, 1) == 1


def _shrunk(opened: Image.Image, side: int) -> Image.Image:
    """At most `side` pixels wide and high, aspect ratio kept, never enlarged."""
    orientation = opened.getexif()
    opened.draft("RGB", (side, side))
    plain = with_plain_pixels(opened)
    plain.thumbnail((side, side), Image.Resampling.BICUBIC, reducing_gap=3.0)
    plain.getexif().update(orientation)
    return on_white(upright(plain))


def _encoded(picture: Image.Image, max_bytes: int) -> bytes:
    for quality in _QUALITIES:
        buffer = BytesIO()
        picture.save(buffer, "JPEG", quality=quality)
        if buffer.tell() <= max_bytes:
            return buffer.getvalue()
    raise ImageError(
        ImageReason.TOO_LARGE, f"more than {max_bytes} bytes even at JPEG quality {_QUALITIES[-1]}; raise the limit"
    )
