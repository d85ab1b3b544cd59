"""Logging in to Salesforce: by client credentials and by a signed assertion, and settings that cannot work."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from pricing_lake.errors import ConfigurationError, SourceDataError, SourceUnavailableError
from pricing_lake.sources.salesforce_login import SalesforceAccess
from pricing_lake_tests.sources.salesforce_org import (
    CLIENT_ID,
    CLIENT_SECRET,
    HOST,
    USERNAME,
    SalesforceOrg,
    serving,
    status,
)

NO_ENCRYPTION = serialization.NoEncryption()


@pytest.fixture
def org(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SalesforceOrg]:
    with serving(SalesforceOrg(), tmp_path) as org:
        for name, value in org.environment.items():
            monkeypatch.setenv(name, value)
        yield org


def key_file(folder: Path, key: Any, encryption: Any = NO_ENCRYPTION) -> str:
    path = folder / "private.pem"
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption))
    return str(path)


def rsa_key(org: SalesforceOrg | None = None) -> rsa.RSAPrivateKey:
    """A new key; the org is told its public half."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    if org:
        org.public_key = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    return key


def test_client_credentials_log_in_once_at_the_orgs_own_domain(org: SalesforceOrg) -> None:
    client = org.client()
    client.now()
    client.now()
    assert org.logins == 1
    assert set(org.log) == {
        f"CONNECT {HOST}:443",
        "POST /services/oauth2/token",
        "GET /services/data/v62.0/",
    }


def test_a_signed_assertion_logs_in(org: SalesforceOrg, tmp_path: Path) -> None:
    path = key_file(tmp_path, rsa_key(org))
    org.client(client_secret="", private_key_file=path, username=USERNAME).now()
    assert org.logins == 1


def test_another_key_is_refused_in_one_line(org: SalesforceOrg, tmp_path: Path) -> None:
    rsa_key(org)
    path = key_file(tmp_path, rsa_key())
    with pytest.raises(ConfigurationError, match=r"refuses the login \(invalid_grant: Signature verification failed\)"):
        org.client(client_secret="", private_key_file=path, username=USERNAME).now()
    assert org.logins == 1, "a refused login must not be repeated: it may lock the user"


def test_a_wrong_secret_is_refused_and_shown_nowhere(org: SalesforceOrg) -> None:
    with pytest.raises(ConfigurationError, match=r"invalid_client: .*check SALESFORCE_CLIENT_ID") as caught:
        org.client(client_secret="not-the-secret").now()  # noqa: S106 - wrong on purpose
    assert "not-the-secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_secret_and_token_are_in_no_representation(org: SalesforceOrg) -> None:
    client = org.client()
    client.now()
    assert CLIENT_SECRET not in repr(client.access)
    assert "00D!" not in repr(client._token)


@pytest.mark.parametrize("kind", ["elliptic", "with a passphrase", "no key"])
def test_a_file_that_holds_no_usable_key_is_a_setting(org: SalesforceOrg, tmp_path: Path, kind: str) -> None:
    if kind == "elliptic":
        path = key_file(tmp_path, ec.generate_private_key(ec.SECP256R1()))
    elif kind == "with a passphrase":
        path = key_file(tmp_path, rsa_key(), serialization.BestAvailableEncryption(b"secret"))
    else:
        path = str(tmp_path / "private.pem")
        Path(path).write_text("hunter2")
    with pytest.raises(ConfigurationError, match="is no RSA key in PEM without a passphrase") as caught:
        org.client(client_secret="", private_key_file=path, username=USERNAME).now()
    assert "hunter2" not in str(caught.value)
    assert org.logins == 0


@pytest.mark.parametrize(
    ("code", "document", "wanted", "says"),
    [
        (503, None, SourceUnavailableError, "login at acme.my.salesforce.com answered 503"),
        (500, {"error": "server_error"}, SourceUnavailableError, "answered server_error"),
        (400, {"error": "login_rate_exceeded"}, SourceUnavailableError, "try again later"),
        (400, {"error": "inactive_user"}, ConfigurationError, "inactive_user"),
        (200, ["unexpected"], SourceDataError, "does not answer as a login does"),
        (200, {"access_token": "t"}, SourceDataError, "does not answer as a login does"),
        (200, {"access_token": "", "instance_url": f"https://{HOST}"}, SourceDataError, "host that is not"),
        (
            200,
            {"access_token": "t", "instance_url": "https://evil.example"},
            SourceDataError,
            "host that is not Salesforce's",
        ),
    ],
)
def test_every_answer_of_a_login_means_something(
    org: SalesforceOrg, code: int, document: object, wanted: type[Exception], says: str
) -> None:
    org.faults = [("oauth2/token", status(code, document))] * 3
    with pytest.raises(wanted, match=says):
        org.client().now()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"domain": "acme.example.com"}, "SALESFORCE_DOMAIN='acme.example.com' is no host of Salesforce"),
        ({"domain": "https://acme.my.salesforce.com"}, "write it as acme.my.salesforce.com"),
        ({"domain": "evil.example/x.salesforce.com"}, "is no host of Salesforce"),
        ({"client_id": ""}, "SALESFORCE_CLIENT_ID is empty"),
        ({"client_secret": ""}, "set either SALESFORCE_CLIENT_SECRET or SALESFORCE_PRIVATE_KEY_FILE"),
        ({"private_key_file": __file__}, "set either"),
        ({"client_secret": "", "private_key_file": __file__}, "SALESFORCE_USERNAME is empty"),
        ({"domain": "login.salesforce.com"}, "takes no client secret"),
        ({"api_version": "v62.0"}, "SALESFORCE_API_VERSION='v62.0' cannot be used"),
        ({"api_version": "49.0"}, "write 50.0 or later"),
        ({"ca_bundle": "/nowhere/ca.pem"}, "SALESFORCE_CA_BUNDLE: there is no file /nowhere/ca.pem"),
    ],
)
def test_a_setting_that_cannot_work_is_named(changes: dict[str, str], says: str) -> None:
    right = {"domain": HOST, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    with pytest.raises(ConfigurationError, match=says):
        SalesforceAccess(**(right | changes))


@pytest.mark.parametrize(
    ("domain", "audience"),
    [
        ("acme.my.salesforce.com", "login"),
        ("acme--dev.sandbox.my.salesforce.com", "test"),
        ("test.salesforce.com", "test"),
        ("login.salesforce.com", "login"),
    ],
)
def test_an_assertion_is_meant_for_the_login_of_its_kind_of_org(domain: str, audience: str) -> None:
    access = SalesforceAccess(domain, CLIENT_ID, username=USERNAME, private_key_file=__file__)
    assert access.audience == audience
