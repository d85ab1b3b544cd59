"""One test per rewrite of dates and timestamps: the answer Athena documents, asked of DuckDB."""

from datetime import date, datetime

import pytest

from pricing_lake.errors import QueryError
from pricing_lake_tests.engines.athena import InMemory
from pricing_lake_tests.engines.typed_rows import column


@pytest.mark.parametrize("kind", ["timestamp", "timestamp(0)", "timestamp(3)", "timestamp(6)"])
def test_timestamps_of_every_precision_are_timestamps(athena: InMemory, kind: str) -> None:
    assert column(athena, f"CAST(day AS {kind})") == [datetime(2024, 1, 31), datetime(2024, 2, 29), None]
    assert athena.value("TIMESTAMP '2024-01-01 00:00:00.123'") == datetime(2024, 1, 1, 0, 0, 0, 123000)


def test_timestamp_literal_with_a_zone_keeps_its_instant(athena: InMemory) -> None:
    assert athena.value("TIMESTAMP '2024-01-01 02:00:00 Europe/Paris' = TIMESTAMP '2024-01-01 01:00:00 UTC'") is True


def test_date_trunc_keeps_the_type(athena: InMemory) -> None:
    assert column(athena, "date_trunc('month', day)") == [date(2024, 1, 1), date(2024, 2, 1), None]
    assert column(athena, "date_trunc('day', moment)") == [datetime(2024, 1, 31), datetime(2024, 2, 29), None]
    assert athena.value("date_trunc('week', DATE '2024-03-03')") == date(2024, 2, 26)  # weeks begin on Monday
    with pytest.raises(QueryError, match="has the unit century: use day, hour"):
        column(athena, "date_trunc('century', moment)")


def test_date_add_keeps_the_type_and_clamps_to_the_month(athena: InMemory) -> None:
    assert column(athena, "date_add('month', 1, day)") == [date(2024, 2, 29), date(2024, 3, 29), None]
    assert column(athena, "date_add('hour', quantity, moment)") == [
        datetime(2024, 2, 1, 6),
        datetime(2024, 2, 28, 18),
        None,
    ]


def test_interval_arithmetic_keeps_the_type(athena: InMemory) -> None:
    assert column(athena, "day + INTERVAL '1' MONTH") == [date(2024, 2, 29), date(2024, 3, 29), None]
    assert column(athena, "INTERVAL '1' DAY + day") == [date(2024, 2, 1), date(2024, 3, 1), None]
    assert column(athena, "moment - INTERVAL '1' DAY") == [datetime(2024, 1, 30, 23), datetime(2024, 2, 28, 1), None]
    with pytest.raises(QueryError, match="use date_diff or date_add"):
        column(athena, "moment - moment")
    with pytest.raises(QueryError, match="is not INTERVAL 'whole number' UNIT"):
        column(athena, "moment - INTERVAL '1.5' DAY")


@pytest.mark.parametrize(
    ("unit", "start", "end", "difference"),
    [
        ("day", "2024-01-01 23:00:00", "2024-01-02 01:00:00", 0),
        ("day", "2024-01-02 01:00:00", "2024-01-01 00:00:00", -1),
        ("hour", "2024-01-01 00:59:00", "2024-01-01 02:00:00", 1),
        ("week", "2024-01-05 00:00:00", "2024-01-12 00:00:00", 1),
        ("month", "2024-01-31 10:00:00", "2024-02-29 10:00:00", 1),
        ("month", "2024-01-31 10:00:00", "2024-02-29 09:00:00", 0),
        ("year", "2024-02-29 00:00:00", "2025-02-28 00:00:00", 1),
    ],
)
def test_date_diff_counts_complete_units(athena: InMemory, unit: str, start: str, end: str, difference: int) -> None:
    assert athena.value(f"date_diff('{unit}', TIMESTAMP '{start}', TIMESTAMP '{end}')") == difference


def test_date_format_and_date_parse(athena: InMemory) -> None:
    assert column(athena, "date_format(moment, '%Y-%m-%d %H:%i:%s')")[0] == "2024-01-31 23:00:00"
    assert column(athena, "date_format(day, '%b %M %a %W %j %y')")[0] == "Jan January Wed Wednesday 031 24"
    assert athena.value("date_parse('04/03/2024 05:06', '%d/%m/%Y %H:%i')") == datetime(2024, 3, 4, 5, 6)
    for specifier in ("%f", "%v", "%e"):
        with pytest.raises(QueryError, match="has a format outside"):
            column(athena, f"date_format(day, '{specifier}')")
        with pytest.raises(QueryError, match="has a format outside"):
            column(athena, f"date_parse(name, '{specifier}')")


def test_parts_of_a_date(athena: InMemory) -> None:
    parts = "year(day), quarter(day), month(day), week(day), day_of_month(day), day_of_week(day), day_of_year(day)"
    assert athena.answer(
        f"SELECT {parts}, extract(month FROM day), last_day_of_month(day) FROM t WHERE name = 'a'"
    ) == [(2024, 1, 1, 5, 31, 3, 31, 1, date(2024, 1, 31))]
    assert athena.value("day_of_week(DATE '2024-03-03')") == 7  # Sunday is the seventh day
    with pytest.raises(QueryError, match="use a function such as day_of_week"):
        athena.value("extract(dow FROM DATE '2024-03-03')")
