"""A picture reaches Titan upright, in a format it takes and within its limits, and untouched where it can be."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from pricing_lake.errors import ConfigurationError, ImageError
from pricing_lake.images.embed_bedrock_picture import PictureLimits, prepared

LIMITS = PictureLimits()
HALVES = Image.new("RGB", (60, 40), "white")
HALVES.paste("crimson", (0, 0, 30, 40))


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def noise(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(5).integers(0, 256, (height, width, 3), dtype=np.uint8))


def seen(image: bytes) -> Image.Image:
    return Image.open(BytesIO(image)).convert("RGB")


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_what_will_do_is_sent_byte_for_byte(kind: str, mode: str) -> None:
    image = encoded(HALVES.convert(mode), kind)
    assert prepared(image, LIMITS) is image


@pytest.mark.parametrize(("width", "height"), [(3000, 1500), (100, 2049)])
def test_what_is_too_wide_or_too_high_shrinks_in_proportion(width: int, height: int) -> None:
    small = seen(prepared(encoded(HALVES.resize((width, height)), "JPEG"), LIMITS))
    assert max(small.size) == 2048
    assert small.width / small.height == pytest.approx(width / height, rel=0.02)


def test_nothing_is_ever_enlarged() -> None:
    assert seen(prepared(encoded(HALVES, "WEBP"), LIMITS)).size == HALVES.size


def test_too_many_bytes_are_saved_by_quality() -> None:
    heavy = encoded(noise(900, 900), "PNG")
    limits = PictureLimits(max_bytes=500_000)
    assert len(heavy) > 2_000_000
    assert len(prepared(heavy, limits)) <= 500_000
    assert seen(prepared(heavy, limits)).size == (900, 900)


def test_a_picture_that_cannot_be_made_small_enough_is_refused_alone() -> None:
    with pytest.raises(ImageError) as refused:
        prepared(encoded(noise(300, 300), "PNG"), PictureLimits(max_bytes=1_000))
    assert refused.value.reason == "image_too_large"


def test_a_rotation_in_exif_is_carried_out() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    turned = seen(prepared(encoded(HALVES, "JPEG", quality=95, exif=exif), LIMITS))
    assert turned.size == (40, 60)
    assert turned.getpixel((20, 5))[1] < 80  # crimson lies on top now
    assert turned.getpixel((20, 55))[1] > 200


def test_a_rotation_survives_shrinking() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = seen(prepared(encoded(HALVES.resize((3000, 2000)), "JPEG", exif=exif), LIMITS))
    assert turned.size == (1365, 2048)
    assert turned.getpixel((700, 100))[1] < 80


def test_what_is_transparent_shows_white() -> None:
    glass = Image.new("RGBA", (20, 20), (200, 0, 0, 0))
    assert min(seen(prepared(encoded(glass, "PNG"), LIMITS)).getpixel((10, 10))) > 250


@pytest.mark.parametrize("mode", ["P", "CMYK", "I;16", "LA"])
def test_every_mode_becomes_plain_pixels(mode: str) -> None:
    picture = Image.fromarray(np.full((8, 8), 40_000, dtype=np.uint16)) if mode == "I;16" else HALVES.convert(mode)
    sent = Image.open(BytesIO(prepared(encoded(picture, "JPEG" if mode == "CMYK" else "PNG"), LIMITS)))
    assert (sent.mode, sent.format) == ("RGB", "JPEG")


def test_the_same_bytes_give_the_same_picture() -> None:
    image = encoded(noise(2500, 300), "WEBP")
    assert prepared(image, LIMITS) == prepared(image, LIMITS)


def test_half_a_picture_is_refused_alone() -> None:
    whole = encoded(noise(2500, 300), "WEBP")
    for part in (whole[:40], whole[: len(whole) // 2], b"", b"no picture"):
        with pytest.raises(ImageError) as refused:
            prepared(part, LIMITS)
        assert refused.value.reason == "image_truncated"


def test_a_bomb_is_refused_before_it_is_decoded() -> None:
    bomb = encoded(Image.new("1", (9_000, 9_000)), "PNG")
    assert len(bomb) < 100_000
    with pytest.raises(ImageError) as refused:
        prepared(bomb, LIMITS)
    assert refused.value.reason == "image_too_many_pixels"


@pytest.mark.parametrize("wrong", [{"side": 0}, {"side": 4096}, {"max_bytes": 0}])
def test_limits_that_make_no_sense_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigurationError):
        PictureLimits(**wrong)
