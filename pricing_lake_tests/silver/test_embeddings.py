"""silver/embeddings: a vector per picture of the day, computed once ever, independent of which day ran first."""

import math

from pricing_lake_tests.shop import CHAIN, Shop

TABLE = "silver/embeddings"
DAYS = ["2026-03-01", "2026-03-02"]


def sell_pictures(shop: Shop) -> None:
    shared, first = shop.picture("shared.png"), shop.picture("first.png", "crimson")
    shop.sell("a", DAYS[0], image_url=shared)
    shop.sell("b", DAYS[0], image_url=first, product_id="p2")
    shop.sell("c", DAYS[1], image_url=shared)


def test_each_day_holds_the_pictures_its_sales_use(shop: Shop) -> None:
    sell_pictures(shop)
    assert shop.run(DAYS, CHAIN[:-1]).success
    rows = shop.rows(TABLE)
    assert sorted(str(row["day"]) for row in rows) == [DAYS[0], DAYS[0], DAYS[1]]
    for row in rows:
        assert len(row["embedding"]) == 1024
        assert math.isclose(sum(x * x for x in row["embedding"]), 1.0, rel_tol=1e-5)
    stored = sorted((shop.home / "vectors" / "local-visual-v1").rglob("*.f32"))
    assert len(stored) == 2


def test_a_vector_is_computed_once_ever(shop: Shop) -> None:
    sell_pictures(shop)
    shop.run([DAYS[0]], CHAIN[:-1])
    times = {path.name: path.stat().st_mtime_ns for path in (shop.home / "vectors").rglob("*.f32")}
    shop.run(DAYS, CHAIN[:-1])
    again = {path.name: path.stat().st_mtime_ns for path in (shop.home / "vectors").rglob("*.f32")}
    assert again == times


def test_content_does_not_depend_on_the_order_of_days(shop: Shop) -> None:
    sell_pictures(shop)
    for day in reversed(DAYS):
        shop.run([day], CHAIN[:-1])
    backwards = {day: shop.verdict(TABLE, day).content_hash for day in DAYS}
    again = shop.run(DAYS, CHAIN[:-1])
    assert again.success
    assert {day: shop.verdict(TABLE, day).content_hash for day in DAYS} == backwards
