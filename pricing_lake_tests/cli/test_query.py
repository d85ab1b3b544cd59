import csv
import io
import json

import pytest

from pricing_lake.queries.saved import saved_queries


def test_the_queries_are_listed_with_question_and_parameters(pricing_lake):
    listed = json.loads(pricing_lake("queries", "--json").stdout)
    assert [query["name"] for query in listed] == list(saved_queries())
    comparables = next(query for query in listed if query["name"] == "comparables")
    assert comparables["question"].endswith("?")
    assert {p["name"]: p["default"] for p in comparables["parameters"]}["top_n"] == 20
    table = pricing_lake("queries").stdout
    assert "brand_performance" in table
    assert "tenant_id=null" in table


def test_the_default_period_is_the_last_month_of_the_calendar(on_demo):
    """The demo's days are the last of February and the first of March."""
    march = json.loads(on_demo("query", "monthly_sales_trend", "--format", "json").stdout)
    assert {row["month"] for row in march} == {"2026-03-01"}
    february = json.loads(on_demo("query", "monthly_sales_trend", "--month", "2026-02", "--format", "json").stdout)
    assert {row["month"] for row in february} == {"2026-02-01"}
    both = json.loads(
        on_demo("query", "monthly_sales_trend", "--from", "2026-02-01", "--to", "2026-03-31", "--format", "json").stdout
    )
    assert {row["month"] for row in both} == {"2026-02-01", "2026-03-01"}


def test_a_query_about_days_asks_for_the_last_day(on_demo):
    rows = json.loads(on_demo("query", "data_quality_daily", "--format", "json").stdout)
    assert {row["day"] for row in rows} == {"2026-03-01"}


def test_all_formats_hold_the_same_rows_in_the_same_order(on_demo):
    words = ("query", "brand_performance", "--month", "2026-03")
    as_json = json.loads(on_demo(*words, "--format", "json").stdout)
    as_csv = list(csv.DictReader(io.StringIO(on_demo(*words, "--format", "csv").stdout)))
    as_table = on_demo(*words, "--limit", "0").stdout.splitlines()
    assert [row["brand"] for row in as_json] == [row["brand"] for row in as_csv] == sorted(r["brand"] for r in as_json)
    assert [float(row["revenue"]) for row in as_csv] == [row["revenue"] for row in as_json]
    assert len(as_table) == len(as_json) + 1


def test_a_limit_cuts_and_says_so(on_demo):
    result = on_demo("query", "brand_performance", "--limit", "2", "--format", "csv")
    assert len(result.stdout.splitlines()) == 3
    assert "more rows; --limit 0 shows all" in result.stderr


def test_what_was_scanned_is_told_on_stderr(on_demo):
    """One file per tenant and day: half a calendar is half of the files."""
    assert "scanned 1 of 2 files, " in on_demo("query", "sales_by_category_month", "--month", "2026-02").stderr


def test_parameters_narrow_the_answer(on_demo):
    rows = json.loads(on_demo("query", "comparables", "--param", "top_n=2", "--format", "json").stdout)
    assert {row["rank"] for row in rows} == {1, 2}
    nobody = on_demo("query", "brand_performance", "--tenant", "nobody")
    assert nobody.exit_code == 0
    assert "no rows of tenant nobody from 2026-03-01" in nobody.stderr
    assert "no rows as of 2020-01-01;" in on_demo("query", "file_sizes", "--as-of", "2020-01-01").stderr


def test_a_year_is_shown_as_one(on_demo):
    assert on_demo("query", "season_performance", "--limit", "1").stdout.splitlines()[1].split()[4] == "2026"


def test_no_table_is_behind_with_days_that_are_not_over(on_demo):
    """The last day is the first of a month that still runs."""
    rows = json.loads(on_demo("query", "ingestion_lag", "--month", "2026-03", "--format", "json").stdout)
    assert {row["days_behind"] for row in rows} == {0}


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("brand_performanc",), 1, "did you mean brand_performance?"),
        (("nix",), 1, "there are brand_performance, category_brand_matrix"),
        (("comparables", "--param", "topn=3"), 1, "did you mean top_n?"),
        (("data_quality_daily", "--tenant", "acme"), 1, "it has period_start, period_end"),
        (("comparables", "--param", "top_n=many"), 1, "top_n=many is not a whole number"),
        (("comparables", "--param", "top_n"), 2, "write NAME=VALUE"),
        (("comparables", "--month", "2026-03", "--from", "2026-03-01"), 2, "not both"),
        (("comparables", "--from", "2026-03-01"), 2, "together"),
        (("file_sizes", "--month", "2026-03"), 2, "file_sizes is not about a period"),
        (("comparables", "--from", "2026-03-02", "--to", "2026-03-01"), 2, "swap"),
    ],
)
def test_what_cannot_be_asked_is_explained(pricing_lake, words, code, text):
    result = pricing_lake("query", *words, PRICING_LAKE_START_DATE="2026-03-01")
    assert result.exit_code == code
    assert text in result.stderr


def test_asking_an_empty_lake_creates_no_table(pricing_lake):
    result = pricing_lake("query", "brand_performance", PRICING_LAKE_START_DATE="2026-03-01")
    assert result.exit_code == 1
    assert "silver/sales_history, not published yet; run `pricing-lake materialize`" in result.stderr
    assert "not created yet" in pricing_lake("tables").stdout
