"""bronze/raw_salesforce_leads: leads from the web to their conversion, every state that was seen, once."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pricing_lake.bronze.raw_salesforce_leads import raw_salesforce_leads
from pricing_lake.contracts.bronze_customers import RAW_SALESFORCE_LEADS
from pricing_lake.errors import SourceUnavailableError
from pricing_lake_tests.bronze.fx_lake import failure_of
from pricing_lake_tests.bronze.salesforce_lake import DAY, NEXT, STEPS, THIRD, SalesforceLake, killed
from pricing_lake_tests.dying import Step
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
    """Every run is at three in the morning of the third, unless a test says otherwise."""
    return SalesforceLake(tmp_path / "lake", RAW_SALESFORCE_LEADS, org).at(THIRD)


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


def test_a_lead_is_kept_as_it_was_before_and_after_its_conversion_whatever_is_run_again(
    lake: SalesforceLake, org: SalesforceOrg
) -> None:
    org.upsert("Lead", lead(1))
    assert lake.at(DAY, "12:00:00").collect().success
    org.upsert("Lead", lead(1, "2026-03-02T09:00:00", **CONVERTED))
    assert lake.at(NEXT, "12:00:00").collect().success
    for _ in range(2):
        assert lake.at(THIRD).run(DAY, NEXT).success
    assert [row["is_converted"] for row in lake.rows()] == [False, True]
    assert (lake.told(DAY), lake.told(NEXT)) == ((1, {}), (1, {}))


def test_running_again_unchanged_commits_nothing(lake: SalesforceLake, org: SalesforceOrg) -> None:
    org.upsert("Lead", *(lead(number) for number in range(9)))
    lake.publish()
    assert lake.publish().snapshot_id is None
    assert (lake.snapshots(), len(lake.rows())) == (1, 9)


def test_a_lead_that_was_merged_away_is_a_deleted_row(lake: SalesforceLake, org: SalesforceOrg) -> None:
    org.upsert("Lead", lead(1), lead(2, IsDeleted="true"))
    lake.publish()
    assert [row["is_deleted"] for row in lake.rows()] == [False, True]


def test_dirt_is_set_aside_by_name_once_and_the_day_goes_on(lake: SalesforceLake, org: SalesforceOrg) -> None:
    dirt = {
        "email_malformed": {"Email": "buyer@a@b"},
        "company_too_long": {"Company": "x" * 201},
        "status_too_long": {"Status": "x" * 201},
        "is_converted_missing": {"IsConverted": ""},
        "converted_date_unparseable": {"ConvertedDate": "2026-02-30"},
        "name_control_characters": {"Name": "\x07"},
    }
    org.upsert("Lead", lead(1), *(lead(10 + number, **change) for number, change in enumerate(dirt.values())))
    for time in ("10:10:00", "10:20:00"):
        assert lake.at(DAY, time).collect().success
    assert lake.at(NEXT).run().success
    assert lake.told() == (1, dict.fromkeys(dirt, 1))
    assert lake.ids() == [record_id("00Q", 1)]


def test_a_session_that_expires_between_pages_loses_and_doubles_nothing(
    lake: SalesforceLake, org: SalesforceOrg
) -> None:
    org.upsert("Lead", *(lead(number) for number in range(11)))
    org.faults = [("locator=", expired)]
    lake.publish()
    assert lake.ids() == [record_id("00Q", number) for number in range(11)]
    assert org.logins == 2


def test_a_job_that_failed_takes_nothing_and_the_next_run_everything(lake: SalesforceLake, org: SalesforceOrg) -> None:
    org.upsert("Lead", lead(1))
    org.ends, org.error = "Failed", "InternalServerError: try again"
    with pytest.raises(SourceUnavailableError, match="ended as Failed: InternalServerError; try again later"):
        lake.publish()
    assert (lake.rows(), lake.snapshots(), lake.stamp, org.jobs) == ([], 0, None, {})
    org.ends, org.error = "JobComplete", ""
    lake.publish()
    assert len(lake.rows()) == 1


def test_missing_rights_are_one_clear_line_and_are_not_retried(lake: SalesforceLake, org: SalesforceOrg) -> None:
    no = status(403, [{"errorCode": "API_DISABLED_FOR_ORG", "message": "no"}])
    org.faults = [("POST /services/data", no), ("POST /services/data", no)]
    for result in (lake.run(), lake.collect()):
        assert failure_of(result).strip().endswith("(API_DISABLED_FOR_ORG); give the user API access and read rights")
        assert not result.filter_events(lambda event: event.is_step_up_for_retry)


def test_switched_off_every_day_is_empty(tmp_path: Path) -> None:
    off = SalesforceLake(tmp_path, RAW_SALESFORCE_LEADS, SalesforceOrg(), {"domain": ""})
    assert off.run().success
    assert off.collect().success
    assert (off.told(), off.rows(), off.stamp) == ((0, {}), [], None)


@pytest.mark.parametrize("step", STEPS[2:], ids=str)
def test_killed_between_the_days_and_run_again_later_every_lead_is_there_once(
    lake: SalesforceLake, org: SalesforceOrg, step: Step
) -> None:
    """On the eve a settled day got two late leads, one of them bad: the run that brought them died."""
    org.upsert("Lead", lead(1, "2026-03-01T23:30:00"))
    assert lake.at(NEXT, "00:10:00").run(DAY).success
    org.upsert("Lead", lead(2, "2026-03-01T23:40:00"), lead(3, "2026-03-01T23:40:00", Company="x" * 201))
    lake.at(NEXT, "00:20:00")
    killed(lake, "collect", step)
    assert lake.at(NEXT, "00:30:00").collect().success
    assert lake.told(DAY) == (2, {})
    assert lake.at(THIRD).run(NEXT).success
    assert lake.told(NEXT) == (0, {"company_too_long": 1})
    assert lake.ids() == [record_id("00Q", number) for number in (1, 2)]


def test_the_asset_is_one_of_the_lakes() -> None:
    assert raw_salesforce_leads.resources == {"lake", "salesforce"}
    assert raw_salesforce_leads.pool == "salesforce"
