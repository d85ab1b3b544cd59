"""Accounts and leads as sources, against an org over TLS: windows, deletions, faults on the way, and the look at it."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from pricing_lake.errors import (
    ConfigurationError,
    SourceDataError,
    SourceSchemaError,
    SourceUnavailableError,
)
from pricing_lake.sources.salesforce import SalesforceAccounts, SalesforceLeads, SalesforceRecords
from pricing_lake.sources.window import Window
from pricing_lake_tests.sources.salesforce_org import (
    LEAD_FIELDS,
    QUICK,
    SalesforceOrg,
    account,
    cut_off,
    expired,
    lead,
    record_id,
    refusal,
    serving,
    status,
)

DAY = Window.of_day(date(2026, 3, 1))


@pytest.fixture
def org(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SalesforceOrg]:
    with serving(SalesforceOrg(), tmp_path) as org:
        for name, value in org.environment.items():
            monkeypatch.setenv(name, value)
        yield org


def accounts(org: SalesforceOrg, mapping: dict[str, str] | None = None, **options: float) -> SalesforceAccounts:
    return SalesforceAccounts(org.client(replace(QUICK, **options)), mapping or {})  # type: ignore[arg-type]


def rows(source: SalesforceRecords, window: Window = DAY) -> list[dict[str, str | None]]:
    """A window's rows; its control count must agree with them."""
    with source.read(window) as read:
        found = [row for batch in read.batches for row in batch.to_pylist()]
        assert all(read.schema == source.schema for _ in found)
        assert read.control.rows == len(found)
    return found


def test_a_window_has_the_records_changed_in_it_deleted_ones_too_as_text(org: SalesforceOrg) -> None:
    org.upsert(
        "Account",
        account(1, "2026-02-28T23:59:59"),
        account(2, "2026-03-01T00:00:00"),
        account(3, "2026-03-01T23:59:59", IsDeleted="true", Industry=""),
        account(4, "2026-03-02T00:00:00"),
    )
    found = rows(accounts(org))
    assert [row["id"] for row in found] == [record_id("001", 2), record_id("001", 3)]
    assert found[1] == {
        "id": record_id("001", 3),
        "system_modstamp": "2026-03-01T23:59:59.000Z",
        "name": "Shop 3",
        "email": None,
        "industry": None,
        "country": "Ireland",
        "account_type": "Customer",
        "created_date": "2025-01-01T00:00:00.000Z",
        "is_deleted": "true",
    }


def test_leads_have_their_own_fields(org: SalesforceOrg) -> None:
    converted = {"IsConverted": "true", "ConvertedAccountId": record_id("001", 7), "ConvertedDate": "2026-03-01"}
    org.upsert("Lead", lead(1, **converted), lead(2))
    found = rows(SalesforceLeads(org.client(), {}))
    assert (found[0]["converted_account_id"], found[0]["converted_date"]) == (record_id("001", 7), "2026-03-01")
    assert (found[1]["email"], found[1]["lead_source"], found[1]["converted_date"]) == (
        "buyer2@example.com",
        "Web",
        None,
    )


def test_three_pages_are_put_together_with_quotes_commas_and_line_ends_in_values(org: SalesforceOrg) -> None:
    names = ['a "quoted" one', "comma, and", "line\nend", "\r\n", "umlaut ü €", "'", "\\", " spaced "]
    org.upsert("Account", *(account(number, Name=name) for number, name in enumerate(names)))
    org.page_records = 3
    assert [row["name"] for row in rows(accounts(org))] == names
    assert org.count("/results") == 3
    assert org.count("locator=") == 2


def test_the_page_size_is_what_the_client_asks_for(org: SalesforceOrg) -> None:
    org.upsert("Account", *(account(number) for number in range(5)))
    assert len(rows(accounts(org, page_records=2))) == 5
    assert org.count("maxRecords=2") == 3


def test_both_objects_share_one_login_and_leave_no_job(org: SalesforceOrg) -> None:
    client = org.client()
    rows(SalesforceAccounts(client, {}))
    rows(SalesforceLeads(client, {}))
    assert (org.logins, org.jobs) == (1, {})


def test_an_empty_window_is_no_rows(org: SalesforceOrg) -> None:
    assert rows(accounts(org)) == []


def test_the_result_is_that_of_the_moment_the_job_completed(org: SalesforceOrg) -> None:
    org.upsert("Account", *(account(number) for number in range(4)))
    org.page_records = 2
    with accounts(org).read(DAY) as read:
        org.upsert("Account", account(3, "2026-03-05T08:00:00"), account(9))
        assert sum(batch.num_rows for batch in read.batches) == read.control.rows == 4


