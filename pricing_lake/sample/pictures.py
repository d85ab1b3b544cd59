"""Pictures of the synthetic products: drawn, lit, photographed a little differently each time, encoded as JPEG."""

import io
import math
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from random import Random
from types import MappingProxyType

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from pricing_lake.sample import accessories, garments
from pricing_lake.sample.catalogue import Product, Rgb
from pricing_lake.sample.chance import stream
from pricing_lake.sample.sketch import PATTERNS, SIZE, Sketch

SIDE = 256
QUALITY = 88
# Soft light and shadow are computed on a small copy: blurring it costs a sixteenth.
SMALL = 64
WALLS: tuple[Rgb, ...] = (
    (236, 234, 231),
    (230, 233, 236),
    (238, 233, 228),
    (231, 235, 231),
    (233, 231, 237),
    (228, 228, 230),
)
SHADOW: Rgb = (60, 54, 50)

SILHOUETTES: Mapping[str, Callable[[Sketch, int, Random], None]] = MappingProxyType(
    {
        "shoes": accessories.shoes,
        "boots": accessories.boots,
        "dresses": garments.dresses,
        "handbags": accessories.handbags,
        "watches": accessories.watches,
        "coats": garments.coats,
        "knitwear": garments.knitwear,
        "trousers": garments.trousers,
        "sunglasses": accessories.sunglasses,
        "hats": accessories.hats,
    }
)


def picture_path(root: Path, product: Product, variant: int) -> Path:
    """Where the picture lies: `root/<tenant>/<product>-<variant>.jpg`, variants counted from 1."""
    return root / product.tenant_id / f"{product.product_id}-{variant}.jpg"


def draw_pictures(product: Product) -> Iterator[bytes]:
    """The product's pictures as JPEGs of 256 x 256: one drawing, photographed `product.pictures` times.

    The same product gives the same bytes, whatever else the shop sells.
    """
    drawing = _lit(cut_out(product))
    for variant in range(1, product.pictures + 1):
        yield _jpeg(_photograph(drawing, stream(product.tenant_id, product.product_id, "photograph", variant)))


def cut_out(product: Product) -> Image.Image:
    """The product alone on a transparent ground, as every photograph of it shows it."""
    chance = stream(product.tenant_id, product.product_id, "drawing")
    sketch = Sketch(product.colour.rgb, product.accent.rgb, chance.choice(PATTERNS), chance)
    SILHOUETTES[product.category.name](sketch, product.style, chance)
    return sketch.image.reduce(SIZE // SIDE)


def _lit(drawing: Image.Image) -> Image.Image:
    """The drawing with light from the upper left and darker edges, so that it looks like a thing and not like paper."""
    alpha = drawing.getchannel("A")
    inside = alpha.reduce(SIDE // SMALL).filter(ImageFilter.GaussianBlur(SMALL / 20))
    depth = inside.point([150 + level * 105 // 255 for level in range(256)]).resize((SIDE, SIDE))
    light = ImageChops.multiply(depth, _light())
    shaded = ImageChops.multiply(drawing.convert("RGB"), Image.merge("RGB", (light, light, light)))
    shaded.putalpha(alpha)
    return shaded


def _photograph(drawing: Image.Image, chance: Random) -> Image.Image:
    """One photograph: slightly turned, scaled, moved and exposed, before a wall of its own."""
    item = _moved(drawing, chance)
    alpha = item.getchannel("A")
    scene = _wall(chance.choice(WALLS)).copy()
    shadow = alpha.reduce(SIDE // SMALL).filter(ImageFilter.GaussianBlur(2.5)).point([n // 3 for n in range(256)])
    scene.paste(SHADOW, (5, 9), shadow.resize((SIDE, SIDE), Image.Resampling.BILINEAR))
    scene.paste(item, (0, 0), alpha)
    exposure = chance.uniform(0.94, 1.04)
    return scene.point([min(255, round(level * exposure)) for level in range(256)] * 3)


def _moved(drawing: Image.Image, chance: Random) -> Image.Image:
    turn, zoom = math.radians(chance.uniform(-4.0, 4.0)), chance.uniform(0.95, 1.03)
    right, down = math.cos(turn) * zoom, math.sin(turn) * zoom
    middle = SIDE / 2
    x = middle - (right + down) * middle + chance.uniform(-0.02, 0.02) * SIDE
    y = middle - (right - down) * middle + chance.uniform(-0.02, 0.02) * SIDE
    return drawing.transform(
        (SIDE, SIDE), Image.Transform.AFFINE, (right, down, x, -down, right, y), Image.Resampling.BILINEAR
    )


def _jpeg(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()


@lru_cache(maxsize=1)
def _light() -> Image.Image:
    """Brightness of the light over the canvas: full at the upper left, four fifths at the lower right."""
    fall = np.add.outer(np.linspace(0.0, 0.6, SIDE), np.linspace(0.0, 0.4, SIDE))
    return Image.fromarray((255 - 52 * fall).astype(np.uint8))


@lru_cache(maxsize=len(WALLS))
def _wall(colour: Rgb) -> Image.Image:
    """A wall that darkens towards the floor, and the floor."""
    height = np.linspace(0.0, 1.0, SIDE)
    level = np.where(height < 0.80, 1.0 - 0.10 * height, 0.86 - 0.25 * (height - 0.80))
    rows = level[:, None, None] * np.asarray(colour, dtype=np.float64)
    return Image.fromarray(np.broadcast_to(rows, (SIDE, SIDE, 3)).astype(np.uint8))
