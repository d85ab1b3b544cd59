"""Who the lake is to Salesforce: the settings of its OAuth app, checked, and one login by them. Reads no record."""

import re
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
import requests
from simple_salesforce.exceptions import SalesforceAuthenticationFailed
from simple_salesforce.login import SalesforceLogin

from pricing_lake.errors import ConfigurationError, PricingLakeError, SourceDataError, SourceUnavailableError

SALESFORCE = ".salesforce.com"
OLDEST_VERSION = 50
"""Since this version of the API results keep the order of the fields that were asked for."""
SHARED_HOSTS = ("login.salesforce.com", "test.salesforce.com")
"""Logins of every org: they take a signed assertion, but no client credentials."""

_HOST = re.compile(r"[a-z0-9][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)*\.salesforce\.com")
_VERSION = re.compile(r"(\d{2,3})\.0")
_REFUSALS = (
    "inactive_org",
    "inactive_user",
    "invalid_app_access",
    "invalid_assertion",
    "invalid_client",
    "invalid_client_credentials",
    "invalid_client_id",
    "invalid_grant",
    "invalid_request",
    "unauthorized_client",
    "unsupported_grant_type",
)
"""OAuth's words for what another attempt cannot change."""


@dataclass(frozen=True)
class SalesforceAccess:
    """An OAuth app of one org, by client credentials (`client_secret`) or by JWT (`username` and `private_key_file`).

    `domain` is the host of the org's My Domain. Raises ConfigurationError naming the first setting that is wrong.
    """

    domain: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    username: str = ""
    private_key_file: str = ""
    api_version: str = "62.0"
    ca_bundle: str = ""

    def __post_init__(self) -> None:
        if not _HOST.fullmatch(self.domain):
            raise ConfigurationError(
                f"SALESFORCE_DOMAIN={self.domain!r} is no host of Salesforce; write it as acme.my.salesforce.com"
            )
        if not self.client_id:
            raise ConfigurationError("SALESFORCE_CLIENT_ID is empty; put the consumer key of the OAuth app there")
        if bool(self.client_secret) == bool(self.private_key_file):
            raise ConfigurationError("set either SALESFORCE_CLIENT_SECRET or SALESFORCE_PRIVATE_KEY_FILE, to log in")
        if self.private_key_file and not self.username:
            raise ConfigurationError("SALESFORCE_USERNAME is empty; a login by private key needs the user to act as")
        if self.client_secret and self.domain in SHARED_HOSTS:
            raise ConfigurationError(f"SALESFORCE_DOMAIN={self.domain} takes no client secret; set the org's My Domain")
        version = _VERSION.fullmatch(self.api_version)
        if not version or int(version[1]) < OLDEST_VERSION:
            raise ConfigurationError(
                f"SALESFORCE_API_VERSION={self.api_version!r} cannot be used; write {OLDEST_VERSION}.0 or later"
            )
        for setting, path in (
            ("SALESFORCE_PRIVATE_KEY_FILE", self.private_key_file),
            ("SALESFORCE_CA_BUNDLE", self.ca_bundle),
        ):
            if path and not Path(path).is_file():
                raise ConfigurationError(f"{setting}: there is no file {path}")
        _require_certificates(self.ca_bundle)

    @property
    def audience(self) -> str:
        """The login that a signed assertion is meant for: `test` for sandboxes, else `login`."""
        return "test" if self.domain == SHARED_HOSTS[1] or ".sandbox." in self.domain else "login"


@dataclass(frozen=True)
class SalesforceToken:
    """What a login gives: the bearer token, and the host that takes it."""

    value: str = field(repr=False)
    host: str


def log_in(access: SalesforceAccess, session: requests.Session) -> SalesforceToken:
    """Log in over `session` and return the token.

    Raises ConfigurationError (refused, or a private key that is none), SourceUnavailableError (try again later),
    SourceDataError (the answer is none of Salesforce's) and `requests`' own errors, which the client translates.
    """
    try:
        token, host = SalesforceLogin(**_grant(access), session=session, sf_version=access.api_version)
    except SalesforceAuthenticationFailed as error:
        raise _refused(access, error) from None
    except requests.RequestException:
        raise
    except (jwt.PyJWTError, ValueError, TypeError):
        # Before anything is sent; the cause may quote the key.
        raise ConfigurationError(
            f"SALESFORCE_PRIVATE_KEY_FILE: {access.private_key_file} is no RSA key in PEM without a passphrase"
        ) from None
    except AttributeError:
        raise SourceDataError(f"{access.domain} does not answer as a login does; check SALESFORCE_DOMAIN") from None
    if not token or not str(host).lower().endswith(SALESFORCE):
        raise SourceDataError(f"{access.domain} logs in to a host that is not Salesforce's; check SALESFORCE_DOMAIN")
    return SalesforceToken(token, host)


def _require_certificates(ca_bundle: str) -> None:
    """Find out before a run: a connection's own error would look like one that passes."""
    try:
        if ca_bundle:
            ssl.create_default_context(cafile=ca_bundle)
    except OSError:
        raise ConfigurationError(f"SALESFORCE_CA_BUNDLE: {ca_bundle} holds no certificate in PEM") from None


def _grant(access: SalesforceAccess) -> dict[str, Any]:
    """Return the arguments with which simple-salesforce chooses the flow; it adds `.salesforce.com` to hosts."""
    host = access.domain.removesuffix(SALESFORCE)
    if access.client_secret:
        return {"domain": host, "consumer_key": access.client_id, "consumer_secret": access.client_secret}
    return {
        "domain": access.audience,
        "instance_url": host,
        "username": access.username,
        "consumer_key": access.client_id,
        "privatekey_file": access.private_key_file,
    }


def _refused(access: SalesforceAccess, error: SalesforceAuthenticationFailed) -> PricingLakeError:
    if error.code not in _REFUSALS:
        return SourceUnavailableError(f"the login at {access.domain} answered {error.code}; try again later")
    why = " ".join(error.auth_message.split())[:120]
    settings = (
        "SALESFORCE_CLIENT_SECRET" if access.client_secret else "SALESFORCE_USERNAME, SALESFORCE_PRIVATE_KEY_FILE"
    )
    return ConfigurationError(
        f"{access.domain} refuses the login ({error.code}: {why}); check SALESFORCE_CLIENT_ID, {settings} "
        "and the app's policies"
    )
