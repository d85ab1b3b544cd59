"""docs/queries.md, and the examples that it shows: each is what the small star really answers."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

import pricing_lake
from pricing_lake.queries.as_markdown import queries_markdown
from pricing_lake.queries.saved import QUERIES_FOLDER, parse_query, saved_queries, saved_query
from pricing_lake_tests.queries.small_star import TODAY, SmallStar, as_text

PAGE = Path(pricing_lake.__file__).parent.parent / "docs" / "queries.md"
OURS = sorted(path.stem for path in QUERIES_FOLDER.glob("*.sql"))
OF_THIS_MOMENT = {"file_sizes", "snapshot_history"}
"""What these tell depends on when and by which versions the files were written."""


def test_the_page_is_as_generated() -> None:
    """`make docs` writes the page again."""
    assert PAGE.read_text("utf-8") == queries_markdown(saved_queries().values()) + "\n"


def test_there_are_21_analytical_queries_and_the_view_of_orders() -> None:
    assert len(OURS) == 22


@pytest.mark.parametrize("name", OURS)
def test_the_example_is_what_the_query_answers(name: str, star: SmallStar) -> None:
    query = saved_query(name)
    values = query.bind(query.asked, TODAY)
    if name == "snapshot_history":
        values["period_end"] = datetime.now() + timedelta(days=2)  # noqa: DTZ005  # any later moment will do
    columns, rows = star.table(name, **values)
    heading, *shown = query.answer
    assert heading.split(" | ") == list(columns)
    assert shown
    assert len(rows) >= len(shown)
    if name not in OF_THIS_MOMENT:
        assert shown == [" | ".join(map(as_text, row)) for row in rows[: len(shown)]]


@pytest.mark.parametrize("name", OURS)
def test_the_default_period_can_be_asked_for(name: str, star: SmallStar) -> None:
    columns, _ = star.table(name)
    assert len(set(columns)) == len(columns)


def test_a_section_in_full() -> None:
    text = """-- question: How many?
-- reads: gold/fact_orders, gold/dim_date
-- param period_start: year_ago — first instant
-- param top_n: 5 — rows kept
-- param tenant_id: null — one tenant
-- example: period_start=2026-01-01 top_n=1
-- answer: day | orders
-- answer: 2026-03-02 | 2
SELECT 1 AS one
"""
    assert "\n".join(
        [
            "## how_many", "", "How many?", "", "Reads `gold/fact_orders`, `gold/dim_date`.", "",
            "| parameter | default | meaning |", "| --- | --- | --- |",
            "| period_start | this month, a year ago | first instant |", "| top_n | 5 | rows kept |",
            "| tenant_id | null | one tenant |", "", "Asked with period_start=2026-01-01, top_n=1:", "",
            "| day | orders |", "| --- | --- |", "| 2026-03-02 | 2 |", "",
        ]
    ) in queries_markdown([parse_query("how_many", text)])  # fmt: skip
