"""The gate's own judgement of a candidate: control figures, emptiness, unknown columns."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from pricing_lake.contracts.bronze import RAW_SMARTGO_SALES
from pricing_lake.contracts.split import split_rows
from pricing_lake.lake.gate import Candidate, judge
from pricing_lake.lake.verdicts import RuleResult
from pricing_lake_tests.sources.sales import SALE

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def rows(*changes: dict[str, Any]) -> pa.Table:
    """Sales as a database with typed times gives them."""
    sales = [{**SALE, "sold_at": NOON, "updated_at": NOON, "quantity": 1, **change} for change in changes]
    kinds = {"sold_at": pa.timestamp("us", "UTC"), "updated_at": pa.timestamp("us", "UTC"), "quantity": pa.int64()}
    return pa.Table.from_pylist(sales, pa.schema([(name, kinds.get(name, pa.string())) for name in SALE]))


def judged(candidate: Candidate) -> dict[str, RuleResult]:
    split = split_rows(RAW_SMARTGO_SALES, candidate.rows)
    return {result.rule: result for result in judge(RAW_SMARTGO_SALES, candidate, split)}


class TestRanges:
    @pytest.mark.parametrize(
        ("expected", "broken"),
        [
            ((Decimal("9.50"), Decimal(12)), []),
            ((Decimal("9.5000"), Decimal("12.001")), []),
            ((Decimal("9.40"), Decimal(12)), ["control_min_sold_price"]),
            ((Decimal(1), Decimal(99)), ["control_min_sold_price", "control_max_sold_price"]),
        ],
    )
    def test_prices_are_held_to_the_cent(self, expected: tuple[Decimal, Decimal], broken: list[str]) -> None:
        table = rows({"sold_price": " 9.50"}, {"sold_price": "12"}, {"sold_price": None}, {"sold_price": "abc"})
        results = judged(Candidate(table, expected_ranges={"sold_price": expected}))
        controls = [rule for rule in results if rule.startswith("control_")]
        assert [rule for rule in controls if not results[rule].passed] == broken
        assert all(results[rule].severity == "critical" for rule in controls)

    def test_moments_are_held_exactly_and_the_note_tells_both(self) -> None:
        late = NOON.replace(microsecond=1)
        results = judged(Candidate(rows({}, {"sold_at": late}), expected_ranges={"sold_at": (NOON, NOON)}))
        assert results["control_min_sold_at"].passed
        assert not results["control_max_sold_at"].passed
        assert results["control_max_sold_at"].note == f"the source says {NOON}, {late} arrived"

    @pytest.mark.parametrize("expected", [(NOON, NOON), (Decimal(1), Decimal(1))], ids=["moments", "numbers"])
    def test_nothing_arrived_where_something_was_said_is_refused(self, expected: tuple[Any, Any]) -> None:
        column = "sold_at" if expected[0] is NOON else "sold_price"
        result = judged(Candidate(rows(), expected_rows=1, expected_ranges={column: expected}))[f"control_min_{column}"]
        assert not result.passed
        assert result.note.endswith("None arrived")

    def test_a_figure_that_the_source_does_not_give_is_not_judged(self) -> None:
        assert not [rule for rule in judged(Candidate(rows({}))) if rule.startswith("control_")]


def test_a_price_with_spaces_is_in_the_sum_as_the_source_has_it() -> None:
    candidate = Candidate(rows({"sold_price": " 7 "}, {"sold_price": "3"}), expected_totals={"sold_price": Decimal(10)})
    assert judged(candidate)["control_total_sold_price"].passed


class TestEmpty:
    def test_a_day_without_rows_is_refused(self) -> None:
        result = judged(Candidate(rows()))["not_empty"]
        assert (result.passed, result.note[:7]) == (False, "no rows")

    def test_unless_it_is_known_why(self) -> None:
        result = judged(Candidate(rows(), empty_because="every sunday"))["not_empty"]
        assert (result.passed, result.note) == (True, "every sunday")

    def test_a_closed_day_with_rows_is_like_any_other(self) -> None:
        result = judged(Candidate(rows({}), empty_because="every sunday"))["not_empty"]
        assert (result.passed, result.note) == (True, "")

    def test_rows_that_were_lost_on_the_way_are_no_closed_day(self) -> None:
        results = judged(Candidate(rows(), expected_rows=5, empty_because="every sunday"))
        assert not results["count_law"].passed


class TestUnknownColumns:
    def test_each_has_a_result_of_its_own(self) -> None:
        table = rows({}).append_column("tier", pa.array(["gold"]))
        results = judged(Candidate(table, source_columns={"till": "int"}, unread=("till",)))
        assert results["known_columns"].note.startswith("the source has tier, till (int); declare it")
        assert {rule for rule in results if "." in rule} == {"unknown_column.tier", "unknown_column.till"}
        assert results["unknown_column.till"].note == "int"

    def test_none_is_well(self) -> None:
        result = judged(Candidate(rows({}), source_columns={"sale_id": "text"}))["known_columns"]
        assert (result.passed, result.note) == (True, "")

    def test_a_contract_that_freezes_its_columns_is_not_asked(self) -> None:
        frozen = replace(RAW_SMARTGO_SALES, mode=type(RAW_SMARTGO_SALES.mode)("freeze"))
        candidate = Candidate(rows({}), unread=("till",))
        results = judge(frozen, candidate, split_rows(frozen, candidate.rows))
        assert "known_columns" not in {result.rule for result in results}
