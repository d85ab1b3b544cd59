"""A mapping is whole and made of plain names, or it is refused in one line that names what is wrong."""

from typing import Any

import pytest

from pricing_lake.errors import ConfigurationError
from pricing_lake.sources.smartgo_mapping import COLUMNS, OPTIONAL, SmartGoMapping


def test_without_settings_every_column_keeps_its_name() -> None:
    assert SmartGoMapping.from_mapping({}) == SmartGoMapping()
    assert dict(SmartGoMapping().columns) == {name: name for name in COLUMNS}


def test_only_what_is_named_changes() -> None:
    mapping = SmartGoMapping.from_mapping({"table": "shop.orders", "columns": {"sold_at": "paid_on", "brand": None}})
    assert mapping.quoted("sold_at") == '"paid_on"'
    assert mapping.quoted("sale_id") == '"sale_id"'
    assert not mapping.has("brand")
    assert mapping.table_name.quoted == '"shop"."orders"'


def test_a_mapping_cannot_be_changed_later() -> None:
    with pytest.raises(TypeError):
        SmartGoMapping().columns["brand"] = 'x" --'  # type: ignore[index]


def test_in_a_file_without_null_an_empty_text_means_absent() -> None:
    mapping = SmartGoMapping.from_mapping({"columns": {"brand": "", "sold_at": "paid_on"}})
    assert not mapping.has("brand")
    assert mapping.quoted("sold_at") == '"paid_on"'
    with pytest.raises(ConfigurationError, match="sale_id must not be null"):
        SmartGoMapping.from_mapping({"columns": {"sale_id": ""}})


def test_columns_that_are_neither_mapped_nor_ignored_are_unread() -> None:
    mapping = SmartGoMapping.from_mapping({"columns": {"brand": "Maker"}, "ignored": ["till"]})
    assert mapping.unread(["sale_id", "maker", "brand", "TILL", "tier"], str.casefold) == ("brand", "tier")
    assert mapping.unread(["sale_id", "maker", "till"]) == ("maker",)


@pytest.mark.parametrize("column", OPTIONAL)
def test_optional_columns_may_be_absent(column: str) -> None:
    assert not SmartGoMapping(columns={column: None}).has(column)


@pytest.mark.parametrize("column", sorted(set(COLUMNS) - set(OPTIONAL)))
def test_needed_columns_may_not(column: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{column} must not be null"):
        SmartGoMapping(columns={column: None})


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"tables": "sales"}, "'tables' is no field; fields are table, columns"),
        ({"table": "sales; DROP TABLE sales"}, "table 'sales; DROP TABLE sales' must be a plain name"),
        ({"table": "a.b.c"}, "table 'a.b.c' must be a plain name"),
        ({"table": "sales\n"}, r"table 'sales\\n' must be a plain name"),
        ({"table": ""}, "table '' must be a plain name"),
        ({"table": None}, "table None must be a plain name"),
        ({"columns": ["sale_id"]}, "columns must be a mapping"),
        ({"columns": {"price": "price"}}, "'price' is not a SmartGo column; they are sale_id, "),
        ({"columns": {"brand": 'x" FROM users --'}}, "brand is mapped to 'x\" FROM users --', which is not a plain"),
        ({"columns": {"brand": "s.brand"}}, "brand is mapped to 's.brand', which is not a plain"),
        ({"columns": {"brand": 7}}, "brand is mapped to 7, which is not a plain"),
        ({"ignored": "till"}, "ignored must be a list of the table's columns, not 'till'"),
        ({"ignored": ["till", 7]}, "ignored must be a list of the table's columns"),
    ],
)
def test_a_wrong_field_is_told_in_one_line(values: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says) as refused:
        SmartGoMapping.from_mapping(values)
    assert "SMARTGO mapping" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_all_wrong_fields_are_told_at_once() -> None:
    with pytest.raises(ConfigurationError, match=r"table '1'.*; sale_id must not.*; brand is mapped to ''"):
        SmartGoMapping("1", {"sale_id": None, "brand": ""})
