"""bronze/raw_product_images: each picture kept once by content; a bad one costs itself alone."""

from pricing_lake_tests.shop import BRONZE_SALES, Shop
from pricing_lake_tests.sources.carousel_shop import item
from pricing_lake_tests.two_shops import carousel_selling

TABLE = "bronze/raw_product_images"
DAY = "2026-03-01"


def test_pictures_are_described_by_their_bytes(shop: Shop) -> None:
    url = shop.picture("shoe.jpg")
    shop.sell("a", DAY, image_url=url)
    shop.sell("b", DAY, image_url=url)
    shop.sell("c", DAY, image_url=url, product_id="p2")
    shop.sell("d", DAY)
    assert shop.run([DAY], [*BRONZE_SALES, TABLE]).success
    rows = shop.rows(TABLE)
    assert sorted(row["product_id"] for row in rows) == ["p1", "p2"]
    assert {row["media_type"] for row in rows} == {"image/png"}
    key = rows[0]["image_s3_key"]
    assert key == f"images/{rows[0]['image_sha256'][:2]}/{rows[0]['image_sha256']}.png"
    assert (shop.home / key).is_file()


def test_a_bad_picture_is_quarantined_and_the_day_goes_on(shop: Shop) -> None:
    (shop.pictures / "page.jpg").write_text("<html>sold out</html>")
    half = shop.pictures / "half.png"
    shop.picture("whole.png")
    half.write_bytes((shop.pictures / "whole.png").read_bytes()[:200])
    for number, url in enumerate(
        [
            (shop.pictures / "absent.jpg").as_uri(),
            (shop.pictures / "page.jpg").as_uri(),
            half.as_uri(),
            "file:///etc/hostname",
            "ftp://shop.example/a.jpg",
            shop.picture("good.png"),
        ]
    ):
        shop.sell(f"s{number}", DAY, image_url=url, product_id=f"p{number}")
    assert shop.run([DAY], [*BRONZE_SALES, TABLE]).success
    assert shop.reasons(TABLE, DAY) == {
        "image_not_found": 1,
        "image_not_an_image": 1,
        "image_truncated": 1,
        "image_outside_root": 1,
        "image_scheme_refused": 1,
    }
    assert [row["product_id"] for row in shop.rows(TABLE)] == ["p5"]


def test_running_again_changes_nothing(shop: Shop) -> None:
    shop.sell("a", DAY, image_url=shop.picture("a.png"))
    shop.run([DAY], [*BRONZE_SALES, TABLE])
    before = sorted(path.stat().st_mtime_ns for path in (shop.home / "images").rglob("*.png"))
    shop.run([DAY], [*BRONZE_SALES, TABLE])
    assert sorted(path.stat().st_mtime_ns for path in (shop.home / "images").rglob("*.png")) == before


def test_a_day_without_pictures_is_published_empty(shop: Shop) -> None:
    shop.sell("a", DAY)
    assert shop.run([DAY], [*BRONZE_SALES, TABLE]).success
    assert shop.verdict(TABLE, DAY).passed
    assert shop.rows(TABLE) == []


def test_a_picture_that_both_shops_point_to_is_one_row(shop: Shop) -> None:
    shared, own = shop.picture("shared.png"), shop.picture("own.png", "crimson")
    shop.sell("a", DAY, image_url=shared)
    carousel = carousel_selling(
        shop, item("a", image_url={"S": shared}), item("b", image_url={"S": own}), item("c", image_url={"NULL": True})
    )
    assert shop.run([DAY], [*BRONZE_SALES, TABLE], carousel=carousel).success
    assert sorted(row["image_url"] for row in shop.rows(TABLE)) == sorted([shared, own])
