"""Columns and fields: the SOQL that is sent, pages of CSV that are read, and pages and mappings that are refused."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from pricing_lake.contracts.bronze_customers import RAW_SALESFORCE_ACCOUNTS, RAW_SALESFORCE_LEADS
from pricing_lake.errors import ConfigurationError, SourceDataError
from pricing_lake.sources.salesforce_bulk import Page
from pricing_lake.sources.salesforce_fields import ACCOUNT_FIELDS, LEAD_FIELDS, account_fields, lead_fields
from pricing_lake.sources.window import Window

BARE = dict.fromkeys(("name", "industry", "country", "account_type", "created_date"), "")
"""A mapping that leaves accounts with three fields: id, time of change, deletion."""
HEADER = '"Id","SystemModstamp","IsDeleted"\n'


def read(body: str | bytes, records: int) -> list[dict[str, Any]]:
    page = Page(body.encode() if isinstance(body, str) else body, records)
    batches = account_fields(BARE).batches(page)
    assert all(batch.num_rows for batch in batches)
    return [row for batch in batches for row in batch.to_pylist()]


def test_every_column_of_the_contracts_has_a_field_or_none_on_purpose() -> None:
    assert ACCOUNT_FIELDS.keys() == set(RAW_SALESFORCE_ACCOUNTS.names)
    assert LEAD_FIELDS.keys() == set(RAW_SALESFORCE_LEADS.names)
    assert [name for name, field in (ACCOUNT_FIELDS | LEAD_FIELDS).items() if not field] == []
    assert [name for name, field in ACCOUNT_FIELDS.items() if not field] == ["email"]


def test_the_query_asks_for_a_half_open_window_in_utc() -> None:
    assert account_fields({"email": "PersonEmail"}).soql(Window.of_day(date(2026, 3, 1))) == (
        "SELECT Id, SystemModstamp, Name, PersonEmail, Industry, BillingCountry, Type, CreatedDate, IsDeleted "
        "FROM Account WHERE SystemModstamp >= 2026-03-01T00:00:00+00:00 AND SystemModstamp < 2026-03-02T00:00:00+00:00"
    )


def test_a_window_may_begin_and_end_at_any_second() -> None:
    window = Window(datetime(2026, 3, 1, 10, 0, 1, tzinfo=UTC), datetime(2026, 3, 1, 10, 0, 2, tzinfo=UTC))
    assert lead_fields({}).soql(window).endswith("10:00:01+00:00 AND SystemModstamp < 2026-03-01T10:00:02+00:00")


@pytest.mark.parametrize("body", ["", "\n", HEADER])
def test_a_page_without_records_is_no_rows(body: str) -> None:
    assert read(body, 0) == []


def test_columns_are_found_by_name_in_any_order_and_case() -> None:
    assert read('"ISDELETED","id","SystemModstamp"\n"true","001",""\n', 1)[0]["id"] == "001"


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm() -> None:
    found = read(b"\xef\xbb\xbf" + HEADER.replace("\n", "\r\n").encode() + b'"001","x","true"\r\n', 1)
    assert (found[0]["id"], found[0]["is_deleted"]) == ("001", "true")


def test_control_characters_are_left_for_the_contract_to_judge() -> None:
    assert read(HEADER + '"a\x00b","x","true"\n', 1)[0]["id"] == "a\x00b"


@pytest.mark.parametrize(
    ("body", "records", "says"),
    [
        (HEADER + '"001","x","true"\n', 2, "announced a page of 2 records and sent 1"),
        ("", 1, "announced a page of 1 records and sent 0"),
        (HEADER + '"001","x","tr', 1, "breaks off in a value"),
        (HEADER + '"001","Murphy"\n', 1, "that is no CSV"),
        (HEADER + '"001","x","Murphy","y"\n', 1, "that is no CSV"),
        (HEADER.encode() + b'"\xff\xfe","x","true"\n', 1, "that is no CSV"),
        ('"Id","SystemModstamp"\n"001","x"\n', 1, "sent other fields of Account"),
        ("<html>busy</html>", 1, "sent other fields of Account"),
    ],
)
def test_a_page_that_contradicts_itself_is_refused_without_its_content(
    body: str | bytes, records: int, says: str
) -> None:
    with pytest.raises(SourceDataError, match=says) as caught:
        read(body, records)
    assert "Murphy" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("mapping", "says"),
    [
        (
            {"email": "Email__c FROM User --"},
            "email is mapped to 'Email__c FROM User --', which is no field's API name",
        ),
        ({"email": "(SELECT Id FROM Contacts)"}, "which is no field's API name"),
        ({"email": 7}, "email is mapped to 7"),
        ({"phone": "Phone"}, "'phone' is none of id, system_modstamp"),
        ({"system_modstamp": "LastModifiedDate"}, "system_modstamp is SystemModstamp in every org"),
        ({"is_deleted": ""}, "is_deleted is IsDeleted in every org"),
    ],
)
def test_a_mapping_that_cannot_be_asked_for_is_refused(mapping: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigurationError, match=r"fix \[salesforce_accounts_mapping\]") as caught:
        account_fields(mapping)
    assert says in str(caught.value)


def test_every_wrong_entry_is_named_at_once() -> None:
    with pytest.raises(ConfigurationError, match="is_converted must have a field") as caught:
        lead_fields({"is_converted": "", "nowhere": "X", "status": "a b"})
    assert "'nowhere' is none of" in str(caught.value)
    assert "status is mapped to 'a b'" in str(caught.value)
