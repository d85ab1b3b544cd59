"""Header facts and the full decode, on real pictures and on hand-made hostile ones."""

import hashlib
import os
import struct
import time
import tracemalloc
import zlib
from io import BytesIO

import pytest
from PIL import Image

from pricing_lake.errors import ImageError
from pricing_lake.images.inspect import ImageFacts, inspect_image, verify_decodes
from pricing_lake.images.reasons import ImageReason


def _noise(width: int, height: int) -> Image.Image:
    return Image.frombytes("RGB", (width, height), os.urandom(width * height * 3))


def _encoded(picture: Image.Image, form: str, **options: object) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def _png_of(width: int, height: int) -> bytes:
    """A PNG that claims a size without having its pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def _webp_of(width: int, height: int) -> bytes:
    body = b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14) + bytes(21)
    return b"RIFF" + struct.pack("<I", len(body) + 12) + b"WEBPVP8L" + struct.pack("<I", len(body)) + body


FORMS = [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")]


@pytest.mark.parametrize(("form", "media_type"), FORMS)
def test_facts_of_a_whole_picture(form: str, media_type: str) -> None:
    data = _encoded(_noise(64, 48), form)
    digest = hashlib.sha256(data).hexdigest()
    assert inspect_image(data) == ImageFacts(digest, media_type, 64, 48, len(data))
    verify_decodes(data)


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_grey_and_cmyk_jpegs_are_pictures(mode: str) -> None:
    data = _encoded(_noise(64, 48).convert(mode), "JPEG")
    assert inspect_image(data).media_type == "image/jpeg"
    verify_decodes(data)


def test_a_jpeg_with_a_second_picture_inside_is_a_jpeg() -> None:
    """Telephones append previews and gain maps; Pillow calls such a file MPO."""
    data = _encoded(_noise(64, 48), "MPO", save_all=True, append_images=[_noise(32, 32)])
    facts = inspect_image(data)
    assert (facts.media_type, facts.width, facts.height) == ("image/jpeg", 64, 48)
    verify_decodes(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html><img src=cat.jpg></html>",
        b"\xff\xd8",
        b"RIFF\x00\x00\x00\x00WAVEfmt ",
        b"%!PS-Adobe-3.0 EPSF-3.0",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        _encoded(_noise(8, 8), "GIF"),
        _encoded(_noise(8, 8), "BMP"),
        _encoded(_noise(8, 8), "TIFF"),
    ],
    ids=["empty", "html", "too-short", "wave", "postscript", "svg", "gif", "bmp", "tiff"],
)
def test_other_content_is_no_image(data: bytes) -> None:
    with pytest.raises(ImageError) as caught:
        inspect_image(data)
    assert caught.value.reason == ImageReason.NOT_AN_IMAGE


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("check", [inspect_image, verify_decodes])
@pytest.mark.parametrize(
    "bomb",
    [_png_of(50_000, 50_000), _png_of(12_000, 12_000), _webp_of(16_383, 16_383)],
    ids=["png", "png-where-pillow-only-warns", "webp"],
)
def test_too_many_pixels_are_refused_without_allocating_them(check, bomb: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(ImageError) as caught:
            check(bomb)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert caught.value.reason == ImageReason.TOO_MANY_PIXELS
    assert peak < 1_000_000


def test_the_pixel_limit_is_inclusive() -> None:
    data = _png_of(200, 100)
    assert inspect_image(data, max_pixels=20_000).width == 200
    with pytest.raises(ImageError, match="image_too_many_pixels"):
        inspect_image(data, max_pixels=19_999)


@pytest.mark.parametrize(("form", "media_type"), FORMS)
@pytest.mark.parametrize("share", [0.3, 0.9, 0.99])
def test_a_cut_picture_does_not_decode(form: str, media_type: str, share: float) -> None:
    whole = _encoded(_noise(200, 150), form)
    with pytest.raises(ImageError) as caught:
        verify_decodes(whole[: int(len(whole) * share)])
    assert caught.value.reason == ImageReason.TRUNCATED


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_a_cut_behind_the_header_leaves_the_facts_readable(form: str) -> None:
    whole = _encoded(_noise(200, 150), form)
    assert inspect_image(whole[: len(whole) // 2]).width == 200


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_cut_inside_the_header_is_truncated(form: str) -> None:
    with pytest.raises(ImageError) as caught:
        inspect_image(_encoded(_noise(64, 48), form)[:18])
    assert caught.value.reason == ImageReason.TRUNCATED


def test_damaged_pixels_are_truncated() -> None:
    data = bytearray(_encoded(_noise(64, 48), "PNG"))
    data[len(data) // 2] ^= 0xFF
    with pytest.raises(ImageError, match="image_truncated"):
        verify_decodes(bytes(data))


def test_a_compressed_text_bomb_in_a_png_is_an_image_error() -> None:
    text = b"comment\0\0" + zlib.compress(bytes(80_000_000), 1)
    chunk = struct.pack(">I", len(text)) + b"zTXt" + text + struct.pack(">I", zlib.crc32(b"zTXt" + text))
    honest = _encoded(_noise(8, 8), "PNG")
    with pytest.raises(ImageError, match="image_truncated"):
        verify_decodes(honest[:33] + chunk + honest[33:])


def test_header_facts_are_fast() -> None:
    """Every picture of every day is inspected, so the header must not cost a decode."""
    data = _encoded(_noise(300, 200), "JPEG", quality=95)
    inspect_image(data)
    timings = []
    for _ in range(50):
        start = time.perf_counter()
        inspect_image(data)
        timings.append(time.perf_counter() - start)
    assert min(timings) < 0.0003
