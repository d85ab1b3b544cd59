"""quality/quarantined_rows: every row set aside, as received, with every reason."""

import json

from pricing_lake_tests.shop import CHAIN, Shop

TABLE = "quality/quarantined_rows"
DAY = "2026-03-01"


def test_the_raw_row_and_all_its_reasons_are_there(shop: Shop) -> None:
    shop.sell("good", DAY)
    shop.sell("bad", DAY, sold_price="12,50", condition="mint-ish", description="größe 38 👢")
    shop.sell("picture", DAY, product_id="p9", image_url="ftp://shop.example/a.jpg")
    assert shop.run([DAY], [*CHAIN, TABLE]).success
    rows = {row["table_id"]: row for row in shop.rows(TABLE)}
    sale = rows["bronze/raw_smartgo_sales"]
    assert sale["reasons"] == ["sold_price_unparseable", "condition_unknown"]
    assert sale["row_key"] == "acme|bad"
    raw = json.loads(sale["raw_row"])
    assert (raw["sold_price"], raw["description"]) == ("12,50", "größe 38 👢")
    assert rows["bronze/raw_product_images"]["reasons"] == ["image_scheme_refused"]


def test_rows_of_a_refused_day_are_there_too(shop: Shop) -> None:
    for number in range(30):
        shop.sell(f"b{number}", DAY, sold_price="abc")
    shop.run([DAY], CHAIN)
    assert shop.run([DAY], [TABLE]).success
    assert [row["row_number"] for row in sorted(shop.rows(TABLE), key=lambda r: r["row_number"])] == list(range(1, 31))


def test_a_mended_row_leaves_the_lane(shop: Shop) -> None:
    shop.sell("a", DAY, sold_price="abc")
    shop.sell("b", DAY)
    shop.run([DAY], [*CHAIN, TABLE])
    assert len(shop.rows(TABLE)) == 1
    shop.execute("UPDATE sales SET sold_price = '1.00'")
    assert shop.run([DAY], [*CHAIN, TABLE]).success
    assert shop.rows(TABLE) == []
