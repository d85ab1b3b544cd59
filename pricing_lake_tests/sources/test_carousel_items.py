"""An item as a row: what its keys hold, what its attributes hold, and what is wrong with it."""

from typing import Any

import pyarrow as pa
import pytest

from pricing_lake.contracts.bronze_carousel import RAW_CAROUSEL_SALES
from pricing_lake.contracts.cast import REASON_COLUMN
from pricing_lake.errors import ConfigurationError
from pricing_lake.sources.carousel_items import SCHEMA, ItemColumns, sale_date
from pricing_lake_tests.sources.carousel_shop import item


def row(found: dict[str, Any], columns: ItemColumns | None = None) -> dict[str, str | None]:
    [told] = (columns or ItemColumns()).batch([found]).to_pylist()
    return {name: str(text) for name, text in told.items() if text is not None}


def test_the_columns_are_those_of_the_contract_and_a_reason() -> None:
    assert set(SCHEMA.names) == {*RAW_CAROUSEL_SALES.names, REASON_COLUMN}
    assert set(SCHEMA.types) == {pa.string()}


def test_an_item_is_text_in_columns() -> None:
    assert row(item("s1")) == {
        "sale_id": "s1",
        "tenant_id": "acme",
        "product_id": "p1",
        "category": "shoes",
        "condition": "good",
        "sold_price": "12.5",
        "currency": "EUR",
        "sold_at": "2026-03-01T12:00:00Z",
        "quantity": "1",
        "updated_at": "2026-03-01T12:00:00Z",
    }


def test_ids_may_hold_the_separator() -> None:
    keys = {"PK": {"S": "TENANT#acme#PRODUCT#p#1"}, "SK": {"S": "SALE#2026-03-01#s#1\n"}}
    found = row(item("x") | keys)
    assert (found["product_id"], found["sale_id"]) == ("p#1", "s#1\n")
    assert REASON_COLUMN not in found


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"PK": {"S": "acme#p1"}}, "partition_key_malformed"),
        ({"PK": {"S": "TENANT#acme#PRODUCT#"}}, "partition_key_malformed"),
        ({"SK": {"S": "SALE#2026-03-01"}}, "sort_key_malformed"),
        ({"SK": {"N": "7"}}, "sort_key_malformed"),
        ({"sold_price": {"BOOL": True}}, "sold_price_wrong_type"),
        ({"description": {"L": [{"S": "a"}]}}, "description_wrong_type"),
        ({"category": {"B": b"shoes"}}, "category_wrong_type"),
        ({"category": {"M": {}}, "brand": {"SS": ["a"]}}, "category_wrong_type"),
        ({"sold_price": {"N": "twelve"}}, "sold_price_wrong_type"),
        ({"sold_at": "no typed value"}, "sold_at_wrong_type"),
    ],
)
def test_what_is_wrong_has_a_reason_and_is_still_shown(change: dict[str, Any], reason: str) -> None:
    found = row(item("s1") | change)
    assert found[REASON_COLUMN] == reason
    assert found["sale_id"]
    assert found["tenant_id"]


def test_an_empty_item_is_a_row_too() -> None:
    assert row({}) == {REASON_COLUMN: "partition_key_malformed"}


def test_null_and_absent_are_the_same() -> None:
    assert "brand" not in row(item("s1", brand={"NULL": True}))
    assert "sold_price" not in row(item("s1", sold_price=None))


def test_attributes_may_have_other_names() -> None:
    named = ItemColumns({"sold_price": "amount"})
    assert row(item("s1", sold_price=None, amount={"N": "3"}), named)["sold_price"] == "3"
    with pytest.raises(ConfigurationError, match="price is none of category, brand"):
        ItemColumns({"price": "amount"})


def test_no_items_are_no_rows() -> None:
    assert ItemColumns().batch([]).num_rows == 0


def test_the_date_of_a_sale_is_in_its_key() -> None:
    assert sale_date(item("s1")) == "2026-03-01"
    assert sale_date({"SK": {"S": "other"}}) is None
    assert sale_date({}) is None
