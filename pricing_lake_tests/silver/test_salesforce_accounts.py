"""silver/salesforce_accounts: each account that changed on a day, as it was at its end, in tokens."""

from datetime import date, datetime

from pricing_lake.contracts.bronze_customers import RAW_SALESFORCE_ACCOUNTS
from pricing_lake.contracts.silver_people import SALESFORCE_ACCOUNTS
from pricing_lake.governance.masking import Purpose, token
from pricing_lake.silver.salesforce_accounts import salesforce_accounts
from pricing_lake_tests.silver.bronze_days import DAYS, BronzeDays, Row, at, record_id


def account(days: BronzeDays, number: int, when: datetime, **change: object) -> None:
    row: Row = {"id": record_id(number), "system_modstamp": when, "name": "Ada Byron", "email": "Ada@example.org"}
    days.tell(RAW_SALESFORCE_ACCOUNTS, **{**row, **change})


def test_the_last_state_of_the_day_is_kept_and_earlier_ones_are_counted(days: BronzeDays) -> None:
    account(days, 1, at(1, "08:00:00"), industry="Shoes")
    account(days, 1, at(1, "23:59:59.999999"), industry="Fashion", account_type="Customer", country="FI")
    account(days, 1, at(1, "12:00:00"), industry="Hats")
    account(days, 2, at(1), email=None, name=None)
    days.build([salesforce_accounts], [1])
    key = days.masking.key()
    first, second = days.rows(SALESFORCE_ACCOUNTS)
    assert first == {
        "day": date(2026, 3, 1),
        "id": record_id(1),
        "system_modstamp": at(1, "23:59:59.999999"),
        "name_token": token(key, "salesforce", Purpose.NAME, "ada byron"),
        "email_token": token(key, "salesforce", Purpose.EMAIL, "ada@example.org"),
        "industry": "Fashion",
        "country": "FI",
        "account_type": "Customer",
        "created_date": None,
        "is_deleted": False,
    }
    assert (second["id"], second["name_token"], second["email_token"]) == (record_id(2), None, None)
    verdict = days.verdict(SALESFORCE_ACCOUNTS, 1)
    assert (verdict.source_rows, verdict.good_rows, verdict.excluded) == (4, 2, {"changed_again_that_day": 2})


def test_every_day_of_a_record_that_changes_has_its_own_row_deletion_included(days: BronzeDays) -> None:
    account(days, 1, at(1))
    account(days, 1, at(3), is_deleted=True)
    days.build([salesforce_accounts], DAYS)
    assert [(row["day"].day, row["is_deleted"]) for row in days.rows(SALESFORCE_ACCOUNTS)] == [(1, False), (3, True)]  # type: ignore[attr-defined]
    assert days.verdict(SALESFORCE_ACCOUNTS, 2).passed


def test_days_in_any_order_twice_give_the_same_table(days: BronzeDays) -> None:
    for number, day in enumerate((1, 1, 2, 3, 3)):
        account(days, number % 2, at(day, f"0{number}:00:00"))
    days.build([salesforce_accounts], DAYS)
    before = days.all_days(salesforce_accounts)
    days.build([salesforce_accounts], (3, 1, 2))
    assert days.all_days(salesforce_accounts) == before
    assert days.make(salesforce_accounts, (2, 3, 1)).snapshot_id is None
