"""bronze/raw_salesforce_accounts: every change of an account that was seen, once, whatever dies meanwhile."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pricing_lake.bronze.raw_salesforce_accounts import raw_salesforce_accounts
from pricing_lake.contracts.bronze_customers import RAW_SALESFORCE_ACCOUNTS
from pricing_lake.errors import ConfigurationError
from pricing_lake.lake.quarantine import ErrorLanes
from pricing_lake.resources.salesforce import SalesforceResource
from pricing_lake_tests.bronze.fx_lake import failure_of
from pricing_lake_tests.bronze.salesforce_lake import DAY, NEXT, STEPS, THIRD, SalesforceLake, killed
from pricing_lake_tests.dying import Step
from pricing_lake_tests.sources.salesforce_org import (
    ACCOUNT_FIELDS,
    SalesforceOrg,
    account,
    record_id,
    refusal,
    serving,
    status,
)


@pytest.fixture
def org(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SalesforceOrg]:
    with serving(SalesforceOrg(page_records=4), tmp_path) as org:
        for name, value in org.environment.items():
            monkeypatch.setenv(name, value)
        yield org


@pytest.fixture
def lake(tmp_path: Path, org: SalesforceOrg) -> SalesforceLake:
    """Every run is at three in the morning of the third, unless a test says otherwise."""
    mapping = {"accounts_mapping": {"email": "PersonEmail"}}
    return SalesforceLake(tmp_path / "lake", RAW_SALESFORCE_ACCOUNTS, org, mapping).at(THIRD)


def names(lake: SalesforceLake) -> list[tuple[str, str]]:
    return [(row["id"][-1], row["name"]) for row in lake.rows()]


class TestDays:
    def test_days_arrive_typed_over_three_pages_and_one_503(self, lake: SalesforceLake, org: SalesforceOrg) -> None:
        org.upsert("Account", *(account(number, f"2026-03-01T{number:02}:00:00") for number in range(9)))
        last = {"IsDeleted": "true", "PersonEmail": "a@b.example", "Name": 'Á, "B"\nC'}
        org.upsert("Account", account(9, "2026-03-02T00:00:00", **last))
        org.faults = [("/results", status(503, Retry_After="0"))]
        assert lake.run(DAY, NEXT).success
        rows = lake.rows()
        assert lake.ids() == [record_id("001", number) for number in range(10)]
        assert rows[9] == {
            "id": record_id("001", 9),
            "system_modstamp": datetime(2026, 3, 2, tzinfo=UTC),
            "name": 'Á, "B"\nC',
            "email": "a@b.example",
            "industry": "Retail",
            "country": "Ireland",
            "account_type": "Customer",
            "created_date": datetime(2025, 1, 1, tzinfo=UTC),
            "is_deleted": True,
        }
        assert not any(row["is_deleted"] for row in rows[:9])
        assert (lake.told(DAY), lake.told(NEXT)) == ((9, {}), (1, {}))
        assert (org.logins, org.jobs) == (1, {}), "a range of days is one login, and leaves no job"
        assert lake.stamp == "2026-03-03T02:55:00.000000+00:00"

    def test_running_again_unchanged_commits_nothing(self, lake: SalesforceLake, org: SalesforceOrg) -> None:
        org.upsert("Account", account(1), account(2))
        lake.publish()
        org.records["Account"].reverse()
        assert lake.publish().snapshot_id is None
        assert lake.at("2026-03-04").collect().success
        assert (lake.snapshots(), len(lake.rows())) == (1, 2)

    def test_a_count_that_differs_refuses_the_stretch(self, lake: SalesforceLake, org: SalesforceOrg) -> None:
        org.upsert("Account", account(1))
        org.counted = lambda found: found + 1
        result = lake.run()
        assert "count_law: the source has 2 rows, 1 are accounted for" in failure_of(result)
        assert (lake.rows(), lake.stamp) == ([], None)

    def test_an_error_in_the_middle_takes_nothing_of_a_stretch(self, lake: SalesforceLake, org: SalesforceOrg) -> None:
        org.upsert("Account", account(1), *(account(number, "2026-03-02T10:00:00") for number in range(2, 12)))
        org.faults = [("locator=", refusal(403, "INSUFFICIENT_ACCESS"))]
        with pytest.raises(ConfigurationError, match=r"results answered 403 \(INSUFFICIENT_ACCESS\)"):
            lake.publish(DAY, NEXT)
        assert (lake.rows(), lake.snapshots(), lake.stamp, org.jobs) == ([], 0, None, {})

    def test_a_missing_field_is_one_clear_line_and_is_not_retried(
        self, lake: SalesforceLake, org: SalesforceOrg
    ) -> None:
        org.fields["Account"] = tuple(name for name in ACCOUNT_FIELDS if name != "PersonEmail")
        result = lake.run()
        line = (
            "Account has no field PersonEmail that this user may read; give the right, or map the column in "
            "[salesforce_accounts_mapping]"
        )
        assert failure_of(result).strip().endswith(line)
        assert not result.filter_events(lambda event: event.is_step_up_for_retry)

    def test_a_wrong_secret_is_one_clear_line_that_does_not_hold_it(
        self, lake: SalesforceLake, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SALESFORCE_CLIENT_SECRET", "not-the-secret")
        result = lake.run()
        assert "refuses the login (invalid_client: invalid client credentials)" in failure_of(result)
        assert not any("not-the-secret" in str(event) for event in result.all_events)

    def test_switched_off_every_day_is_empty(self, tmp_path: Path) -> None:
        off = SalesforceLake(tmp_path, RAW_SALESFORCE_ACCOUNTS, SalesforceOrg(), {"domain": ""})
        assert off.run(DAY, NEXT).success
        assert off.collect().success
        assert (off.told(), off.rows(), off.stamp) == ((0, {}), [], None)

    def test_the_asset_is_one_of_the_lakes(self) -> None:
        assert raw_salesforce_accounts.resources == {"lake", "salesforce"}
        assert raw_salesforce_accounts.pool == "salesforce"

    def test_neither_run_config_nor_resource_hold_the_secret(self, org: SalesforceOrg, lake: SalesforceLake) -> None:
        lake.publish()
        assert org.environment["SALESFORCE_CLIENT_SECRET"] not in repr(lake.resource())
        assert "client_secret" not in SalesforceResource.model_fields


class TestChanges:
    def test_a_deletion_arrives_as_a_row_of_its_day_and_takes_no_earlier_state_away(
        self, lake: SalesforceLake, org: SalesforceOrg
    ) -> None:
        """The record left its first window at Salesforce: that day, read again, must not lose what was seen."""
        org.upsert("Account", account(1), account(2))
        lake.at(NEXT).publish()
        org.upsert("Account", account(2, "2026-03-02T09:00:00", IsDeleted="true"))
        lake.at(THIRD).publish(NEXT)
        lake.publish(DAY)
        assert [(row["id"][-1], row["is_deleted"]) for row in lake.rows()] == [("1", False), ("2", False), ("2", True)]
        assert (lake.told(DAY), lake.told(NEXT)) == ((2, {}), (1, {}))

    def test_between_the_days_every_change_is_kept_and_a_late_one_found_within_the_overlap(
        self, lake: SalesforceLake, org: SalesforceOrg
    ) -> None:
        org.upsert("Account", account(1, "2026-03-01T10:00:00"), account(2, "2026-03-01T10:30:00"))
        assert lake.at(DAY, "11:00:00").collect().success
        org.upsert("Account", account(1, "2026-03-01T11:20:00", Name="renamed"), account(3, "2026-03-01T10:54:59"))
        org.upsert("Account", account(4, "2026-03-01T11:30:00"))
        assert lake.at(DAY, "11:30:00").collect().success
        seen = [("1", "Shop 1"), ("1", "renamed"), ("2", "Shop 2"), ("3", "Shop 3")]
        assert names(lake) == seen, "account 4 is nearer to the clock than the lag"
        before = lake.snapshots()
        assert lake.collect().success
        assert lake.snapshots() == before

    def test_a_record_later_than_the_overlap_is_found_when_its_day_is_run_again(
        self, lake: SalesforceLake, org: SalesforceOrg
    ) -> None:
        org.upsert("Account", account(1))
        lake.publish()
        org.upsert("Account", account(2, "2026-03-01T09:00:00"))
        assert lake.collect().success
        assert lake.told() == (1, {})
        lake.publish()
        assert lake.told() == (2, {})

    def test_a_settled_day_that_changed_between_the_days_is_recorded_again(
        self, lake: SalesforceLake, org: SalesforceOrg
    ) -> None:
        org.upsert("Account", account(1, "2026-03-01T23:50:00"))
        assert lake.at(NEXT, "00:10:00").run(DAY).success
        org.upsert("Account", account(2, "2026-03-01T23:45:00"))
        result = lake.at(NEXT, "00:20:00").collect()
        recorded = [event.partition for event in result.all_events if event.is_step_materialization]
        assert (recorded, lake.told(DAY)) == ([DAY], (2, {}))


DIRT = {
    "id_missing": {"Id": ""},
    "id_malformed": {"Id": "001'; DROP"},
    "name_control_characters": {"Name": "a\x00b"},
    "name_too_long": {"Name": "x" * 321},
    "email_malformed": {"PersonEmail": "nobody"},
    "industry_too_long": {"Industry": "x" * 201},
    "created_date_unparseable": {"CreatedDate": "yesterday"},
    "is_deleted_missing": {"IsDeleted": ""},
    "is_deleted_unparseable": {"IsDeleted": "perhaps"},
}


class TestDirt:
    def test_dirt_is_set_aside_by_name_once_on_the_day_it_was_taken(
        self, lake: SalesforceLake, org: SalesforceOrg
    ) -> None:
        """Three looks meet it in their overlap, a fourth reads its day again: it is told once."""
        noon = "2026-03-01T12:00:00"
        spoilt = [{**account(100 + number, noon), **change} for number, change in enumerate(DIRT.values())]
        repeated = [account(2, noon, Name="x"), account(2, noon, Name="y")]
        org.records["Account"] = [account(1, noon), *spoilt, account(1, noon), *repeated]
        for time in ("12:10:00", "12:20:00", "12:30:00"):
            assert lake.at(DAY, time).collect().success
        for _ in range(2):
            assert lake.at(NEXT).run(DAY).success
        assert lake.told() == (2, dict.fromkeys(DIRT, 1) | {"system_modstamp_repeated": 1})
        assert lake.at(THIRD).run(NEXT).success
        assert lake.told(NEXT) == (0, {})

    def test_a_stretch_with_too_much_dirt_is_refused_until_it_is_mended(
        self, lake: SalesforceLake, org: SalesforceOrg
    ) -> None:
        org.upsert("Account", account(1))
        assert lake.at(NEXT).run().success
        stamp = lake.stamp
        org.records["Account"] = [account(number, f"{NEXT}T10:00:00", Name="x" * 400) for number in range(60)]
        result = lake.at(THIRD).run(NEXT)
        assert "bad_share: 60 of 60 rows are bad (name_too_long 60)" in failure_of(result)
        assert (lake.ids(), lake.stamp) == ([record_id("001", 1)], stamp)
        org.records["Account"] = [account(number, f"{NEXT}T10:00:00") for number in range(60)]
        assert lake.run(NEXT).success
        assert lake.told(NEXT) == (60, {})

    def test_quarantined_accounts_are_kept_as_they_were_received(
        self, lake: SalesforceLake, org: SalesforceOrg
    ) -> None:
        org.upsert("Account", account(1), account(2, PersonEmail="nobody"))
        lake.at(DAY, "12:00:00").collect()
        lake.at(NEXT).publish()
        [row] = ErrorLanes(lake.lake.proofs).read(lake.table.id, DAY, lake.verdict().batch_id)
        assert row.reasons == ("email_malformed",)
        assert json.loads(row.raw_row)["email"] == "nobody"


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_killed_anywhere_and_run_again_later_every_account_is_there_once(
    lake: SalesforceLake, org: SalesforceOrg, step: Step
) -> None:
    org.upsert("Account", *(account(number) for number in range(10)), account(99, Name="x" * 400))
    lake.at(DAY, "23:00:00").lake.table(lake.table)
    killed(lake, "run", step)
    lake.at(NEXT, "00:30:00").run(DAY, NEXT)
    assert lake.ids() == [record_id("001", number) for number in range(10)]
    told = [dict(lake.verdict(day).reasons) for day in (DAY, NEXT)]
    assert sorted(told, key=len) == [{}, {"name_too_long": 1}]
