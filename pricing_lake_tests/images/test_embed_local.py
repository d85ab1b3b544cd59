"""`local-visual-v1`: the same everywhere, finds near-duplicates, survives odd pictures."""

import hashlib
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from pricing_lake.errors import ImageError
from pricing_lake.images.embed_local import LocalVisualEmbedder
from pricing_lake.images.embedder import Embedder, require_valid
from pricing_lake.images.inspect import MAX_PIXELS

from .near_duplicates import HARDEST, REAL_PHOTOS, DigestSeededEmbedder, drawn_photo, real_photos, recall, recall_of

EMBEDDER = LocalVisualEmbedder()


def assert_near_duplicates_beat_others(embedder: Embedder) -> None:
    """Each distorted picture must be closer to its original than to any other picture."""
    photos = [drawn_photo(seed) for seed in range(12)]
    assert recall_of(embedder, photos, HARDEST) == 1.0


def test_near_duplicates_beat_others() -> None:
    assert_near_duplicates_beat_others(EMBEDDER)


def test_random_vectors_would_not_pass_for_an_embedding() -> None:
    with pytest.raises(AssertionError):
        assert_near_duplicates_beat_others(DigestSeededEmbedder())


def test_recall_of_a_constant_or_invalid_embedding_is_zero() -> None:
    constant = np.ones((5, 4))
    assert recall(constant, constant) == 0.0
    assert recall(np.full((5, 4), np.nan), constant) == 0.0


@pytest.mark.skipif(not REAL_PHOTOS.exists(), reason="the real photos are not beside the project (../shared)")
def test_recall_on_real_photos() -> None:
    photos = real_photos(120)
    assert recall_of(EMBEDDER, photos, HARDEST) >= 0.95


def test_same_bytes_same_vector_in_any_batch_and_thread() -> None:
    photos = [drawn_photo(seed) for seed in range(8)]
    together = EMBEDDER.embed(photos)
    assert together.dtype == np.float32
    assert together.shape == (8, 1024)
    np.testing.assert_allclose(np.linalg.norm(together.astype(np.float64), axis=1), 1.0, atol=1e-6)
    with ThreadPoolExecutor(4) as pool:
        in_threads = list(pool.map(LocalVisualEmbedder().embed_one, photos))
    assert [vector.tobytes() for vector in in_threads] == [vector.tobytes() for vector in together]
    assert EMBEDDER.embed([]).shape == (0, 1024)


def test_same_bytes_same_vector_in_another_process() -> None:
    program = (
        "import sys, hashlib; from pricing_lake.images.embed_local import LocalVisualEmbedder; "
        "vector = LocalVisualEmbedder().embed_one(sys.stdin.buffer.read()); "
        "print(hashlib.sha256(vector.tobytes()).hexdigest())"
    )
    photo = drawn_photo(1)
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "7"}
    answer = subprocess.run(
        [sys.executable, "-c", program], input=photo, capture_output=True, check=True, env=environment
    )
    assert answer.stdout.decode().strip() == hashlib.sha256(EMBEDDER.embed_one(photo).tobytes()).hexdigest()


