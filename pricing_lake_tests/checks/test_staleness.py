"""checks/staleness: the newest due day, how late it is, whether rows still come; backfills and ends blame nobody."""

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from pricing_lake.checks.staleness import Age, DayTable, Due, Freshness
from pricing_lake.contracts.model import Severity
from pricing_lake.lake.verdicts import RuleResult, Verdict, VerdictStore, now_utc
from pricing_lake_tests.checks.tiny_lake import QUIET, TODAY, TinyLake, at, back

START = back(60)


@pytest.fixture
def tiny_lake(tmp_path: Path) -> TinyLake:
    return TinyLake(tmp_path)


def judged(tiny_lake: TinyLake, now: datetime, start: date = START, last: date | None = None) -> Freshness:
    return DayTable(tiny_lake.lake, QUIET, Due(start, last, now)).judge()


class TestDue:
    def test_a_day_is_due_when_the_tables_hours_are_over_since_it_ended(self) -> None:
        assert Due(START, None, at(2, "05:59:59")).day(QUIET) == back(1)
        assert Due(START, None, at(2, "06:00:00")).day(QUIET) == TODAY

    def test_no_day_is_due_before_the_first_nor_after_the_last(self) -> None:
        assert Due(TODAY, None, at(1)).day(QUIET) is None
        assert Due(START, TODAY, at(2)).day(QUIET) == TODAY
        assert Due(START, TODAY, at(3)).day(QUIET) is None


class TestDays:
    def test_a_table_with_its_due_day_is_fresh_until_the_next_one_is_due(self, tiny_lake: TinyLake) -> None:
        tiny_lake.publish(back(2), back(1))
        for moment in (at(1), at(2, "05:59:59")):
            assert judged(tiny_lake, moment) == Freshness(Age.FRESH, f"{back(1)} is published with 2 rows")

    def test_one_missing_day_is_late_and_two_are_stale(self, tiny_lake: TinyLake) -> None:
        tiny_lake.publish(back(2), back(1))
        found = judged(tiny_lake, at(2))
        assert (found.age, found.days_late) == (Age.LATE, 1)
        assert found.text == (
            f"gold/tiny {TODAY} is not published; materialize it first; the newest published day is {back(1)}"
        )
        stale = judged(tiny_lake, at(3))
        assert (stale.age, stale.days_late) == (Age.STALE, 2)

    def test_a_backfill_of_old_days_neither_makes_it_stale_nor_fresh(self, tiny_lake: TinyLake) -> None:
        tiny_lake.publish(back(1))
        tiny_lake.publish(back(40), back(41))
        assert judged(tiny_lake, at(1)).age is Age.FRESH
        assert judged(tiny_lake, at(3)).age is Age.STALE

    def test_a_lake_that_is_being_filled_is_late_and_stale_once_nobody_goes_on(self, tiny_lake: TinyLake) -> None:
        tiny_lake.publish(back(20))
        filled = judged(tiny_lake, now_utc())
        assert filled.age is Age.LATE
        assert filled.text.endswith(f"the newest published day is {back(20)}; days are being published")
        assert judged(tiny_lake, at(3)).age is Age.STALE

    def test_a_refused_day_is_not_there_and_its_reason_is_told(self, tiny_lake: TinyLake) -> None:
        tiny_lake.publish(back(2))
        tiny_lake.publish(back(1), amounts=(1, -2))
        found = judged(tiny_lake, at(1))
        assert found.age is Age.LATE
        assert "refused: bad_share" in found.text
        tiny_lake.publish(back(1))
        assert judged(tiny_lake, at(1)).age is Age.FRESH

    def test_a_proof_whose_rows_never_came_is_no_day(self, tiny_lake: TinyLake) -> None:
        tiny_lake.publish(back(2))
        result = RuleResult("count_law", Severity.CRITICAL, passed=True)
        VerdictStore(tiny_lake.lake.proofs).write(
            Verdict(QUIET.id, back(1).isoformat(), "b", "r", 1, now_utc(), (result,), good_rows=2, content_hash="x")
        )
        found = judged(tiny_lake, at(1))
        assert found.age is Age.LATE
        assert "never reached the table" in found.text
        assert f"the newest published day is {back(2)}" in found.text

    def test_a_table_that_was_only_ever_refused_is_stale(self, tiny_lake: TinyLake) -> None:
        tiny_lake.publish(back(1), amounts=(1, -2))
        found = judged(tiny_lake, at(1))
        assert found.age is Age.STALE
        assert found.text.startswith("none of the newest 31 judged days is published; gold/tiny")

    def test_a_lake_that_has_ended_owes_nothing(self, tiny_lake: TinyLake) -> None:
        tiny_lake.publish(back(5))
        assert judged(tiny_lake, at(1), last=back(3)) == Freshness(Age.FRESH, f"the lake ends on {back(3)}")

    def test_a_young_lake_and_one_without_a_run_owe_nothing(self, tiny_lake: TinyLake) -> None:
        assert judged(tiny_lake, at(0), start=back(1)).text == "no day is due yet"
        assert judged(tiny_lake, at(0)) == Freshness(Age.FRESH, "nothing was ever published")
        assert not tiny_lake.lake.exists(QUIET)


class TestRows:
    @pytest.mark.parametrize(
        ("days", "age"), [(4, Age.FRESH), (5, Age.LATE), (14, Age.LATE), (15, Age.STALE), (31, Age.STALE)]
    )
    def test_empty_days_are_usual_for_a_long_weekend(self, tiny_lake: TinyLake, days: int, age: Age) -> None:
        tiny_lake.publish(back(1 + days))
        tiny_lake.publish(*(back(1 + number) for number in range(days)), amounts=())
        found = judged(tiny_lake, at(1))
        assert (found.age, found.days_late) == (age, 0)
        assert f"the newest rows are of {back(1 + days)}" in found.text

    def test_rows_are_not_looked_for_for_ever(self, tiny_lake: TinyLake) -> None:
        tiny_lake.publish(back(50))
        tiny_lake.publish(back(1), back(2), amounts=())
        found = judged(tiny_lake, at(1))
        assert found.age is Age.STALE
        assert "no row is of the 31 days before" in found.text

    def test_a_table_that_never_had_a_row_has_no_source(self, tiny_lake: TinyLake) -> None:
        tiny_lake.publish(back(1), back(2), amounts=())
        assert judged(tiny_lake, at(1)) == Freshness(Age.FRESH, f"{back(1)} is published; the table never had a row")

    def test_a_row_of_a_day_that_is_not_due_yet_is_the_newest(self, tiny_lake: TinyLake) -> None:
        tiny_lake.publish(back(1), back(2), amounts=())
        tiny_lake.publish(TODAY)
        found = judged(tiny_lake, at(1) + timedelta(hours=1))
        assert found.age is Age.FRESH
        assert f"the newest rows are of {TODAY}" in found.text
