"""A drawing surface for product silhouettes: smooth shapes, plain or in cloth. No product is drawn here."""

from collections.abc import Sequence
from random import Random

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from pricing_lake.sample.catalogue import Rgb

# Twice the size of a finished picture: scaling down smooths the edges.
SIZE = 512
STEPS_PER_POINT = 10
PATTERNS = (
    "plain",
    "plain",
    "plain",
    "plain",
    "melange",
    "melange",
    "stripes",
    "pinstripes",
    "bands",
    "checks",
    "dots",
)

Point = tuple[float, float]
Bytes = NDArray[np.uint8]


class Sketch:
    """One product on a transparent ground, x to the right and y down, both from 0 to 100.

    A path is text: `"10,20 30,40.5"` are two points. `cloth` is the product's main colour in its pattern, `accent`
    its second colour; `dark` and `light` are shades of the main one.
    """

    def __init__(self, main: Rgb, accent: Rgb, pattern: str, chance: Random) -> None:
        self.main = main
        self.accent = accent
        self.dark = shade(main, 0.62)
        self.light = mix(main, (255, 255, 255), 0.35)
        self.cloth = cloth(pattern, main, accent, chance)
        self.image = Image.new("RGBA", (SIZE, SIZE))
        self._pen = ImageDraw.Draw(self.image)

    def blob(self, paint: Rgb | Image.Image, path: str) -> None:
        """A smooth closed shape through the points."""
        self._fill(paint, _closed_curve(_points(path)))

    def polygon(self, paint: Rgb | Image.Image, path: str) -> None:
        """A closed shape with straight edges."""
        self._fill(paint, _points(path))

    def mirrored(self, paint: Rgb | Image.Image, path: str) -> None:
        """A smooth closed shape, symmetric about the middle: the path is its right half from top to bottom."""
        right = _points(path)
        self._fill(paint, _closed_curve([*right, *((100 - x, y) for x, y in reversed(right))]))

    def pair(self, paint: Rgb | Image.Image, path: str) -> None:
        """A smooth closed shape and its mirror image."""
        right = _points(path)
        self._fill(paint, _closed_curve(right))
        self._fill(paint, _closed_curve([(100 - x, y) for x, y in right]))

    def ellipse(self, paint: Rgb, x: float, y: float, radius_x: float, radius_y: float | None = None) -> None:
        """A filled ellipse, a circle unless the second radius differs."""
        tall = radius_x if radius_y is None else radius_y
        (left, top), (right, bottom) = _pixels([(x - radius_x, y - tall), (x + radius_x, y + tall)])
        self._pen.ellipse((left, top, right, bottom), fill=(*paint, 255))

    def line(self, colour: Rgb, width: float, path: str) -> None:
        """A stroke; smooth when it has more than two points."""
        points = _points(path)
        pixels = _pixels(_open_curve(points) if len(points) > 2 else points)
        self._pen.line(pixels, fill=(*colour, 255), width=max(1, round(width * SIZE / 100)), joint="curve")

    def _fill(self, paint: Rgb | Image.Image, points: Sequence[Point]) -> None:
        if isinstance(paint, Image.Image):
            mask = Image.new("L", (SIZE, SIZE))
            ImageDraw.Draw(mask).polygon(_pixels(points), fill=255)
            self.image.paste(paint, (0, 0), mask)
        else:
            self._pen.polygon(_pixels(points), fill=(*paint, 255))


def mix(first: Rgb, second: Rgb, share: float) -> Rgb:
    """`share` of the second colour in the first."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def shade(colour: Rgb, factor: float) -> Rgb:
    """A darker (factor below 1) version of the colour."""
    return mix((0, 0, 0), colour, factor)


def cloth(pattern: str, main: Rgb, accent: Rgb, chance: Random) -> Image.Image:
    """A full canvas of one of PATTERNS in two colours; how wide it repeats is drawn from `chance`."""
    ground = Image.new("RGBA", (SIZE, SIZE), (*main, 255))
    if pattern != "plain":
        weight = np.broadcast_to(_accent_weight(pattern, chance), (SIZE, SIZE))
        ground.paste((*accent, 255), (0, 0, SIZE, SIZE), Image.fromarray(np.ascontiguousarray(weight)))
    return ground


def _accent_weight(pattern: str, chance: Random) -> Bytes:
    """How much accent colour each pixel takes, 0 to 255: a canvas, or one row or column of it where all are alike."""
    across = np.arange(SIZE, dtype=np.float32)[None, :]
    down = np.arange(SIZE, dtype=np.float32)[:, None]
    step = chance.uniform(26, 48)
    if pattern == "stripes":
        return _where(across % step < step * 0.5, 230)
    if pattern == "pinstripes":
        return _where(across % (step * 0.6) < 4, 200)
    if pattern == "bands":
        return _where(down % (step * 2.2) < step * chance.uniform(0.5, 1.2), 235)
    if pattern == "checks":
        return _where(across % (step * 1.5) < step * 0.5, 110) + _where(down % (step * 1.5) < step * 0.5, 110)
    if pattern == "dots":
        return _where((across % step - step / 2) ** 2 + (down % step - step / 2) ** 2 < (step * 0.25) ** 2, 240)
    noise = np.frombuffer(chance.randbytes(128 * 128), dtype=np.uint8).reshape(128, 128)
    return np.asarray(Image.fromarray(noise // 3).resize((SIZE, SIZE), Image.Resampling.NEAREST))


def _where(chosen: NDArray[np.bool_], value: int) -> Bytes:
    return chosen.astype(np.uint8) * np.uint8(value)


def _points(path: str) -> list[Point]:
    return [(float(x), float(y)) for x, y in (point.split(",") for point in path.split())]


def _pixels(points: Sequence[Point]) -> list[Point]:
    return [(x * SIZE / 100, y * SIZE / 100) for x, y in points]


def _closed_curve(points: Sequence[Point]) -> list[Point]:
    return _spline([points[-1], *points, *points[:2]])


def _open_curve(points: Sequence[Point]) -> list[Point]:
    return [*_spline([points[0], *points, points[-1]]), points[-1]]


def _spline(points: Sequence[Point]) -> list[Point]:
    """Points along the Catmull-Rom spline from the second of `points` to the last but one."""
    known = np.asarray(points)
    before, start, end, after = (known[n : len(known) - 3 + n, None, :] for n in range(4))
    t = np.linspace(0.0, 1.0, STEPS_PER_POINT, endpoint=False)[None, :, None]
    square = 2 * before - 5 * start + 4 * end - after
    cube = 3 * start - before - 3 * end + after
    curve = start + ((end - before) * t + square * t**2 + cube * t**3) / 2
    return [(float(x), float(y)) for x, y in curve.reshape(-1, 2)]
