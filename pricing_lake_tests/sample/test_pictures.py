import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pricing_lake.images.embed_local import LocalVisualEmbedder
from pricing_lake.sample.catalogue import CATEGORIES, COLOURS, stock
from pricing_lake.sample.chance import stream
from pricing_lake.sample.pictures import SIDE, SILHOUETTES, cut_out, draw_pictures, picture_path
from pricing_lake.sample.sketch import PATTERNS, SIZE, Sketch, cloth

SEED = 20240101
STYLES = [(category.name, style) for category in CATEGORIES for style in range(len(category.nouns))]


def test_a_product_has_its_own_number_of_different_pictures():
    for product in stock("atelier-nord", 12, SEED):
        drawn = list(draw_pictures(product))
        assert len(set(drawn)) == len(drawn) == product.pictures


def test_pictures_are_jpegs_of_256_pixels():
    with Image.open(io.BytesIO(next(draw_pictures(stock("atelier-nord", 1, SEED)[0])))) as picture:
        assert (picture.format, picture.size, picture.mode) == ("JPEG", (SIDE, SIDE), "RGB")


def test_the_same_product_is_drawn_to_the_same_bytes():
    few, many = stock("atelier-nord", 5, SEED), stock("atelier-nord", 50, SEED)
    assert list(draw_pictures(few[3])) == list(draw_pictures(many[3]))


def test_two_products_with_the_same_attributes_look_different():
    product = stock("atelier-nord", 1, SEED)[0]
    twins = [replace(product, product_id=f"shoes-{number:04d}") for number in range(6)]
    assert len({cut_out(twin).getchannel("A").tobytes() for twin in twins}) == 6


def test_pictures_of_one_product_are_alike_and_of_others_different():
    products = [
        p for p in stock("atelier-nord", 240, SEED) if p.pictures == 3 and p.category.name in ("shoes", "coats")
    ]
    embedder = LocalVisualEmbedder()
    owners = np.repeat(np.arange(len(products)), 3)
    vectors = np.array([embedder.embed_one(jpeg) for product in products for jpeg in draw_pictures(product)])
    similarity = vectors @ vectors.T
    np.fill_diagonal(similarity, -1)
    assert len(products) >= 10
    assert np.mean(owners[similarity.argmax(axis=1)] == owners) > 0.9


@pytest.mark.parametrize(("name", "style"), STYLES)
def test_every_style_of_every_category_is_drawn_within_the_canvas(name, style):
    covered = np.zeros((SIZE, SIZE), dtype=bool)
    for seed in range(3):
        sketch = Sketch(COLOURS[2].rgb, COLOURS[8].rgb, "plain", stream(seed))
        SILHOUETTES[name](sketch, style, stream(seed, "shape"))
        covered |= np.asarray(sketch.image.getchannel("A")) > 0
    assert 0.10 < covered.mean() < 0.70
    edge = np.concatenate((covered[0], covered[-1], covered[:, 0], covered[:, -1]))
    assert not edge.any()


def test_every_category_has_a_silhouette():
    assert set(SILHOUETTES) == {category.name for category in CATEGORIES}


def test_shapes_of_the_same_style_differ():
    masks = set()
    for seed in range(6):
        sketch = Sketch(COLOURS[2].rgb, COLOURS[8].rgb, "plain", stream(seed))
        SILHOUETTES["dresses"](sketch, 0, stream(seed, "shape"))
        masks.add(sketch.image.getchannel("A").tobytes())
    assert len(masks) == 6


@pytest.mark.parametrize("pattern", sorted(set(PATTERNS) - {"plain"}))
def test_a_pattern_shows_both_colours(pattern):
    pixels = np.asarray(cloth(pattern, (255, 0, 0), (0, 0, 255), stream(pattern)))
    assert pixels.shape == (SIZE, SIZE, 4)
    blue = pixels[..., 2].mean()
    assert 10 < blue < 160
    assert pixels[..., 0].mean() == pytest.approx(255 - blue, abs=2)


@pytest.mark.parametrize(("pattern", "axis"), [("stripes", 0), ("pinstripes", 0), ("bands", 1)])
def test_lines_of_a_pattern_run_down_or_across(pattern, axis):
    pixels = np.asarray(cloth(pattern, (255, 0, 0), (0, 0, 255), stream(pattern))).astype(int)
    assert np.ptp(pixels, axis=axis).max() == 0
    assert np.ptp(pixels, axis=1 - axis).max() > 0


def test_a_picture_lies_under_its_tenant():
    product = stock("atelier-nord", 1, SEED)[0]
    assert picture_path(Path("/pictures"), product, 2) == Path("/pictures/atelier-nord/shoes-0001-2.jpg")
