"""silver/customers: who changed on a day, with the Salesforce record of the same e-mail, and no personal text."""

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import dagster as dg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing_lake.contracts.bronze_customers import (
    RAW_SALESFORCE_ACCOUNTS,
    RAW_SALESFORCE_LEADS,
    RAW_SNOWFLAKE_CUSTOMERS,
)
from pricing_lake.contracts.model import Table
from pricing_lake.contracts.silver_people import CUSTOMERS
from pricing_lake.governance.masking import Purpose, normalised, token
from pricing_lake.partitions import Calendar
from pricing_lake.silver.customers import customers
from pricing_lake_tests.silver.bronze_days import DAYS, BronzeDays, Row, at, bronze_of, published, record_id, window_of


def customer(days: BronzeDays, when: datetime, **change: object) -> None:
    row: Row = {"customer_id": "c1", "updated_at": when, "email": "ada@example.org", "full_name": "Ada Byron"}
    days.tell(RAW_SNOWFLAKE_CUSTOMERS, **{**row, **change})


def record(days: BronzeDays, contract: Table, number: int, when: datetime, **change: object) -> None:
    row: Row = {"id": record_id(number), "system_modstamp": when, "email": "ada@example.org", "created_date": at(1)}
    days.tell(contract, **{**row, **change})


def links(days: BronzeDays, name: str = "salesforce_account_id") -> list[tuple[object, ...]]:
    """Per row its day, its customer, its record and when that came about."""
    return [(row["day"].day, row["customer_id"], row[name], row["changed_at"]) for row in days.rows(CUSTOMERS)]  # type: ignore[attr-defined]


def test_a_row_is_the_customer_at_the_days_end_in_tokens(days: BronzeDays) -> None:
    customer(days, at(1, "08:00:00"), country="SE", created_at=at(1, "07:00:00"))
    customer(days, at(1, "17:00:00"), email="Ada@Example.ORG", segment="regular", created_at=at(1, "07:00:00"))
    days.build([customers], [1, 2])
    key = days.masking.key()
    assert days.rows(CUSTOMERS) == [
        {
            "day": date(2026, 3, 1),
            "customer_id": "c1",
            "tenant_id": "acme",
            "email_token": token(key, "acme", Purpose.EMAIL, "ada@example.org"),
            "full_name_token": token(key, "acme", Purpose.NAME, "ada byron"),
            "country": "FI",
            "segment": "regular",
            "created_at": at(1, "07:00:00"),
            "is_deleted": False,
            "changed_at": at(1, "17:00:00"),
            "salesforce_account_id": None,
            "salesforce_lead_id": None,
        }
    ]
    assert days.verdict(CUSTOMERS, 1).excluded == {"changed_again_that_day": 1}
    assert days.verdict(CUSTOMERS, 2).good_rows == 0


def test_a_lead_then_an_account_of_the_same_address_change_the_customer(days: BronzeDays) -> None:
    customer(days, at(1))
    record(days, RAW_SALESFORCE_LEADS, 1, at(2, "09:00:00"), email="ADA@example.org")
    record(days, RAW_SALESFORCE_ACCOUNTS, 2, at(3, "10:00:00"), email="\uff41da@EXAMPLE.org")
    days.build([customers], DAYS)
    assert links(days) == [
        (1, "c1", None, at(1)),
        (2, "c1", None, at(2, "09:00:00")),
        (3, "c1", record_id(2), at(3, "10:00:00")),
    ]
    assert [row["salesforce_lead_id"] for row in days.rows(CUSTOMERS)] == [None, record_id(1), record_id(1)]


def test_a_record_that_was_there_first_is_found_when_the_customer_comes(days: BronzeDays) -> None:
    record(days, RAW_SALESFORCE_ACCOUNTS, 1, at(1))
    customer(days, at(3))
    days.build([customers], DAYS)
    assert links(days) == [(3, "c1", record_id(1), at(3))]


def test_a_record_that_leaves_the_customer_changes_them_when_it_does(days: BronzeDays) -> None:
    customer(days, at(1))
    record(days, RAW_SALESFORCE_ACCOUNTS, 1, at(1))
    record(days, RAW_SALESFORCE_ACCOUNTS, 2, at(1, "13:00:00"), created_date=at(1, "13:00:00"))
    record(days, RAW_SALESFORCE_ACCOUNTS, 1, at(2, "09:00:00"), is_deleted=True)
    record(
        days, RAW_SALESFORCE_ACCOUNTS, 2, at(3, "09:00:00"), email="other@example.org", created_date=at(1, "13:00:00")
    )
    days.build([customers], DAYS)
    assert links(days) == [
        (1, "c1", record_id(1), at(1, "12:00:00")),
        (2, "c1", record_id(2), at(2, "09:00:00")),
        (3, "c1", None, at(3, "09:00:00")),
    ]


