"""What a person sees in a real browser while one day of fourteen stands refused."""

import pytest

from pricing_lake.contracts.all import BRONZE
from pricing_lake_tests.services.bad_day_pages import PagesOfBadDay
from pricing_lake_tests.services.browser import SCREENSHOTS
from pricing_lake_tests.services.small_shop import BAD_DAY, DAYS, GOOD_DAYS

pytestmark = pytest.mark.services

PNG = b"\x89PNG\r\n\x1a\n"


def test_the_gate_shows_a_verdict_for_each_day(pages_of_bad_day: PagesOfBadDay) -> None:
    shown = pages_of_bad_day.gate.splitlines()
    assert f"{len(DAYS)} Partitions Selected" in shown
    counts = {
        "Passed": len(GOOD_DAYS),
        "Failed": 1,
        "Skipped": 0,
        "Missing": 0,
        "Execution Failed": 0,
        "In Progress": 0,
    }
    assert {f"{status} ({count})" for status, count in counts.items()} <= set(shown)


def test_the_rules_of_the_refused_day_say_why(pages_of_bad_day: PagesOfBadDay) -> None:
    assert BAD_DAY in pages_of_bad_day.rules
    assert "bad_share" in pages_of_bad_day.rules
    assert "sold_price_unparseable 40" in pages_of_bad_day.rules


def test_the_partitions_page_counts_the_refused_day_and_shows_the_rows_of_a_good_one(
    pages_of_bad_day: PagesOfBadDay,
) -> None:
    shown = pages_of_bad_day.partitions.splitlines()
    assert {f"Materialized ({len(GOOD_DAYS)})", "Failed (1)", "Missing (0)"} <= set(shown)
    assert {"dagster/partition_row_count", "source_rows", "quarantined_rows"} <= {line.strip() for line in shown}


def test_the_asset_tells_its_meaning_owner_and_columns(pages_of_bad_day: PagesOfBadDay) -> None:
    shown = pages_of_bad_day.asset
    for words in ("One row per sale line of SmartGo", "ingestion", "Iceberg", "sold_price", "decimal(10,2)", "Passing"):
        assert words in shown, words


def test_the_graph_shows_every_table_of_a_layer_and_how_full_it_is(pages_of_bad_day: PagesOfBadDay) -> None:
    shown = pages_of_bad_day.graph.splitlines()
    assert {table.name for table in BRONZE} <= set(shown)
    assert {"silver", "gold", "quality", "marts"} <= set(shown)
    assert "92% filled (1 failed)" in shown


def test_no_dialog_lies_over_the_pages(pages_of_bad_day: PagesOfBadDay) -> None:
    for text in vars(pages_of_bad_day).values():
        assert "Join the Dagster community" not in text


@pytest.mark.parametrize("name", ["gate", "rules", "partitions", "asset", "graph"])
def test_a_picture_of_each_page_is_kept(pages_of_bad_day: PagesOfBadDay, name: str) -> None:
    picture = (SCREENSHOTS / f"{name}.png").read_bytes()
    assert picture.startswith(PNG)
    assert len(picture) > 20_000
