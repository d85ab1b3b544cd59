"""How a photo changes on its way through other people's hands, and whether an embedder still finds it.

Shared by the tests and by `benchmarks/embed_local.py`.
"""

import hashlib
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
from PIL import Image, ImageDraw, ImageOps

from pricing_lake.images.embedder import Embedder, Vector

REAL_PHOTOS = Path(__file__).resolve().parents[2] / ".." / "shared/data/clothing_images/clothing_images_dev.parquet"
"""580 product photos (CC0), 58 of each of 10 categories; kept beside the project, not in it."""

Distortion = Callable[[Image.Image, np.random.Generator], bytes]


def encoded(picture: Image.Image, quality: int = 90) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def cropped(picture: Image.Image, random: np.random.Generator) -> Image.Image:
    """Keep 85 % of the width and of the height, anywhere."""
    width, height = round(picture.width * 0.85), round(picture.height * 0.85)
    left = int(random.integers(0, picture.width - width + 1))
    top = int(random.integers(0, picture.height - height + 1))
    return picture.crop((left, top, left + width, top + height))


def relit(picture: Image.Image, random: np.random.Generator) -> Image.Image:
    """Contrast times 0.7 to 1.3 around middle grey, brightness up or down by up to 30 of 255."""
    contrast, brightness = random.uniform(0.7, 1.3), random.uniform(-30, 30)
    pixels = (np.asarray(picture, dtype=np.float64) - 128) * contrast + 128 + brightness
    return Image.fromarray(pixels.clip(0, 255).round().astype(np.uint8))


def turned(picture: Image.Image, random: np.random.Generator) -> Image.Image:
    angle = float(random.choice([-8, 8]))
    return picture.rotate(angle, Image.Resampling.BICUBIC, fillcolor=(255, 255, 255))


DISTORTIONS: dict[str, Distortion] = {
    "JPEG quality 30": lambda picture, random: encoded(picture, 30),
    "brightness, contrast": lambda picture, random: encoded(relit(picture, random)),
    "crop 85 %": lambda picture, random: encoded(cropped(picture, random)),
    "turned 8 degrees": lambda picture, random: encoded(turned(picture, random)),
    "mirrored": lambda picture, random: encoded(ImageOps.mirror(picture)),
    "half size": lambda picture, random: encoded(picture.resize((picture.width // 2, picture.height // 2))),
    "crop + light + JPEG 30": lambda picture, random: encoded(relit(cropped(picture, random), random), 30),
}
HARDEST = "crop + light + JPEG 30"


def distorted(photos: Sequence[bytes], distortion: str) -> list[bytes]:
    random = np.random.default_rng(7)
    return [DISTORTIONS[distortion](Image.open(BytesIO(photo)).convert("RGB"), random) for photo in photos]


def recall(gallery: np.ndarray, queries: np.ndarray, at: int = 1) -> float:
    """Share of queries whose own original (same row) is among the `at` most similar of the gallery.

    A query that is all zeros or not finite finds nothing.
    """
    similarity = np.nan_to_num(queries @ gallery.T, nan=-np.inf)
    own = np.diagonal(similarity)[:, None]
    not_less_similar = (similarity >= own).sum(axis=1)
    return float((not_less_similar <= at).mean())


def recall_of(embedder: Embedder, photos: Sequence[bytes], distortion: str) -> float:
    return recall(embedder.embed(photos), embedder.embed(distorted(photos, distortion)))


def real_photos(count: int | None = None) -> list[bytes]:
    """The first `count` photos in the order of their digest; FileNotFoundError without the data."""
    table = parquet.read_table(REAL_PHOTOS, columns=["sha256", "jpeg"]).sort_by("sha256")
    return [photo.as_py() for photo in table["jpeg"][:count]]


class DigestSeededEmbedder(Embedder):
    """What a stand-in usually is: a random vector seeded by the digest. Right shape, no meaning."""

    model_id = "digest-seeded"
    dimensions = 1024

    def embed_one(self, image: bytes) -> Vector:
        seed = int.from_bytes(hashlib.sha256(image).digest()[:8], "big")
        vector = np.random.default_rng(seed).standard_normal(self.dimensions)
        return (vector / np.linalg.norm(vector)).astype(np.float32)


def drawn_photo(seed: int) -> bytes:
    """A picture of 12 coloured shapes on a plain ground, different for each seed."""
    random = np.random.default_rng(seed)
    picture = Image.new("RGB", (300, 400), tuple(random.integers(120, 256, 3).tolist()))
    pen = ImageDraw.Draw(picture)
    for _ in range(12):
        left, top = random.integers(0, 250), random.integers(0, 350)
        box = [int(left), int(top), int(left + random.integers(20, 200)), int(top + random.integers(20, 200))]
        shape = pen.ellipse if random.random() < 0.5 else pen.rectangle
        shape(box, fill=tuple(random.integers(0, 256, 3).tolist()))
    return encoded(picture)