def test_a_record_merely_touched_changes_nobody(days: BronzeDays) -> None:
    customer(days, at(1))
    record(days, RAW_SALESFORCE_ACCOUNTS, 1, at(1))
    record(days, RAW_SALESFORCE_ACCOUNTS, 1, at(2), industry="Fashion")
    record(days, RAW_SALESFORCE_ACCOUNTS, 2, at(2), created_date=at(2))
    days.build([customers], [1, 2])
    assert [row[0] for row in links(days)] == [1]


def test_a_deleted_customer_no_longer_changes_through_salesforce(days: BronzeDays) -> None:
    customer(days, at(1), is_deleted=True)
    record(days, RAW_SALESFORCE_ACCOUNTS, 1, at(2))
    customer(days, at(3), is_deleted=False)
    days.build([customers], DAYS)
    assert [(row["day"].day, row["is_deleted"], row["salesforce_account_id"]) for row in days.rows(CUSTOMERS)] == [  # type: ignore[attr-defined]
        (1, True, None),
        (3, False, record_id(1)),
    ]


def test_a_customer_is_deleted_when_the_warehouse_says_so_whatever_salesforce_does_that_day(days: BronzeDays) -> None:
    customer(days, at(1))
    customer(days, at(2, "09:00:00"), is_deleted=True)
    record(days, RAW_SALESFORCE_ACCOUNTS, 1, at(2, "17:00:00"))
    days.build([customers], [1, 2])
    assert [(row["is_deleted"], row["changed_at"]) for row in days.rows(CUSTOMERS)] == [
        (False, at(1)),
        (True, at(2, "09:00:00")),
    ]


def test_the_same_person_in_two_shops_has_the_record_in_both_and_no_token_in_common(days: BronzeDays) -> None:
    customer(days, at(1))
    customer(days, at(1), customer_id="c2", tenant_id="bolt")
    record(days, RAW_SALESFORCE_LEADS, 1, at(2))
    days.build([customers], [1, 2])
    rows = days.rows(CUSTOMERS)[2:]
    assert [row["salesforce_lead_id"] for row in rows] == [record_id(1), record_id(1)]
    for name in ("email_token", "full_name_token"):
        assert len({row[name] for row in rows}) == 2


@pytest.mark.parametrize("nothing", [None, "", " \t", "\u3000"])
def test_customers_without_an_address_belong_to_no_record(days: BronzeDays, nothing: str | None) -> None:
    customer(days, at(1), email=nothing, full_name=nothing)
    record(days, RAW_SALESFORCE_ACCOUNTS, 1, at(1), email=nothing)
    days.build([customers], [1])
    row = days.rows(CUSTOMERS)[0]
    assert (row["email_token"], row["full_name_token"], row["salesforce_account_id"]) == (None, None, None)


def test_another_key_makes_other_tokens_of_the_same_people(days: BronzeDays, monkeypatch: pytest.MonkeyPatch) -> None:
    customer(days, at(1))
    days.build([customers], [1])
    before = days.rows(CUSTOMERS)[0]["email_token"]
    monkeypatch.setenv("PRICING_LAKE_MASKING_KEY", "k2:" + "A" * 43 + "=")
    days.make(customers, [1])
    after = days.rows(CUSTOMERS)[0]["email_token"]
    assert str(before).startswith("k1:")
    assert str(after).startswith("k2:")


def test_dagster_builds_a_day_with_the_key_of_the_home(days: BronzeDays) -> None:
    customer(days, at(1))
    for contract in customers.reads:
        days.load(contract, [1])
    asset = customers.definition(Calendar(date(2026, 3, 1), date(2026, 3, 5)), "lake", 7)
    resources = {"lake": days.resource, "masking": days.masking}
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize([asset], partition_key="2026-03-01", instance=instance, resources=resources)
    assert result.success
    assert len(days.rows(CUSTOMERS)) == 1


