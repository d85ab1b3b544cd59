"""bronze/raw_salesforce_leads: leads from the web to their conversion, each of a day once, and all of them kept."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pricing_lake.bronze.raw_salesforce_leads import raw_salesforce_leads
from pricing_lake.contracts.bronze_customers import RAW_SALESFORCE_LEADS
from pricing_lake.errors import SourceUnavailableError
from pricing_lake_tests.bronze.fx_lake import failure_of
from pricing_lake_tests.bronze.salesforce_lake import DAY, FIRST, NEXT, SalesforceLake, killed
from pricing_lake_tests.sources.salesforce_org import SalesforceOrg, expired, lead, record_id, serving, status

CONVERTED = {"IsConverted": "true", "ConvertedAccountId": record_id("001", 7), "ConvertedDate": "2026-03-02"}


@pytest.fixture
def org(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SalesforceOrg]:
    with serving(SalesforceOrg(page_records=4), tmp_path) as org:
        for name, value in org.environment.items():
            monkeypatch.setenv(name, value)
        yield org


@pytest.fixture
def lake(tmp_path: Path, org: SalesforceOrg) -> SalesforceLake:
    return SalesforceLake(tmp_path / "lake", RAW_SALESFORCE_LEADS, org)


def test_a_converted_lead_arrives_with_its_account_and_the_midnight_of_its_day(
    lake: SalesforceLake, org: SalesforceOrg
) -> None:
    org.upsert("Lead", lead(1), lead(2, "2026-03-02T15:00:00", **CONVERTED))
    assert lake.run(DAY, NEXT).success
    open_lead, converted = lake.rows()
    assert open_lead == {
        "id": record_id("00Q", 1),
        "system_modstamp": datetime(2026, 3, 1, 10, tzinfo=UTC),
        "name": "Buyer 1",
        "email": "buyer1@example.com",
        "company": "Acme",
        "country": "Ireland",
        "lead_source": "Web",
        "status": "Open",
        "is_converted": False,
        "converted_account_id": None,
        "converted_date": None,
        "created_date": datetime(2025, 1, 1, tzinfo=UTC),
        "is_deleted": False,
    }
    assert (converted["is_converted"], converted["converted_account_id"]) == (True, record_id("001", 7))
    assert converted["converted_date"] == datetime(2026, 3, 2, tzinfo=UTC)


def test_running_again_unchanged_commits_nothing(lake: SalesforceLake, org: SalesforceOrg) -> None:
    org.upsert("Lead", *(lead(number) for number in range(9)))
    lake.publish()
    assert lake.publish().snapshot_id is None
    assert (lake.snapshots(), len(lake.rows())) == (1, 9)


def test_a_lead_that_was_merged_away_is_a_deleted_row(lake: SalesforceLake, org: SalesforceOrg) -> None:
    org.upsert("Lead", lead(1), lead(2, IsDeleted="true"))
    lake.publish()
    assert [row["is_deleted"] for row in lake.rows()] == [False, True]


def test_dirt_is_set_aside_by_name_and_the_day_goes_on(lake: SalesforceLake, org: SalesforceOrg) -> None:
    dirt = {
        "email_malformed": {"Email": "buyer@a@b"},
        "company_too_long": {"Company": "x" * 201},
        "status_too_long": {"Status": "x" * 201},
        "is_converted_missing": {"IsConverted": ""},
        "converted_date_unparseable": {"ConvertedDate": "2026-02-30"},
        "name_control_characters": {"Name": "\x07"},
    }
    org.upsert("Lead", lead(1), *(lead(10 + number, **change) for number, change in enumerate(dirt.values())))
    assert lake.run().success
    assert lake.verdict().reasons == dict.fromkeys(dirt, 1)
    assert [row["id"] for row in lake.rows()] == [record_id("00Q", 1)]


def test_a_session_that_expires_between_pages_loses_and_doubles_nothing(
    lake: SalesforceLake, org: SalesforceOrg
) -> None:
    org.upsert("Lead", *(lead(number) for number in range(11)))
    org.faults = [("locator=", expired)]
    lake.publish()
    assert [row["id"] for row in lake.rows()] == [record_id("00Q", number) for number in range(11)]
    assert org.logins == 2


def test_a_job_that_failed_publishes_nothing_and_the_next_run_everything(
    lake: SalesforceLake, org: SalesforceOrg
) -> None:
    org.upsert("Lead", lead(1))
    org.ends, org.error = "Failed", "InternalServerError: try again"
    with pytest.raises(SourceUnavailableError, match="ended as Failed: InternalServerError; try again later"):
        lake.publish()
    assert (lake.rows(), lake.snapshots(), org.jobs) == ([], 0, {})
    org.ends, org.error = "JobComplete", ""
    lake.publish()
    assert len(lake.rows()) == 1


def test_missing_rights_are_one_clear_line_and_are_not_retried(lake: SalesforceLake, org: SalesforceOrg) -> None:
    org.faults = [("POST /services/data", status(403, [{"errorCode": "API_DISABLED_FOR_ORG", "message": "no"}]))]
    result = lake.run()
    assert failure_of(result).strip().endswith("(API_DISABLED_FOR_ORG); give the user API access and read rights")
    assert not result.filter_events(lambda event: event.is_step_up_for_retry)


def test_switched_off_every_day_is_empty(tmp_path: Path) -> None:
    off = SalesforceLake(tmp_path, RAW_SALESFORCE_LEADS, SalesforceOrg(), {"domain": ""})
    assert off.run().success
    assert (off.verdict().passed, off.verdict().source_rows, off.rows()) == (True, 0, [])


@pytest.mark.parametrize("name", ["split_rows", "stage_files", "replace_windows"])
def test_killed_anywhere_and_run_again_gives_each_lead_once(
    lake: SalesforceLake, org: SalesforceOrg, name: str
) -> None:
    org.upsert("Lead", *(lead(number) for number in range(10)))
    lake.lake.table(lake.table)
    killed(lake, "publish", "pricing_lake.lake.publish", name)
    lake.publish()
    assert [row["id"] for row in lake.rows()] == [record_id("00Q", number) for number in range(10)]


def test_increments_keep_a_lead_before_and_after_its_conversion(lake: SalesforceLake, org: SalesforceOrg) -> None:
    org.upsert("Lead", lead(1))
    org.clock = lambda: FIRST + timedelta(hours=12)
    lake.collect()
    org.upsert("Lead", lead(1, "2026-03-02T09:00:00", **CONVERTED))
    org.clock = lambda: FIRST + timedelta(days=1, hours=12)
    lake.collect()
    assert [row["is_converted"] for row in lake.rows()] == [False, True]


def test_the_asset_is_one_of_the_lakes() -> None:
    assert raw_salesforce_leads.resources == {"lake", "salesforce"}
    assert raw_salesforce_leads.pool == "salesforce"
