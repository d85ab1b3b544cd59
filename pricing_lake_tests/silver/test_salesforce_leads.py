"""silver/salesforce_leads: each lead that changed on a day, as it was at its end, in tokens."""

from datetime import date, datetime

from pricing_lake.contracts.bronze_customers import RAW_SALESFORCE_LEADS
from pricing_lake.contracts.silver_people import SALESFORCE_LEADS
from pricing_lake.governance.masking import Purpose, token
from pricing_lake.silver.salesforce_leads import salesforce_leads
from pricing_lake_tests.silver.bronze_days import DAYS, BronzeDays, Row, at, record_id


def lead(days: BronzeDays, number: int, when: datetime, **change: object) -> None:
    row: Row = {"id": record_id(number), "system_modstamp": when, "name": "Ada Byron", "email": "Ada@example.org"}
    days.tell(RAW_SALESFORCE_LEADS, **{**row, **change})


def test_the_last_state_of_the_day_is_kept_and_earlier_ones_are_counted(days: BronzeDays) -> None:
    lead(days, 1, at(1, "08:00:00"), status="Open")
    lead(
        days,
        1,
        at(1, "09:00:00"),
        status="Closed",
        company="Looms",
        country="FI",
        lead_source="Web",
        is_converted=True,
        converted_account_id=record_id(7),
        converted_date=at(1, "00:00:00"),
    )
    days.build([salesforce_leads], [1])
    key = days.masking.key()
    assert days.rows(SALESFORCE_LEADS) == [
        {
            "day": date(2026, 3, 1),
            "id": record_id(1),
            "system_modstamp": at(1, "09:00:00"),
            "name_token": token(key, "salesforce", Purpose.NAME, "ada byron"),
            "email_token": token(key, "salesforce", Purpose.EMAIL, "ada@example.org"),
            "company": "Looms",
            "country": "FI",
            "lead_source": "Web",
            "status": "Closed",
            "is_converted": True,
            "converted_account_id": record_id(7),
            "converted_date": at(1, "00:00:00"),
            "created_date": None,
            "is_deleted": False,
        }
    ]
    verdict = days.verdict(SALESFORCE_LEADS, 1)
    assert (verdict.source_rows, verdict.good_rows, verdict.excluded) == (2, 1, {"changed_again_that_day": 1})


def test_every_day_of_a_record_that_changes_has_its_own_row_deletion_included(days: BronzeDays) -> None:
    lead(days, 1, at(1))
    lead(days, 1, at(3), is_deleted=True)
    days.build([salesforce_leads], DAYS)
    assert [(row["day"].day, row["is_deleted"]) for row in days.rows(SALESFORCE_LEADS)] == [(1, False), (3, True)]  # type: ignore[attr-defined]


def test_days_in_any_order_twice_give_the_same_table(days: BronzeDays) -> None:
    for number, day in enumerate((1, 1, 2, 3, 3)):
        lead(days, number % 2, at(day, f"0{number}:00:00"))
    days.build([salesforce_leads], DAYS)
    before = days.all_days(salesforce_leads)
    days.build([salesforce_leads], (3, 1, 2))
    assert days.all_days(salesforce_leads) == before
    assert days.make(salesforce_leads, (2, 3, 1)).snapshot_id is None
