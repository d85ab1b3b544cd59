"""A mapping of a warehouse's table is whole and made of plain names, or it is refused in one line."""

from typing import Any

import pytest

from pricing_lake.contracts.bronze_customers import RAW_SNOWFLAKE_CUSTOMERS
from pricing_lake.contracts.bronze_orders import RAW_SNOWFLAKE_ORDERS
from pricing_lake.errors import ConfigurationError
from pricing_lake.sources.snowflake_mapping import SnowflakeMapping


def orders(table: str = "ORDERS", **columns: Any) -> SnowflakeMapping:
    return SnowflakeMapping.from_section(RAW_SNOWFLAKE_ORDERS, table, columns)


def test_without_settings_a_column_is_its_name_in_upper_case() -> None:
    assert orders().named == {name: name.upper() for name in RAW_SNOWFLAKE_ORDERS.names}
    assert orders().quoted_table == '"ORDERS"'


def test_only_what_is_named_changes() -> None:
    mapping = orders(event_ts="occurred_at", product_id="")
    assert mapping.quoted("event_ts") == '"occurred_at"'
    assert mapping.quoted("order_id") == '"ORDER_ID"'
    assert not mapping.has("product_id")
    assert "product_id" not in mapping.named


@pytest.mark.parametrize(
    ("table", "place"),
    [("ORDERS", ("", "", "ORDERS")), ("s.t", ("", "s", "t")), ("DB.S.T", ("DB", "S", "T"))],
)
def test_a_table_may_carry_schema_and_database(table: str, place: tuple[str, str, str]) -> None:
    assert orders(table).place == place
    assert orders(table).quoted_table == ".".join(f'"{part}"' for part in place if part)


@pytest.mark.parametrize("table", ["", "a.b.c.d", "a..b", 'x"; DROP TABLE y', "o-1", "1st"])
def test_a_table_is_a_plain_name(table: str) -> None:
    with pytest.raises(ConfigurationError, match="must be a plain name"):
        orders(table)


def test_all_problems_come_in_one_line_that_names_the_section() -> None:
    with pytest.raises(ConfigurationError) as refused:
        orders("a b", order_id='"x"', colour="COLOUR", status="", amount=3)
    text = str(refused.value)
    assert text.startswith("fix [snowflake_orders_mapping] of settings.toml: ")
    assert "\n" not in text
    assert all(wrong in text for wrong in ("'a b'", "order_id is", "'colour'", "status must", "amount is mapped to 3"))


def test_customers_have_a_section_of_their_own() -> None:
    assert SnowflakeMapping(RAW_SNOWFLAKE_CUSTOMERS, "C").section == "snowflake_customers_mapping"


def test_a_table_without_deletions_is_taken_as_one_that_deletes_nothing() -> None:
    assert not SnowflakeMapping(RAW_SNOWFLAKE_CUSTOMERS, "C", {"is_deleted": ""}).has("is_deleted")
    with pytest.raises(ConfigurationError, match="updated_at must not be empty"):
        SnowflakeMapping(RAW_SNOWFLAKE_CUSTOMERS, "C", {"updated_at": ""})


def test_what_is_neither_mapped_nor_ignored_is_told() -> None:
    mapping = orders(event_ts="AT", ignored=["LOADED_AT"])
    assert mapping.unread(["ORDER_ID", "AT", "EVENT_TS", "LOADED_AT", "NOTE"]) == ("EVENT_TS", "NOTE")
    with pytest.raises(ConfigurationError, match="must be a list"):
        orders(ignored="LOADED_AT")
