"""Brings any accepted picture to upright RGB pixels: what every embedder looks at. Decodes and resizes nothing."""

import numpy as np
from PIL import Image, ImageOps


def with_plain_pixels(opened: Image.Image) -> Image.Image:
    """Bring any mode to RGB, or to RGBA when the image has transparency, at full size."""
    if opened.mode.startswith("I"):
        # Pillow cuts 16-bit grey off at 255 instead of scaling it.
        return Image.fromarray((np.asarray(opened) >> 8).astype(np.uint8)).convert("RGB")
    return opened.convert("RGBA" if opened.has_transparency_data else "RGB")


def upright(picture: Image.Image) -> Image.Image:
    """Turn as EXIF says; an EXIF block that cannot be read turns nothing."""
    try:
        return ImageOps.exif_transpose(picture)
    except MemoryError:
        raise
    except Exception:  # Pillow has no closed list of what a damaged block makes it raise, and the pixels are good
        return picture


def on_white(picture: Image.Image) -> Image.Image:
    """Show white where an RGBA picture is transparent, as on the page of a shop."""
    if picture.mode == "RGB":
        return picture
    return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
