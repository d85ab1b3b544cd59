"""bronze/raw_smartgo_sales: what SmartGo said, accounted for row by row."""

from decimal import Decimal

from pricing_lake.contracts.bronze import RAW_SMARTGO_SALES
from pricing_lake_tests.shop import Shop

TABLE = "bronze/raw_smartgo_sales"
DAY = "2026-03-01"


def test_a_day_arrives_typed_returns_and_cancellations_included(shop: Shop) -> None:
    shop.sell("a", DAY, sold_price=2.55)
    shop.sell("b", DAY, quantity=-1)
    shop.sell("c", DAY, deleted_at="2026-03-01T13:00:00Z")
    shop.sell("other", "2026-03-02")
    assert shop.run([DAY], [TABLE]).success
    rows = {row["sale_id"]: row for row in shop.rows(TABLE)}
    assert rows.keys() == {"a", "b", "c"}
    assert rows["a"]["sold_price"] == Decimal("2.55")
    assert rows["b"]["quantity"] == -1


def test_dirt_is_set_aside_with_reasons_and_the_day_goes_on(shop: Shop) -> None:
    shop.sell("good", DAY)
    shop.sell("text", DAY, sold_price="abc")
    shop.sell("nan", DAY, sold_price="NaN")
    shop.sell("huge", DAY, sold_price=1e9)
    shop.sell("path", DAY, tenant_id="../etc")
    shop.sell(None, DAY)
    shop.sell("future", DAY, sold_at="2099-01-01T00:00:00Z")
    shop.sell("lost", DAY, sold_at=None)
    shop.sell("twice", DAY, description="one")
    shop.sell("twice", DAY, description="two", updated_at="2026-03-01T12:30:00Z")
    shop.sell("same", DAY)
    shop.sell("same", DAY)
    assert shop.run([DAY], [TABLE]).success
    verdict = shop.verdict(TABLE, DAY)
    assert verdict.reasons == {
        "sold_price_unparseable": 2,
        "sold_price_out_of_range": 1,
        "tenant_id_malformed": 1,
        "sale_id_missing": 1,
        "sold_at_in_future": 1,
        "sold_at_outside_partition": 1,
        "sold_at_missing": 1,
        "sale_id_repeated": 1,
    }
    counts = (verdict.source_rows, verdict.good_rows, verdict.quarantined_rows, verdict.duplicate_rows)
    assert counts == (12, 3, 8, 1)
    kept = {row["sale_id"]: row["description"] for row in shop.rows(TABLE)}
    assert kept == {"good": None, "twice": "two", "same": None}


def test_running_again_adds_nothing_and_a_correction_replaces(shop: Shop) -> None:
    shop.sell("a", DAY)
    for _ in range(2):
        shop.run([DAY], [TABLE])
    assert len(shop.lake.table(RAW_SMARTGO_SALES).snapshots()) == 1
    shop.execute("UPDATE sales SET sold_price = '12.00'")
    shop.run([DAY], [TABLE])
    assert [row["sold_price"] for row in shop.rows(TABLE)] == [Decimal("12.00")]


def test_a_bad_day_is_refused_alone_and_an_empty_one_too(shop: Shop) -> None:
    for number in range(30):
        shop.sell(f"good-{number}", DAY)
        shop.sell(f"bad-{number}", "2026-03-02", sold_price="abc")
    result = shop.run([DAY, "2026-03-03"], [TABLE])
    assert not result.success
    assert {row["sale_id"][:4] for row in shop.rows(TABLE)} == {"good"}
    assert [r.rule for r in shop.verdict(TABLE, "2026-03-02").broken] == ["bad_share"]
    assert [r.rule for r in shop.verdict(TABLE, "2026-03-03").broken] == ["not_empty"]


def test_a_missing_column_is_one_clear_line(shop: Shop) -> None:
    shop.execute("ALTER TABLE sales RENAME COLUMN sold_price TO amount")
    result = shop.run([DAY], [TABLE])
    message = result.failure_data_for_node("bronze__raw_smartgo_sales").user_failure_data.description
    assert "has no column sold_price; it has sale_id, " in message
    [broken] = shop.verdict(TABLE, DAY).broken
    assert broken.rule == "source_schema"
    assert "\n" not in broken.note
