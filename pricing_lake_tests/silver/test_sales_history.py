"""silver/sales_history: sales that stand, each with its picture's vector or none."""

from datetime import datetime
from decimal import Decimal

import pytest

from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake_tests.shop import CHAIN, Shop
from pricing_lake_tests.sources.carousel_shop import item
from pricing_lake_tests.two_shops import carousel_selling

TABLE = "silver/sales_history"
DAY = "2026-03-01"


def test_returns_and_cancellations_are_excluded_and_counted(shop: Shop) -> None:
    shop.sell("stands", DAY)
    shop.sell("no quantity means one", DAY, quantity=None)
    shop.sell("returned", DAY, quantity=-2)
    shop.sell("none left", DAY, quantity=0)
    shop.sell("cancelled", DAY, deleted_at="2026-03-01T23:59:59Z")
    shop.sell("cancelled later", DAY, deleted_at="2026-03-02T00:00:00Z")
    assert shop.run([DAY]).success
    verdict = shop.verdict(TABLE, DAY)
    assert verdict.excluded == {"returned": 2, "cancelled": 1}
    assert verdict.source_rows == 6
    kept = {row["sale_id"] for row in shop.rows(TABLE)}
    assert kept == {"stands", "no quantity means one", "cancelled later"}


def test_a_sale_has_its_pictures_vector_or_none(shop: Shop) -> None:
    shop.sell("with", DAY, image_url=shop.picture("a.png"))
    shop.sell("without", DAY)
    shop.sell("broken", DAY, image_url=(shop.pictures / "absent.png").as_uri(), product_id="p2")
    assert shop.run([DAY]).success
    rows = {row["sale_id"]: row for row in shop.rows(TABLE)}
    assert len(rows["with"]["embedding"]) == 1024
    assert rows["with"]["image_s3_key"].startswith("images/")
    assert (rows["without"]["embedding"], rows["without"]["image_s3_key"]) == (None, None)
    assert (rows["broken"]["embedding"], rows["broken"]["image_s3_key"]) == (None, None)
    assert shop.verdict(TABLE, DAY).figures["embedding_coverage"] == pytest.approx(1 / 3, abs=1e-6)


def test_the_row_carries_season_source_and_utc_time(shop: Shop) -> None:
    shop.sell("a", DAY, sold_at="2026-03-01T23:30:00+00:00", brand="Kestrel")
    assert shop.run([DAY]).success
    row = shop.rows(TABLE)[0]
    assert row["sold_date"] == datetime(2026, 3, 1, 23, 30)
    assert (row["season"], row["source"], row["brand"]) == ("Q1", "smartgo", "Kestrel")


def test_it_refuses_a_day_whose_bronze_was_refused_even_in_a_run_of_its_own(shop: Shop) -> None:
    shop.sell("a", DAY)
    shop.run([DAY])
    shop.execute("DELETE FROM sales")
    shop.run([DAY], ["bronze/raw_smartgo_sales"])
    result = shop.run([DAY], [TABLE])
    assert not result.success
    assert "not_empty" in shop.verdict(TABLE, DAY).explain()
    assert len(shop.rows(TABLE)) == 1


def test_days_in_any_order_twice_give_the_same_table(shop: Shop) -> None:
    days = ["2026-03-01", "2026-03-02", "2026-03-03"]
    for day in days:
        shop.sell(f"one-{day}", day, image_url=shop.picture(f"{day}.png", "navy"))
        shop.sell(f"two-{day}", day, tenant_id="bolt")
    shop.run(days)
    forward = sorted(shop.rows(TABLE, "sale_id", "record_hash", "tenant_id"), key=str)
    for day in (*reversed(days), days[1]):
        assert shop.run([day]).success
    assert sorted(shop.rows(TABLE, "sale_id", "record_hash", "tenant_id"), key=str) == forward
    assert len(shop.lake.table(SALES_HISTORY).snapshots()) == 1


def test_both_shops_stand_side_by_side_each_under_its_name(shop: Shop) -> None:
    """The same tenant may have the same sale id in both: the key holds the source."""
    shop.sell("same", DAY, sold_price="10.00")
    carousel = carousel_selling(shop, item("same", sold_price={"N": "12.5"}), item("own", brand={"S": "Kestrel"}))
    assert shop.run([DAY], carousel=carousel).success
    rows = {(row["source"], row["sale_id"]): (row["sold_price"], row["brand"]) for row in shop.rows(TABLE)}
    assert rows == {
        ("smartgo", "same"): (Decimal("10.00"), None),
        ("carousel", "same"): (Decimal("12.50"), None),
        ("carousel", "own"): (Decimal("12.50"), "Kestrel"),
    }


def test_what_does_not_stand_is_counted_over_both_shops(shop: Shop) -> None:
    shop.sell("stands", DAY)
    shop.sell("returned", DAY, quantity=-1)
    carousel = carousel_selling(
        shop,
        item("returned too", quantity={"N": "0"}),
        item("cancelled", deleted_at={"S": "2026-03-01T23:59:59Z"}),
        item("cancelled later", deleted_at={"S": "2026-03-02T00:00:00Z"}),
    )
    assert shop.run([DAY], carousel=carousel).success
    verdict = shop.verdict(TABLE, DAY)
    assert verdict.excluded == {"returned": 2, "cancelled": 1}
    assert verdict.source_rows == 5
    assert {row["sale_id"] for row in shop.rows(TABLE)} == {"stands", "cancelled later"}


def test_a_sale_of_carousel_has_its_pictures_vector(shop: Shop) -> None:
    url = shop.picture("a.png")
    shop.sell("smartgo", DAY, image_url=url)
    carousel = carousel_selling(shop, item("carousel", image_url={"S": url}), item("without"))
    assert shop.run([DAY], carousel=carousel).success
    rows = {row["sale_id"]: row for row in shop.rows(TABLE)}
    assert len(rows["carousel"]["embedding"]) == 1024
    assert rows["carousel"]["embedding"] == rows["smartgo"]["embedding"]
    assert (rows["without"]["embedding"], rows["without"]["image_s3_key"]) == (None, None)


def test_it_waits_for_both_shops(shop: Shop) -> None:
    shop.sell("a", DAY)
    without = [table for table in CHAIN if table != "bronze/raw_carousel_sales"]
    assert not shop.run([DAY], without).success
    assert shop.run([DAY]).success
    assert len(shop.rows(TABLE)) == 1
