"""The statements ask for what a table has, by marks alone; a table that cannot be read exactly is refused."""

from datetime import date
from typing import Any

import pytest

from pricing_lake.contracts.bronze_customers import RAW_SNOWFLAKE_CUSTOMERS
from pricing_lake.contracts.bronze_orders import RAW_SNOWFLAKE_ORDERS
from pricing_lake.errors import SourceSchemaError
from pricing_lake.sources.snowflake_mapping import SnowflakeMapping
from pricing_lake.sources.snowflake_sql import SnowflakeSql
from pricing_lake.sources.window import Window

DAY = Window.of_day(date(2026, 3, 1))
TYPES = dict.fromkeys((name.upper() for name in RAW_SNOWFLAKE_ORDERS.names), "text") | {
    "EVENT_TS": "timestamp_ntz",
    "AMOUNT": "fixed(18,2)",
    "UPDATED_AT": "timestamp_ltz",
}


def orders(types: dict[str, str] | None = None, **columns: str) -> SnowflakeSql:
    mapping = SnowflakeMapping(RAW_SNOWFLAKE_ORDERS, "ORDERS", columns)
    return SnowflakeSql(mapping, TYPES | (types or {}), "event_ts", "updated_at", "updated_at", "amount")


def test_bounds_are_bound_in_the_form_of_each_column() -> None:
    sql = orders()
    zoneless = ("2026-03-01T00:00:00.000000", "2026-03-02T00:00:00.000000")
    zoned = ("2026-03-01T00:00:00.000000+00:00", "2026-03-02T00:00:00.000000+00:00")
    assert sql.control_values(DAY) == zoneless + zoned
    assert sql.control().count("?") == 4
    assert sql.rows().count("?") == 8
    assert "2026" not in sql.rows() + sql.control() + sql.changed_days()


def test_a_table_without_a_second_time_is_asked_by_the_first_alone() -> None:
    sql = orders(updated_at="")
    assert sql.control().count("?") == len(sql.control_values(DAY)) == 2
    assert "IS NULL" not in sql.rows()


def test_only_a_number_adds_up_exactly() -> None:
    assert orders().gives_total
    assert not orders({"AMOUNT": "text"}).gives_total


def test_a_number_as_an_id_is_read_as_text() -> None:
    assert 'CAST("ORDER_ID" AS VARCHAR) AS "order_id"' in orders({"ORDER_ID": "fixed(38,0)"}).rows()


def test_a_deletion_that_is_nowhere_is_none() -> None:
    mapping = SnowflakeMapping(RAW_SNOWFLAKE_CUSTOMERS, "CUSTOMERS", {"is_deleted": ""})
    types = dict.fromkeys((name.upper() for name in mapping.named), "text")
    sql = SnowflakeSql(
        mapping, types | {"UPDATED_AT": "timestamp_tz", "CREATED_AT": "date"}, "updated_at", "created_at", "updated_at"
    )
    assert 'FALSE AS "is_deleted"' in sql.rows()


def test_days_of_times_with_a_zone_are_those_of_utc() -> None:
    assert "CONVERT_TIMEZONE('UTC', \"EVENT_TS\")" in orders({"EVENT_TS": "timestamp_tz"}).changed_days()
    assert "CONVERT_TIMEZONE" not in orders().changed_days()


def test_missing_columns_are_named_with_what_to_do() -> None:
    types: dict[str, Any] = {name: kind for name, kind in TYPES.items() if name not in ("STATUS", "UPDATED_AT")}
    mapping = SnowflakeMapping(RAW_SNOWFLAKE_ORDERS, "ORDERS")
    with pytest.raises(SourceSchemaError, match=r"lacks STATUS, UPDATED_AT: .*\[snowflake_orders_mapping\]") as refused:
        SnowflakeSql(mapping, types, "event_ts", "updated_at", "updated_at", "amount")
    assert refused.value.missing == ("STATUS", "UPDATED_AT")
    assert refused.value.columns == types


def test_a_name_in_another_case_is_another_name() -> None:
    with pytest.raises(SourceSchemaError, match="lacks event_ts"):
        orders(event_ts="event_ts")


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ("AMOUNT", "real"),
        ("EVENT_TS", "text"),
        ("EVENT_TS", "time"),
        ("ORDER_ID", "variant"),
        ("UPDATED_AT", "fixed(38,0)"),
    ],
)
def test_a_type_that_cannot_be_read_exactly_is_refused(column: str, kind: str) -> None:
    with pytest.raises(SourceSchemaError, match=f"{column} is {kind.partition('(')[0]}, it must be"):
        orders({column: kind})
