"""bronze/raw_salesforce_accounts: every account of a day once, deleted ones marked, whatever dies meanwhile."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pricing_lake.bronze.raw_salesforce_accounts import raw_salesforce_accounts
from pricing_lake.contracts.bronze_customers import RAW_SALESFORCE_ACCOUNTS
from pricing_lake.errors import ConfigurationError
from pricing_lake.lake.quarantine import ErrorLanes
from pricing_lake.resources.salesforce import SalesforceResource
from pricing_lake_tests.bronze.fx_lake import failure_of
from pricing_lake_tests.bronze.salesforce_lake import DAY, FIRST, NEXT, SalesforceLake, killed
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
    return SalesforceLake(
        tmp_path / "lake", RAW_SALESFORCE_ACCOUNTS, org, {"accounts_mapping": {"email": "PersonEmail"}}
    )


def ids(lake: SalesforceLake) -> list[str]:
    return [str(row["id"]) for row in lake.rows()]


def test_days_arrive_typed_over_three_pages_and_one_503(lake: SalesforceLake, org: SalesforceOrg) -> None:
    org.upsert("Account", *(account(number, f"2026-03-01T{number:02}:00:00") for number in range(9)))
    org.upsert(
        "Account", account(9, "2026-03-02T00:00:00", IsDeleted="true", PersonEmail="a@b.example", Name='Á, "B"\nC')
    )
    org.faults = [("/results", status(503, Retry_After="0"))]
    assert lake.run(DAY, NEXT).success
    rows = lake.rows()
    assert [row["id"] for row in rows] == [record_id("001", number) for number in range(10)]
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
    assert (org.logins, org.jobs) == (1, {}), "a range of days is one login, and leaves no job"


def test_running_again_unchanged_commits_nothing(lake: SalesforceLake, org: SalesforceOrg) -> None:
    org.upsert("Account", account(1), account(2))
    lake.publish()
    org.records["Account"].reverse()
    assert lake.publish().snapshot_id is None
    assert (lake.snapshots(), len(lake.rows())) == (1, 2)


def test_a_deletion_arrives_as_a_row_of_the_day_it_happened(lake: SalesforceLake, org: SalesforceOrg) -> None:
    org.upsert("Account", account(1), account(2))
    lake.publish()
    org.upsert("Account", account(2, "2026-03-02T09:00:00", IsDeleted="true"))
    lake.publish(NEXT)
    assert [(row["id"][-1], row["is_deleted"]) for row in lake.rows()] == [("1", False), ("2", False), ("2", True)]
    lake.publish(DAY)
    assert [(row["id"][-1], row["is_deleted"]) for row in lake.rows()] == [("1", False), ("2", True)]


DIRT = {
    "id_missing": {"Id": ""},
    "id_malformed": {"Id": "001'; DROP"},
    "system_modstamp_outside_partition": {},
    "name_control_characters": {"Name": "a\x00b"},
    "name_too_long": {"Name": "x" * 321},
    "email_malformed": {"PersonEmail": "nobody"},
    "industry_too_long": {"Industry": "x" * 201},
    "created_date_unparseable": {"CreatedDate": "yesterday"},
    "is_deleted_missing": {"IsDeleted": ""},
    "is_deleted_unparseable": {"IsDeleted": "perhaps"},
}


def test_dirt_is_set_aside_by_name_and_the_day_goes_on(lake: SalesforceLake, org: SalesforceOrg) -> None:
    dirt = {reason: change for reason, change in DIRT.items() if change}
    spoilt = [{**account(100 + number), **change} for number, change in enumerate(dirt.values())]
    org.records["Account"] = [account(1), *spoilt, account(1), account(2, Name="x"), account(2, Name="y")]
    assert lake.run().success
    verdict = lake.verdict()
    assert verdict.reasons == dict.fromkeys(dirt, 1) | {"system_modstamp_repeated": 1}
    assert (verdict.source_rows, verdict.good_rows, verdict.quarantined_rows, verdict.duplicate_rows) == (13, 2, 10, 1)


def test_a_day_with_too_much_dirt_is_refused_and_stays_as_it_was(lake: SalesforceLake, org: SalesforceOrg) -> None:
    org.upsert("Account", account(1))
    lake.publish()
    org.records["Account"] = [account(number, Name="x" * 400) for number in range(60)]
    assert not lake.run().success
    assert [rule.rule for rule in lake.verdict().broken] == ["bad_share"]
    assert ids(lake) == [record_id("001", 1)]


def test_a_count_that_differs_refuses_the_day(lake: SalesforceLake, org: SalesforceOrg) -> None:
    org.upsert("Account", account(1))
    org.counted = lambda found: found + 1
    assert not lake.run().success
    assert [rule.rule for rule in lake.verdict().broken] == ["count_law"]
    assert lake.rows() == []


def test_an_error_in_the_middle_publishes_nothing_of_any_day(lake: SalesforceLake, org: SalesforceOrg) -> None:
    org.upsert("Account", account(1), *(account(number, "2026-03-02T10:00:00") for number in range(2, 12)))
    org.faults = [("locator=", refusal(403, "INSUFFICIENT_ACCESS"))]
    with pytest.raises(ConfigurationError, match=r"results answered 403 \(INSUFFICIENT_ACCESS\)"):
        lake.publish(DAY, NEXT)
    assert (lake.rows(), lake.snapshots(), org.jobs) == ([], 0, {})


def test_a_missing_field_is_one_clear_line_and_is_not_retried(lake: SalesforceLake, org: SalesforceOrg) -> None:
    org.fields["Account"] = tuple(name for name in ACCOUNT_FIELDS if name != "PersonEmail")
    result = lake.run()
    assert (
        failure_of(result)
        .strip()
        .endswith(
            "Account has no field PersonEmail that this user may read; give the right, or map the column in "
            "[salesforce_accounts_mapping]"
        )
    )
    assert not result.filter_events(lambda event: event.is_step_up_for_retry)


def test_a_wrong_secret_is_one_clear_line_that_does_not_hold_it(
    lake: SalesforceLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SALESFORCE_CLIENT_SECRET", "not-the-secret")
    result = lake.run()
    assert "refuses the login (invalid_client: invalid client credentials)" in failure_of(result)
    assert not any("not-the-secret" in str(event) for event in result.all_events)


def test_switched_off_every_day_is_empty(tmp_path: Path) -> None:
    off = SalesforceLake(tmp_path, RAW_SALESFORCE_ACCOUNTS, SalesforceOrg(), {"domain": ""})
    assert off.run(DAY, NEXT).success
    assert (off.verdict().passed, off.verdict().source_rows, off.rows()) == (True, 0, [])


PUBLISHING = "pricing_lake.lake.publish"


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        ("pricing_lake.sources.salesforce", "pages"),
        ("pricing_lake.sources.salesforce_bulk", "_awaited"),
        (PUBLISHING, "split_rows"),
        (PUBLISHING, "stage_files"),
        (PUBLISHING, "replace_windows"),
    ],
)
def test_killed_anywhere_and_run_again_gives_each_account_once(
    tmp_path: Path, org: SalesforceOrg, owner: str, name: str
) -> None:
    lake = SalesforceLake(tmp_path / "killed", RAW_SALESFORCE_ACCOUNTS, org)
    org.upsert("Account", *(account(number) for number in range(10)))
    lake.lake.table(lake.table)
    killed(lake, "publish", owner, name)
    lake.publish()
    assert ids(lake) == [record_id("001", number) for number in range(10)]
    assert lake.snapshots() == 1


def test_increments_keep_every_change_that_was_seen_and_find_a_late_one_within_the_overlap(
    lake: SalesforceLake, org: SalesforceOrg
) -> None:
    org.upsert("Account", account(1, "2026-03-01T10:00:00"), account(2, "2026-03-01T10:30:00"))
    org.clock = lambda: FIRST + timedelta(hours=11)
    assert [(one.added, one.unchanged) for one in lake.collect()] == [(2, 0)]
    org.upsert("Account", account(1, "2026-03-01T11:20:00", Name="renamed"), account(3, "2026-03-01T10:54:59"))
    org.upsert("Account", account(4, "2026-03-01T11:30:00"))
    org.clock = lambda: FIRST + timedelta(hours=11, minutes=30)
    assert [(one.added, one.unchanged) for one in lake.collect()] == [(2, 1)]
    assert [(row["id"][-1], row["name"]) for row in lake.rows()] == [
        ("1", "Shop 1"),
        ("1", "renamed"),
        ("2", "Shop 2"),
        ("3", "Shop 3"),
    ], "account 4 is nearer to the clock than the lag"
    before = lake.snapshots()
    assert [one.added for one in lake.collect()] == []
    assert lake.snapshots() == before


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        ("pricing_lake.sources.salesforce", "pages"),
        ("pricing_lake.lake.increment", "split_rows"),
        ("pricing_lake.lake.increment", "publish_increment"),
    ],
)
def test_an_increment_killed_anywhere_gives_each_account_once(
    tmp_path: Path, org: SalesforceOrg, owner: str, name: str
) -> None:
    lake = SalesforceLake(tmp_path / "killed", RAW_SALESFORCE_ACCOUNTS, org)
    org.upsert("Account", *(account(number) for number in range(10)))
    org.clock = lambda: FIRST + timedelta(days=2)
    lake.lake.table(lake.table)
    killed(lake, "collect", owner, name)
    lake.collect()
    assert ids(lake) == [record_id("001", number) for number in range(10)]


def test_quarantined_accounts_are_kept_as_they_were_received(lake: SalesforceLake, org: SalesforceOrg) -> None:
    org.upsert("Account", account(1), account(2, PersonEmail="nobody"))
    lake.publish()
    [row] = ErrorLanes(lake.lake.proofs).read(lake.table.id, DAY, lake.verdict().batch_id)
    assert row.reasons == ("email_malformed",)
    assert json.loads(row.raw_row)["email"] == "nobody"


def test_the_asset_is_one_of_the_lakes() -> None:
    assert raw_salesforce_accounts.resources == {"lake", "salesforce"}
    assert raw_salesforce_accounts.pool == "salesforce"


def test_neither_run_config_nor_resource_hold_the_secret(org: SalesforceOrg, lake: SalesforceLake) -> None:
    lake.publish()
    assert org.environment["SALESFORCE_CLIENT_SECRET"] not in repr(lake.resource())
    assert "client_secret" not in SalesforceResource.model_fields
