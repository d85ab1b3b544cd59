"""Calls of one org's API over HTTPS: login and its renewal, retries with backoff, deadlines, the org's clock.

simple-salesforce logs in, sends and tells refusals apart. What is asked for is not known here.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from simple_salesforce.exceptions import SalesforceError, SalesforceExpiredSession
from simple_salesforce.util import call_salesforce
from urllib3 import Retry

from pricing_lake.errors import ConfigurationError, SourceDataError
from pricing_lake.sources.salesforce_errors import PASSING, explained, unreachable
from pricing_lake.sources.salesforce_login import SalesforceAccess, SalesforceToken, log_in

BROKEN_BODIES = (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError)


@dataclass(frozen=True)
class SalesforceOptions:
    """How long to wait, how often to try, how much to take at once.

    `backoff_seconds` is the pause before the second attempt and doubles with each further one, up to
    `longest_pause_seconds`, which also bounds what a Retry-After header may ask for. A job is asked for its state
    after `first_poll_seconds`, then ever more rarely up to `longest_poll_seconds`, and given up after `job_seconds`.
    """

    connect_timeout_seconds: float = 5.0
    read_timeout_seconds: float = 60.0
    attempts: int = 6
    backoff_seconds: float = 0.5
    longest_pause_seconds: int = 60
    page_records: int = 50_000
    first_poll_seconds: float = 0.2
    longest_poll_seconds: float = 10.0
    job_seconds: float = 1_800.0


class SalesforceClient:
    """One org. It logs in with the first call, and again when Salesforce says that the session has expired.

    Proxies come from HTTPS_PROXY and NO_PROXY. Not for use by several threads at once.
    """

    def __init__(self, access: SalesforceAccess, options: SalesforceOptions | None = None) -> None:
        self.access = access
        self.options = options or SalesforceOptions()
        self._session = _session(access, self.options)
        self._token: SalesforceToken | None = None

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        accept: str = "application/json",
    ) -> requests.Response:
        """Return the answer of `path` below the API's root of the set version, read to its end.

        A body that breaks off counts as an attempt. Raises ConfigurationError (login, rights, certificate),
        SourceSchemaError (object or field), SourceUnavailableError (try again later) or SourceDataError.
        """
        with self._translated(path):
            for attempt in range(1, self.options.attempts + 1):
                try:
                    return self._renewed(method, path, json=body, params=query, accept=accept)
                except BROKEN_BODIES:
                    if attempt == self.options.attempts:
                        raise
                    pause = self.options.backoff_seconds * 2 ** (attempt - 1)
                    time.sleep(min(pause, self.options.longest_pause_seconds))
        raise AssertionError("unreachable: attempts is at least 1")

    def document(self, method: str, path: str, **asked: Any) -> Mapping[str, Any]:
        """Return the JSON object that `path` answers with; see `call`."""
        return as_document(self.call(method, path, **asked), path)

    def now(self) -> datetime:
        """Return the org's clock in UTC, whole seconds, as an application server tells it."""
        return server_time(self.call("GET", ""))

    def _renewed(self, method: str, path: str, **sent: Any) -> requests.Response:
        """Send; log in again when the session has expired. A second refusal means that no session is good enough."""
        token = self._token or log_in(self.access, self._session)
        self._token = token
        try:
            return self._send(token, method, path, **sent)
        except SalesforceExpiredSession:
            self._token = token = log_in(self.access, self._session)
        try:
            return self._send(token, method, path, **sent)
        except SalesforceExpiredSession:
            self._token = None
            raise ConfigurationError(
                f"{token.host} refuses a session that has just begun; check the app's scopes (api) and IP policy"
            ) from None

    def _send(self, token: SalesforceToken, method: str, path: str, accept: str, **sent: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {token.value}", "Accept": accept, "User-Agent": "pricing-lake"}
        url = f"https://{token.host}/services/data/v{self.access.api_version}/{path}"
        return call_salesforce(url, method, self._session, headers, **sent)

    @contextmanager
    def _translated(self, path: str) -> Iterator[None]:
        """Turn what goes wrong into the lake's errors; causes are cut off, for they hold addresses and bodies."""
        host = self._token.host if self._token else self.access.domain
        try:
            yield
        except SalesforceError as error:
            raise explained(error, host, path or "the API's root") from None
        except requests.RequestException as error:
            raise unreachable(error, host) from None


def as_document(answer: requests.Response, path: str) -> Mapping[str, Any]:
    """Return an answer's JSON object. Raises SourceDataError when there is none."""
    try:
        found = answer.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise SourceDataError(f"Salesforce's {path} did not answer with a JSON object; check SALESFORCE_DOMAIN")
    return found


def server_time(answer: requests.Response) -> datetime:
    """Return when an answer was sent, by the server's own clock. Raises SourceDataError when it does not say."""
    try:
        return parsedate_to_datetime(answer.headers["Date"]).astimezone(UTC)
    except (KeyError, ValueError):
        raise SourceDataError("Salesforce does not tell the time in its Date header; check the proxy between") from None


class _Adapter(HTTPAdapter):
    """Gives every request deadlines and the set CA bundle: simple-salesforce passes none, and REQUESTS_CA_BUNDLE of
    the environment would win over the session's own.
    """  # noqa: D205

    def __init__(self, retries: Retry, timeout: tuple[float, float], ca_bundle: str) -> None:
        self._timeout = timeout
        self._ca_bundle = ca_bundle
        super().__init__(max_retries=retries)

    def send(self, request: requests.PreparedRequest, *arguments: Any, **options: Any) -> requests.Response:
        options["timeout"] = self._timeout
        if self._ca_bundle:
            options["verify"] = self._ca_bundle
        return super().send(request, *arguments, **options)


def _session(access: SalesforceAccess, options: SalesforceOptions) -> requests.Session:
    retries = Retry(
        total=options.attempts - 1,
        backoff_factor=options.backoff_seconds,
        backoff_max=options.longest_pause_seconds,
        backoff_jitter=options.backoff_seconds / 4,
        status_forcelist=PASSING,
        # POST as well: a login or a query job that was made twice harms nobody.
        allowed_methods=None,
        raise_on_status=False,
        retry_after_max=options.longest_pause_seconds,
    )
    session = requests.Session()
    timeout = (options.connect_timeout_seconds, options.read_timeout_seconds)
    session.mount("https://", _Adapter(retries, timeout, access.ca_bundle))
    session.max_redirects = 0
    # With any auth of its own a session leaves ~/.netrc alone, which would replace the bearer token.
    session.auth = lambda request: request
    return session