def test_the_space_has_not_moved() -> None:
    """Stored vectors are compared with new ones for years: if this fails, the model needs a new id."""
    mean = files("pricing_lake.images").joinpath("local_visual_v1_mean.npy").read_bytes()
    assert hashlib.sha256(mean).hexdigest() == "089a01451de2c22e6608d898259d1c553688d9e0585e6a2bad9ed19d755823e0"
    rows, columns = np.indices((128, 128))
    channels = [2 * rows, columns, rows * columns // 64]
    picture = Image.merge("RGB", [Image.fromarray(channel.astype(np.uint8)) for channel in channels])
    vector = EMBEDDER.embed_one(_as(picture, "PNG"))
    expected = [0.0430, 0.0205, -0.0152, 0.0542, 0.0023, -0.0380]
    np.testing.assert_allclose(vector[[0, 1, 200, 500, 777, 1023]], expected, atol=5e-4)


def _as(picture: Image.Image, form: str, **options: object) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def _similarity(one: bytes, other: bytes) -> float:
    return float(EMBEDDER.embed_one(one) @ EMBEDDER.embed_one(other))


PHOTO = Image.open(BytesIO(drawn_photo(3))).convert("RGB")
ODD_PICTURES = {
    "one colour": _as(Image.new("RGB", (200, 300), (200, 30, 40)), "JPEG"),
    "white": _as(Image.new("L", (200, 300), 255), "PNG"),
    "black": _as(Image.new("RGB", (5, 5)), "PNG"),
    "one pixel": _as(Image.new("RGB", (1, 1), (9, 8, 7)), "PNG"),
    "one column": _as(PHOTO.resize((1, 900)), "JPEG"),
    "wholly transparent": _as(Image.new("RGBA", (40, 40), (255, 0, 0, 0)), "PNG"),
    "grey JPEG": _as(PHOTO.convert("L"), "JPEG"),
    "black and white PNG": _as(PHOTO.convert("1"), "PNG"),
    "grey with transparency": _as(PHOTO.convert("LA"), "PNG"),
    "animated WEBP": _as(PHOTO, "WEBP", save_all=True, append_images=[PHOTO.rotate(90)]),
}


@pytest.mark.parametrize("name", ODD_PICTURES)
def test_odd_pictures_give_unit_vectors(name: str) -> None:
    vector = EMBEDDER.embed_one(ODD_PICTURES[name])
    assert np.isfinite(vector).all()
    assert np.linalg.norm(vector.astype(np.float64)) == pytest.approx(1.0, abs=1e-6)


SAME_CONTENT = {
    "PNG": _as(PHOTO, "PNG"),
    "WEBP": _as(PHOTO, "WEBP", quality=90),
    "CMYK JPEG": _as(PHOTO.convert("CMYK"), "JPEG", quality=90),
    "palette PNG": _as(PHOTO.quantize(128), "PNG"),
    "opaque RGBA PNG": _as(PHOTO.convert("RGBA"), "PNG"),
    "progressive JPEG": _as(PHOTO, "JPEG", progressive=True, quality=90),
    "several pictures in one JPEG": _as(PHOTO, "MPO", save_all=True, append_images=[PHOTO.rotate(90)]),
    "EXIF that cannot be read": _as(PHOTO, "JPEG", exif=b"Exif\x00\x00nonsense", quality=90),
}


@pytest.mark.parametrize("name", SAME_CONTENT)
def test_the_way_of_storing_does_not_matter(name: str) -> None:
    assert _similarity(SAME_CONTENT[name], _as(PHOTO, "JPEG", quality=90)) > 0.97


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_exif_orientation_is_respected(form: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying on its left side; turn right by 90 degrees to show
    lying = _as(PHOTO.transpose(Image.Transpose.ROTATE_90), form, exif=exif, quality=90)
    upright = _as(PHOTO, form, quality=90)
    assert _similarity(lying, upright) > 0.98
    assert _similarity(_as(PHOTO.transpose(Image.Transpose.ROTATE_90), form, quality=90), upright) < 0.6


def test_transparent_means_white() -> None:
    """The colour hidden under full transparency is arbitrary, and palettes have transparency, too."""
    inside = Image.new("L", PHOTO.size, 0)
    inside.paste(255, (60, 80, 240, 320))
    white = Image.composite(PHOTO, Image.new("RGB", PHOTO.size, "white"), inside)
    cut_out = Image.composite(PHOTO, Image.new("RGB", PHOTO.size, "magenta"), inside)
    cut_out.putalpha(inside)
    assert _similarity(_as(cut_out, "PNG"), _as(white, "PNG")) > 0.995
    assert _similarity(_as(cut_out.quantize(256), "PNG"), _as(white, "PNG")) > 0.97


def test_grey_of_16_bits_is_scaled() -> None:
    grey = PHOTO.convert("L")
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    assert _similarity(_as(deep, "PNG"), _as(grey, "PNG")) > 0.999


WHOLE = drawn_photo(5)


@pytest.mark.parametrize("damaged", [b"", b"no image", WHOLE[:100], WHOLE[: len(WHOLE) // 2], _as(PHOTO, "PNG")[:5000]])
def test_damaged_bytes_are_refused_alone(damaged: bytes) -> None:
    with pytest.raises(ImageError) as refused:
        EMBEDDER.embed_one(damaged)
    assert refused.value.reason == "image_truncated"
    assert "\n" not in str(refused.value)


def test_too_many_pixels_are_refused() -> None:
    huge = _as(Image.new("1", (10_000, MAX_PIXELS // 10_000 + 1)), "PNG")
    with pytest.raises(ImageError) as refused:
        EMBEDDER.embed_one(huge)
    assert refused.value.reason == "image_too_many_pixels"


@pytest.mark.parametrize("numbers", [[0.0] * 4, [1.0] * 3, [1.0, 2.0, 3.0, np.nan], [1e300] * 4, [[1.0] * 4]])
def test_vectors_that_cannot_be_searched_by_are_invalid(numbers: list[float]) -> None:
    with pytest.raises(ImageError) as refused:
        require_valid(numbers, 4)
    assert refused.value.reason == "embedding_invalid"


def test_loading_the_module_is_cheap() -> None:
    """Every start of a code location pays for it."""
    program = (
        "import sys, time, numpy; start = time.process_time(); import pricing_lake.images.embed_local; "
        "print(time.process_time() - start, 'cv2' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    seconds, has_opencv = answer.stdout.split()
    assert has_opencv == "False"
    assert float(seconds) < 0.5


def test_an_image_takes_milliseconds() -> None:
    photo = drawn_photo(2)
    EMBEDDER.embed_one(photo)
    start = time.process_time()
    for _ in range(20):
        EMBEDDER.embed_one(photo)
    assert (time.process_time() - start) / 20 < 0.05