@pytest.mark.parametrize("path", ["oauth2/token", "POST /services/data", "GET", "/results", "DELETE"])
def test_one_503_anywhere_is_tried_again_as_retry_after_says(org: SalesforceOrg, path: str) -> None:
    org.upsert("Account", account(1))
    org.faults = [(path, status(503, Retry_After="0"))]
    assert len(rows(accounts(org))) == 1
    assert (org.faults, org.jobs) == ([], {})


@pytest.mark.parametrize("code", [429, 500, 502, 503, 504])
def test_a_passing_status_that_names_no_time_is_tried_again_too(org: SalesforceOrg, code: int) -> None:
    org.upsert("Account", account(1))
    org.faults = [("jobs/query", status(code)), ("/results", status(code))]
    assert len(rows(accounts(org))) == 1
    assert org.faults == []


def test_retry_after_is_waited_for(org: SalesforceOrg) -> None:
    org.faults = [("jobs/query", status(503, Retry_After="1"))]
    begun = time.monotonic()
    rows(accounts(org))
    assert time.monotonic() - begun >= 1


def test_a_wait_that_retry_after_asks_for_is_bounded(org: SalesforceOrg) -> None:
    org.faults = [("jobs/query", status(429, Retry_After="86400"))]
    assert rows(accounts(org, longest_pause_seconds=0)) == []


def test_many_503_are_for_later(org: SalesforceOrg) -> None:
    org.faults = [("POST /services/data", status(503))] * 3
    with pytest.raises(SourceUnavailableError, match=r"jobs/query answered 503 \(no reason\); try again later"):
        rows(accounts(org))


def test_an_expired_session_is_renewed_wherever_it_happens(org: SalesforceOrg) -> None:
    org.upsert("Account", *(account(number) for number in range(6)))
    org.page_records = 2
    org.faults = [("POST /services/data", expired), ("GET", expired), ("locator=", expired), ("DELETE", expired)]
    assert len(rows(accounts(org))) == 6
    assert (org.logins, org.jobs) == (5, {})


def test_a_session_that_is_never_good_enough_is_a_setting(org: SalesforceOrg) -> None:
    org.faults = [("POST /services/data", expired)] * 2
    with pytest.raises(ConfigurationError, match="refuses a session that has just begun"):
        rows(accounts(org))


def test_a_page_that_breaks_off_is_asked_for_again_and_no_record_is_doubled(org: SalesforceOrg) -> None:
    org.upsert("Account", *(account(number) for number in range(60)))
    org.page_records = 20
    org.faults = [("locator=", cut_off)]
    assert len({row["id"] for row in rows(accounts(org))}) == 60
    assert org.count("/results") == 4


def test_a_page_that_always_breaks_off_is_for_later(org: SalesforceOrg) -> None:
    org.upsert("Account", account(1))
    org.faults = [("/results", cut_off)] * 3
    with pytest.raises(SourceUnavailableError, match="cannot be read"):
        rows(accounts(org))
    assert org.jobs == {}


def test_a_slow_job_is_waited_for_and_given_up_after_its_time(org: SalesforceOrg) -> None:
    org.slow_polls = 6
    assert rows(accounts(org)) == []
    org.slow_polls = 1_000
    with pytest.raises(SourceUnavailableError, match=r"still InProgress after 0\.2 s"):
        rows(accounts(org, job_seconds=0.2))
    assert org.jobs == {}, "a job that still ran was to be aborted and deleted"
    assert org.count("PATCH") == 1


@pytest.mark.parametrize(
    ("ends", "error", "wanted", "says"),
    [
        ("Failed", "QUERY_TIMEOUT: too long", SourceUnavailableError, "Failed: QUERY_TIMEOUT; try again"),
        ("Aborted", "", SourceUnavailableError, "Aborted; try again"),
        ("Failed", "INVALID_FIELD: No such column 'Name' on", SourceSchemaError, "INVALID_FIELD: it has no field Name"),
        ("Failed", "Murphy, 1 High Street", SourceUnavailableError, "ended as Failed; try again"),
    ],
)
def test_a_job_that_ends_without_results_says_why(
    org: SalesforceOrg, ends: str, error: str, wanted: type[Exception], says: str
) -> None:
    org.ends, org.error = ends, error
    with pytest.raises(wanted, match=says) as caught:
        rows(accounts(org))
    assert "Murphy" not in str(caught.value)
    assert org.jobs == {}


