"""Saved queries: headers, defaults and typed parameters, and that every mart's query fits the contracts it names."""

from datetime import date, datetime, time
from decimal import Decimal

import pytest

from pricing_lake.contracts.marts import MARTS
from pricing_lake.contracts.model import Grain, Table
from pricing_lake.errors import QueryError
from pricing_lake.queries.saved import MARTS_FOLDER, Moment, parse_query, saved_queries, saved_query

TEXT = """-- question: How many?
-- reads: silver/sales_history, quality/quarantined_rows
-- param period_start: last_month — first instant
-- param tenant_id: null — one tenant; null means all
-- param top_n: 20 — rows kept
-- param top_share: 0.01 — part kept
-- param word: 'a b' — text

-- a comment of the query itself
SELECT 1 AS one
"""
TODAY = date(2026, 3, 31)


def test_header_is_read() -> None:
    query = parse_query("how_many", TEXT)
    assert (query.name, query.question) == ("how_many", "How many?")
    assert query.reads == ("silver/sales_history", "quality/quarantined_rows")
    assert query.parameters == {
        "period_start": Moment.LAST_MONTH, "tenant_id": None, "top_n": 20, "top_share": Decimal("0.01"), "word": "a b",
    }  # fmt: skip
    assert query.meanings["tenant_id"] == "one tenant; null means all"
    assert query.sql == "-- a comment of the query itself\nSELECT 1 AS one"


@pytest.mark.parametrize(
    ("damage", "by", "says"),
    [
        ("-- question: How many?\n", "", "how_many.sql lacks question:"),
        ("-- reads: silver/sales_history, quality/quarantined_rows\n", "", "how_many.sql lacks reads:"),
        ("SELECT 1 AS one\n", "", "how_many.sql lacks a SELECT"),
        ("-- question: How many?", "-- question: How many?\n-- question: Who?", "header line 'question: Who?'"),
        ("-- question: How many?", "-- asked: How many?", "header line 'asked: How many?'"),
        ("20 — rows kept", "20, rows kept", "write `-- param name: default — meaning`"),
        ("20 —", "twenty —", "has the default twenty; write null, a number"),
        ("-- param top_n", "-- param tenant_id", "declares parameter tenant_id twice"),
    ],
)
def test_malformed_header_is_refused_with_what_to_write(damage: str, by: str, says: str) -> None:
    text = TEXT.replace(damage, by)
    if not by and damage.startswith("SELECT"):
        text = text.replace("-- a comment of the query itself\n", "")
    with pytest.raises(QueryError, match=r"^[^\n]*$") as caught:
        parse_query("how_many", text)
    assert says in str(caught.value)


def test_defaults_are_seen_from_today() -> None:
    values = parse_query("how_many", TEXT).bind({}, TODAY)
    assert values == {
        "period_start": _midnight(2026, 2, 1), "tenant_id": None, "top_n": 20, "top_share": Decimal("0.01"),
        "word": "a b",
    }  # fmt: skip
    assert [moment.on(TODAY) for moment in (Moment.THIS_MONTH, Moment.YESTERDAY, Moment.TODAY)] == [
        _midnight(2026, 3, 1),
        _midnight(2026, 3, 30),
        _midnight(2026, 3, 31),
    ]
    assert Moment.LAST_MONTH.on(date(2026, 1, 1)) == _midnight(2025, 12, 1)


def test_a_year_ago_is_the_first_of_this_month_then() -> None:
    assert Moment.YEAR_AGO.on(TODAY) == _midnight(2025, 3, 1)
    assert Moment.YEAR_AGO.on(date(2028, 2, 29)) == _midnight(2027, 2, 1)


def test_an_example_is_what_was_asked_and_how_the_answer_begins() -> None:
    example = "-- example: tenant_id=acme top_n=1\n-- answer: one | two\n-- answer: 1 | null\n\n-- a comment"
    query = parse_query("how_many", TEXT.replace("\n-- a comment", example))
    assert query.asked == {"tenant_id": "acme", "top_n": "1"}
    assert query.answer == ("one | two", "1 | null")
    plain = parse_query("how_many", TEXT)
    assert (dict(plain.asked), plain.answer) == ({}, ())
    assert query.fingerprint == plain.fingerprint


def test_what_a_person_typed_has_the_type_of_the_default() -> None:
    typed = {"period_start": "2026-01-05T02:00:00+02:00", "tenant_id": "acme", "top_n": "5", "top_share": "0.5"}
    values = parse_query("how_many", TEXT).bind(typed, TODAY)
    assert values["period_start"] == _midnight(2026, 1, 5)
    assert (values["tenant_id"], values["top_n"], values["top_share"]) == ("acme", 5, Decimal("0.5"))


def test_on_a_lake_months_are_seen_from_the_month_after_its_last_and_days_from_the_day_after() -> None:
    by_month = (
        "-- question: q?\n-- reads: a/b\n-- param period_start: last_month — m\n-- param today: today — m\nSELECT 1"
    )
    values = parse_query("by_month", by_month).bind_after({}, date(2026, 3, 20))
    assert values == {"period_start": _midnight(2026, 3, 1), "today": _midnight(2026, 3, 21)}
    ended = parse_query("by_month", by_month).bind_after({"today": "2026-05-01"}, date(2026, 3, 31))
    assert ended == {"period_start": _midnight(2026, 3, 1), "today": _midnight(2026, 5, 1)}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"tenant": "acme"}, "how_many has no parameter tenant; it has period_start, tenant_id"),
        ({"top_n": "many"}, "how_many: top_n=many is not a whole number"),
        ({"top_share": "half"}, "how_many: top_share=half is not a number"),
        ({"period_start": "soon"}, "how_many: period_start=soon is not a date or time such as 2026-01-31"),
    ],
)
def test_what_cannot_be_meant_is_refused(given: dict[str, str], says: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse_query("how_many", TEXT).bind(given, TODAY)
    assert str(caught.value).startswith(says)


def test_fingerprint_follows_the_query_and_its_defaults() -> None:
    before = parse_query("how_many", TEXT).fingerprint
    assert parse_query("how_many", TEXT.replace("How many?", "How many really?")).fingerprint == before
    assert parse_query("how_many", TEXT.replace("1 AS one", "2 AS one")).fingerprint != before
    assert parse_query("how_many", TEXT.replace("top_n: 20", "top_n: 30")).fingerprint != before


def test_unknown_query_names_those_that_exist() -> None:
    with pytest.raises(QueryError, match="no saved query 'sales'; there are brand_performance, category_brand_matrix"):
        saved_query("sales")


def test_every_mart_has_a_query_of_its_name() -> None:
    assert {path.stem for path in MARTS_FOLDER.glob("*.sql")} == {mart.name for mart in MARTS}
    assert {mart.name for mart in MARTS} <= set(saved_queries())


@pytest.mark.parametrize("mart", MARTS, ids=lambda mart: str(mart.name))
def test_default_period_is_one_partition_of_the_mart(mart: Table) -> None:
    parameters = saved_query(mart.name).parameters
    by_grain = {Grain.MONTH: (Moment.LAST_MONTH, Moment.THIS_MONTH), Grain.DAY: (Moment.YESTERDAY, Moment.TODAY)}
    assert (parameters["period_start"], parameters["period_end"]) == by_grain[mart.every]
    assert ("tenant_id" in parameters) == ("tenant_id" in mart.names)


def _midnight(year: int, month: int, day: int) -> datetime:
    return datetime.combine(date(year, month, day), time())
