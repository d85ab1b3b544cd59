"""gold/dim_date: every day once, by the calendar, by ISO weeks and by fiscal years."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from pricing_lake.contracts.gold_dimensions import DIM_DATE
from pricing_lake.gold.dim_date import dim_date
from pricing_lake.partitions import Calendar
from pricing_lake.resources.calendar import CalendarResource
from pricing_lake_tests.gold.silver_days import Row, SilverDays
from pricing_lake_tests.table_asset.tiny_table import lake_resource


def days_of(days: SilverDays, start: date, end: date, first_month: int = 1) -> dict[date, Row]:
    days.make(dim_date, calendar=CalendarResource.of(start, end, first_month))
    rows = {row["date"]: row for row in days.rows(DIM_DATE)}
    return {day: row for day, row in rows.items() if isinstance(day, date)}


def test_every_day_to_the_end_of_the_year_after_is_there_once(days: SilverDays) -> None:
    rows = days_of(days, date(2019, 12, 30), date(2020, 3, 1))
    assert list(rows) == [date(2019, 12, 30) + timedelta(days=number) for number in range(len(rows))]
    assert list(rows)[-1] == date(2021, 12, 31)


def test_every_day_is_what_the_standard_library_says_it_is(days: SilverDays) -> None:
    """20 years hold every kind of year: leap ones, ones of 53 weeks, ones that begin on any weekday."""
    rows = days_of(days, date(2004, 1, 1), date(2023, 12, 31))
    assert len(rows) == 7_671
    for day, row in rows.items():
        iso = day.isocalendar()
        assert row == {
            "date_sk": int(f"{day:%Y%m%d}"),
            "date": day,
            "year": day.year,
            "quarter": (day.month + 2) // 3,
            "month": day.month,
            "iso_year": iso.year,
            "iso_week": iso.week,
            "iso_weekday": iso.weekday,
            "is_weekend": day.weekday() in (5, 6),
            "fiscal_year": day.year,
            "fiscal_quarter": (day.month + 2) // 3,
        }


@pytest.mark.parametrize(
    ("first_month", "day", "fiscal_year", "fiscal_quarter"),
    [
        (4, date(2026, 3, 31), 2026, 4),
        (4, date(2026, 4, 1), 2027, 1),
        (4, date(2026, 12, 31), 2027, 3),
        (4, date(2027, 1, 1), 2027, 4),
        (10, date(2026, 9, 30), 2026, 4),
        (10, date(2026, 10, 1), 2027, 1),
        (12, date(2026, 11, 30), 2026, 4),
        (12, date(2026, 12, 1), 2027, 1),
        (2, date(2026, 1, 31), 2026, 4),
        (2, date(2026, 2, 1), 2027, 1),
    ],
)
def test_a_fiscal_year_is_named_after_the_year_it_ends_in(
    days: SilverDays, first_month: int, day: date, fiscal_year: int, fiscal_quarter: int
) -> None:
    row = days_of(days, date(2026, 1, 1), date(2026, 12, 31), first_month)[day]
    assert (row["fiscal_year"], row["fiscal_quarter"]) == (fiscal_year, fiscal_quarter)


@pytest.mark.parametrize("first_month", range(1, 13))
def test_a_fiscal_year_has_four_quarters_of_three_months(days: SilverDays, first_month: int) -> None:
    rows = days_of(days, date(2024, 1, 1), date(2026, 12, 31), first_month).values()
    months = {(row["year"], row["month"]) for row in rows if row["fiscal_year"] == 2026}
    assert len(months) == 12
    quarters = [{(row["year"], row["month"]) for row in rows if row["fiscal_quarter"] == q} for q in (1, 2, 3, 4)]
    assert [len(quarter) for quarter in quarters] == [12, 12, 12, 12]


def test_made_again_it_does_not_change(days: SilverDays) -> None:
    for _ in range(2):
        days_of(days, date(2026, 1, 1), date(2026, 3, 31))
    assert days.snapshots(DIM_DATE) == 1


def test_a_lake_without_an_end_plans_to_the_end_of_the_year_after_this_one() -> None:
    calendar = CalendarResource.of(date(2024, 1, 1), None)
    assert calendar.last_planned_day(datetime(2026, 1, 1, tzinfo=UTC)) == date(2027, 12, 31)
    assert calendar.last_planned_day(datetime(2026, 12, 31, 23, 59, tzinfo=UTC)) == date(2027, 12, 31)


def test_dagster_makes_it_once_without_partitions_or_upstream(tmp_path: Path) -> None:
    asset = dim_date.definition(Calendar(date(2026, 3, 1), date(2026, 3, 31)), "lake", 7)
    calendar = CalendarResource.of(date(2026, 3, 1), date(2026, 3, 31), 4)
    result = dg.materialize([asset], resources={"lake": lake_resource(tmp_path), "calendar": calendar})
    assert result.success
    [made] = result.get_asset_materialization_events()
    assert made.partition is None
    rows = lake_resource(tmp_path).open().table(DIM_DATE).scan().to_arrow().num_rows
    assert rows == (date(2027, 12, 31) - date(2026, 3, 1)).days + 1