def test_every_missing_field_is_named_at_once(org: SalesforceOrg) -> None:
    org.fields["Lead"] = tuple(name for name in LEAD_FIELDS if name not in ("Country", "LeadSource"))
    with pytest.raises(SourceSchemaError, match=r"Lead has no field Country, LeadSource that this user may read"):
        rows(SalesforceLeads(org.client(), {}))


def test_a_missing_object_is_named(org: SalesforceOrg) -> None:
    del org.fields["Lead"]
    with pytest.raises(SourceSchemaError, match="Lead does not exist for this user"):
        rows(SalesforceLeads(org.client(), {}))


def test_mapped_fields_are_read_in_place_of_the_defaults_and_one_may_serve_two_columns(org: SalesforceOrg) -> None:
    org.upsert("Account", account(1, PersonEmail="p@example.com", Email__c="c@example.com"))
    assert rows(accounts(org, {"email": "PersonEmail"}))[0]["email"] == "p@example.com"
    found = rows(accounts(org, {"email": "Email__c", "industry": "email__c", "country": ""}))[0]
    assert (found["email"], found["industry"], found["country"]) == ("c@example.com", "c@example.com", None)


def test_a_count_that_differs_from_the_records_reaches_the_gate(org: SalesforceOrg) -> None:
    org.upsert("Account", account(1))
    org.counted = lambda found: found + 1
    with accounts(org).read(DAY) as read:
        assert (read.control.rows, sum(batch.num_rows for batch in read.batches)) == (2, 1)


@pytest.mark.parametrize("count", [None, "many", -1])
def test_a_job_without_a_count_is_refused(org: SalesforceOrg, count: object) -> None:
    org.counted = lambda _: count
    with pytest.raises(SourceDataError, match="tells no count in numberRecordsProcessed"):
        rows(accounts(org))


def test_a_page_that_is_named_twice_ends_the_read(org: SalesforceOrg) -> None:
    org.upsert("Account", *(account(number) for number in range(4)))
    org.page_records, org.locator = 1, lambda _: "MQ=="
    with pytest.raises(SourceDataError, match="names a page of results twice"):
        rows(accounts(org))


def test_used_up_calls_are_for_later_and_missing_rights_are_a_setting(org: SalesforceOrg) -> None:
    org.faults = [("POST /services/data", refusal(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."))]
    with pytest.raises(SourceUnavailableError, match="used up its calls"):
        rows(accounts(org))
    org.faults = [("POST /services/data", refusal(403, "API_DISABLED_FOR_ORG"))]
    with pytest.raises(ConfigurationError, match=r"403 \(API_DISABLED_FOR_ORG\); give the user API access"):
        rows(accounts(org))


def test_an_error_of_the_reader_leaves_no_job(org: SalesforceOrg) -> None:
    with pytest.raises(ZeroDivisionError), accounts(org).read(DAY):
        raise ZeroDivisionError
    assert org.jobs == {}


def test_a_window_of_fractions_is_refused_before_anything_is_sent(org: SalesforceOrg) -> None:
    window = Window(DAY.lo, DAY.hi + timedelta(milliseconds=1))
    with pytest.raises(ConfigurationError, match="whole seconds"):
        rows(accounts(org), window)
    assert org.log == []


def test_now_is_the_orgs_own_clock(org: SalesforceOrg) -> None:
    org.clock = lambda: datetime(2031, 5, 1, 10, 0, 7, tzinfo=UTC)
    assert accounts(org).now() == datetime(2031, 5, 1, 10, 0, 7, tzinfo=UTC)


def test_a_look_tells_clock_calls_and_what_is_missing(org: SalesforceOrg) -> None:
    org.upsert("Account", account(1), account(2))
    org.clock = lambda: datetime.now(UTC) + timedelta(seconds=90)
    facts = accounts(org, {"email": "Nowhere__c"}).probe()
    assert (facts.missing_objects, facts.missing_columns) == ((), ("Nowhere__c",))
    assert (facts.rows_estimate, facts.calls_left, facts.server_version) == (2, 14_982, "API 62.0")
    assert 88 <= facts.clock_skew_seconds <= 92
    assert 0 < facts.latency_seconds < 5


def test_a_look_without_rights_to_limits_or_object_still_tells_the_rest(org: SalesforceOrg) -> None:
    org.scopes = frozenset()
    del org.fields["Account"]
    facts = accounts(org).probe()
    assert (facts.missing_objects, facts.missing_columns, facts.rows_estimate) == (("Account",), (), None)


def test_an_org_out_of_reach_raises(org: SalesforceOrg, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with pytest.raises(SourceUnavailableError, match=r"acme\.my\.salesforce\.com cannot be read \(ProxyError\)"):
        accounts(org).probe()
