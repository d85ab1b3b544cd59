"""quality/quality_results: verdicts as rows, refused days included, the latest publish of a day alone."""

from pricing_lake_tests.shop import CHAIN, Shop

TABLE = "quality/quality_results"
DAY = "2026-03-01"


def by_rule(shop: Shop, table: str) -> dict[str, dict[str, object]]:
    return {row["rule"]: row for row in shop.rows(TABLE) if row["table_id"] == table}


def test_rules_reasons_and_figures_of_a_day(shop: Shop) -> None:
    shop.sell("a", DAY)
    shop.sell("b", DAY, sold_price="abc")
    shop.sell("r", DAY, quantity=-1)
    assert shop.run([DAY], [*CHAIN, TABLE]).success
    bronze = by_rule(shop, "bronze/raw_smartgo_sales")
    assert bronze["count_law"]["passed"] is True
    assert (bronze["sold_price_unparseable"]["kind"], bronze["sold_price_unparseable"]["failed_rows"]) == ("reason", 1)
    assert bronze["source_rows"]["value"] == 3.0
    assert by_rule(shop, "silver/sales_history")["excluded_rows"]["value"] == 1.0
    assert by_rule(shop, "silver/sales_history")["embedding_coverage"]["value"] == 0.0


def test_a_refused_day_can_be_asked_why(shop: Shop) -> None:
    for number in range(30):
        shop.sell(f"b{number}", DAY, sold_price="abc")
    assert not shop.run([DAY], CHAIN).success
    assert shop.run([DAY], [TABLE]).success
    bronze = by_rule(shop, "bronze/raw_smartgo_sales")
    assert bronze["bad_share"]["passed"] is False
    assert bronze["bad_share"]["failed_rows"] == 30


def test_only_the_latest_publish_of_a_day_counts(shop: Shop) -> None:
    shop.sell("a", DAY, sold_price="abc")
    shop.sell("b", DAY)
    shop.run([DAY], [*CHAIN, TABLE])
    shop.execute("UPDATE sales SET sold_price = '1.00'")
    assert shop.run([DAY], [*CHAIN, TABLE]).success
    bronze = by_rule(shop, "bronze/raw_smartgo_sales")
    assert "sold_price_unparseable" not in bronze
    assert bronze["good_rows"]["value"] == 2.0


def test_running_a_day_again_changes_no_table_and_writes_no_proof(shop: Shop) -> None:
    shop.sell("a", DAY)
    shop.sell("b", DAY, sold_price="abc")
    chain = [*CHAIN, TABLE, "quality/quarantined_rows"]
    shop.run([DAY], chain)
    files = sorted(path for path in shop.home.rglob("*") if path.is_file() and "warehouse" in path.parts)
    assert shop.run([DAY], chain).success
    assert sorted(path for path in shop.home.rglob("*") if path.is_file() and "warehouse" in path.parts) == files
