"""The connection to Salesforce: who is trusted, what the environment may change, and what is never followed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pricing_lake.errors import ConfigurationError, SourceDataError, SourceUnavailableError
from pricing_lake_tests.sources.certificates import make_authority
from pricing_lake_tests.sources.salesforce_org import HOST, SalesforceOrg, serving, status


@pytest.fixture
def org(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SalesforceOrg]:
    with serving(SalesforceOrg(), tmp_path) as org:
        for name, value in org.environment.items():
            monkeypatch.setenv(name, value)
        yield org


def other_authority(folder: Path) -> str:
    folder.mkdir()
    return str(make_authority(folder, HOST).ca)


def test_another_authority_is_not_trusted_and_no_secret_is_sent(org: SalesforceOrg, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no valid certificate; check SALESFORCE_DOMAIN and SALESFORCE_CA"):
        org.client(ca_bundle=other_authority(tmp_path / "other")).now()
    assert org.count("POST") == 0


def test_the_systems_authorities_do_not_trust_a_tests_own(org: SalesforceOrg) -> None:
    with pytest.raises(ConfigurationError, match="no valid certificate"):
        org.client(ca_bundle="").now()


def test_a_certificate_for_another_host_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(SalesforceOrg(), tmp_path, "other.my.salesforce.com") as org:
        for name, value in org.environment.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(ConfigurationError, match="no valid certificate"):
            org.client().now()
        assert org.count("POST") == 0


def test_the_set_bundle_wins_over_the_environments(
    org: SalesforceOrg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", other_authority(tmp_path / "other"))
    org.client().now()
    assert org.logins == 1


def test_the_environments_bundle_serves_when_none_is_set(org: SalesforceOrg, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(org.ca))
    org.client(ca_bundle="").now()
    assert org.logins == 1


def test_a_bundle_that_holds_no_certificate_is_told_as_a_setting(org: SalesforceOrg, tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("nothing")
    with pytest.raises(ConfigurationError, match="SALESFORCE_CA_BUNDLE"):
        org.client(ca_bundle=str(tmp_path / "empty.pem")).now()


def test_a_netrc_does_not_replace_the_token(
    org: SalesforceOrg, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text(f"machine {HOST} login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    org.client().now()
    assert org.logins == 1


def test_a_redirect_is_not_followed_with_the_token(org: SalesforceOrg) -> None:
    client = org.client()
    org.faults = [("GET", status(302, {}, Location="https://elsewhere.example/"))]
    with pytest.raises(ConfigurationError, match="redirects elsewhere"):
        client.now()
    assert org.count("elsewhere") == 0


def test_an_answer_that_is_no_json_object_is_refused(org: SalesforceOrg) -> None:
    client = org.client()
    for document in (None, ["a list"]):
        org.faults = [("describe", status(200, document))]
        with pytest.raises(SourceDataError, match="did not answer with a JSON object"):
            client.document("GET", "sobjects/Account/describe")


def test_an_error_page_of_a_proxy_is_told_by_its_status(org: SalesforceOrg) -> None:
    org.faults = [("GET", status(418))]
    with pytest.raises(ConfigurationError, match=r"the API's root answered 418 \(no reason\)"):
        org.client().now()


def test_a_401_that_is_no_json_renews_the_session_all_the_same(org: SalesforceOrg) -> None:
    org.faults = [("GET", status(401))]
    org.client().now()
    assert org.logins == 2


def test_without_a_way_there_it_is_for_later(org: SalesforceOrg, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with pytest.raises(SourceUnavailableError, match="try again later"):
        org.client().now()