ADDRESSES = st.sampled_from(["ada@example.org", "ADA@example.org", "bob@example.org", "stra\u00dfe@example.org", None])
MOMENTS = st.builds(at, st.sampled_from(DAYS), st.sampled_from(["00:00:00", "09:00:00", "18:00:00", "23:59:59.999999"]))
CHANGES = st.lists(
    st.fixed_dictionaries(
        {
            "customer_id": st.sampled_from(["c1", "c2", "c3"]),
            "updated_at": MOMENTS,
            "email": ADDRESSES,
            "full_name": st.sampled_from(["Ada Byron", "Bob", None]),
            "is_deleted": st.sampled_from([False, False, True]),
        }
    ),
    max_size=10,
    unique_by=lambda row: (row["customer_id"], row["updated_at"]),
)
RECORDS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.sampled_from([record_id(n) for n in range(3)]),
            "system_modstamp": MOMENTS,
            "email": ADDRESSES,
            "created_date": st.sampled_from([at(1), at(1, "13:00:00"), None]),
            "is_deleted": st.sampled_from([False, False, True]),
        }
    ),
    max_size=10,
    unique_by=lambda row: (row["id"], row["system_modstamp"]),
)


@settings(max_examples=3, deadline=None)
@given(changes=CHANGES, accounts=RECORDS, leads=RECORDS, first=st.permutations(DAYS), second=st.permutations(DAYS))
def test_days_in_any_order_twice_give_the_same_table(
    changes: list[Row], accounts: list[Row], leads: list[Row], first: list[int], second: list[int]
) -> None:
    sources = {
        RAW_SNOWFLAKE_CUSTOMERS.id: changes,
        RAW_SALESFORCE_ACCOUNTS.id: accounts,
        RAW_SALESFORCE_LEADS.id: leads,
    }
    with TemporaryDirectory() as folder:
        straight = BronzeDays(Path(folder) / "straight", sources)
        straight.build([customers], DAYS)
        shuffled = BronzeDays(Path(folder) / "shuffled", {name: rows[::-1] for name, rows in sources.items()})
        shuffled.masking = straight.masking
        shuffled.build([customers], first)
        shuffled.build([customers], second)
        assert shuffled.all_days(customers) == straight.all_days(customers)
        assert shuffled.make(customers, first).snapshot_id is None


@settings(max_examples=100, deadline=None)
@given(changes=CHANGES, accounts=RECORDS, leads=RECORDS)
def test_every_day_holds_who_changed_and_their_records(
    changes: list[Row], accounts: list[Row], leads: list[Row]
) -> None:
    with TemporaryDirectory() as folder:
        masking = BronzeDays(Path(folder)).masking
        for day in DAYS:
            own, every = zip(
                *(
                    bronze_of(contract, told, day)
                    for contract, told in zip(customers.reads, (changes, accounts, leads), strict=True)
                ),
                strict=True,
            )
            candidate = customers.transform(*own, *every, window_of(day), masking)
            made = {
                str(row["customer_id"]): {
                    name: row[name]
                    for name in ("changed_at", "is_deleted", "salesforce_account_id", "salesforce_lead_id")
                }
                for row in published(CUSTOMERS, candidate, day)
            }
            assert made == changed_on(day, changes, accounts, leads)


def changed_on(day: int, changes: list[Row], accounts: list[Row], leads: list[Row]) -> dict[str, Row]:
    """What the day must hold, worked out customer by customer."""
    window = window_of(day)
    found: dict[str, Row] = {}
    for person, state in states(changes, "customer_id", "updated_at", window.end).items():
        stamps = [state["updated_at"]] if state["updated_at"] >= window.start else []  # type: ignore[operator]
        now: Row = {}
        for name, records in (("salesforce_account_id", accounts), ("salesforce_lead_id", leads)):
            latest = states(records, "id", "system_modstamp", window.end)
            now[name] = oldest(latest, state["email"])
            former = oldest(states(records, "id", "system_modstamp", window.start), state["email"])
            if now[name] != former and not state["is_deleted"]:
                moved = [latest[str(one)]["system_modstamp"] for one in (now[name], former) if one]
                stamps += [moment for moment in moved if moment >= window.start]  # type: ignore[operator]
        if stamps:
            found[person] = {"changed_at": max(stamps), "is_deleted": state["is_deleted"], **now}  # type: ignore[type-var]
    return found


def states(rows: list[Row], key: str, stamp: str, end: datetime) -> dict[str, Row]:
    """The last row of each key before `end`."""
    told = sorted((row for row in rows if row[stamp] < end), key=lambda row: str(row[stamp]))  # type: ignore[operator]
    return {str(row[key]): row for row in told}


def oldest(records: Mapping[str, Row], address: object) -> object:
    alike = [
        (row["created_date"] is None, str(row["created_date"]), name)
        for name, row in records.items()
        if address and row["email"] and not row["is_deleted"] and _same(row["email"], address)
    ]
    return min(alike)[2] if alike else None


def _same(left: object, right: object) -> bool:
    return normalised(str(left)) == normalised(str(right))
