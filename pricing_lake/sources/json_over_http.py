"""JSON documents over HTTP(S): a bearer token, retries with backoff, deadlines, a size cap, numbers as they were sent.

What is in a document is not known here.
"""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlencode

from urllib3 import BaseHTTPResponse, PoolManager, Retry, Timeout
from urllib3 import exceptions as http_errors

from pricing_lake.errors import ConfigurationError, PricingLakeError, SourceDataError, SourceUnavailableError

PASSING = (429, 500, 502, 503, 504)
"""Statuses that another attempt may not meet."""
PIECE_BYTES = 256 << 10
BROKEN_BODIES = (http_errors.ProtocolError, http_errors.TimeoutError, http_errors.DecodeError)


@dataclass(frozen=True)
class HttpOptions:
    """How long to wait, how often to try, how much to take; all per document.

    `backoff_seconds` is the pause before the second attempt and doubles with each further one, up to
    `longest_pause_seconds`, which also bounds what a Retry-After header may ask for.
    """

    connect_timeout_seconds: float = 5.0
    read_timeout_seconds: float = 30.0
    total_seconds: float = 300.0
    attempts: int = 6
    backoff_seconds: float = 0.5
    longest_pause_seconds: int = 60
    max_bytes: int = 64 << 20


@dataclass(frozen=True)
class Answer:
    """One document and its headers. Numbers of the document are the text that stood there, NaN and Infinity too."""

    document: Any
    headers: Mapping[str, str]


@dataclass(frozen=True)
class JsonClient:
    """Everything below one address, which stands in messages and so has no secrets. Use it as a context manager."""

    address: str
    token: str | None = field(repr=False)
    options: HttpOptions
    _pools: PoolManager = field(default_factory=PoolManager, repr=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pools.clear()

    def get(self, path: str, query: Mapping[str, str]) -> Answer | None:
        """Return the document behind `path`, or None when there is none (404).

        A body that breaks off counts as an attempt like a passing status. Raises ConfigurationError (token
        refused, redirected, no such service, certificate), SourceUnavailableError (try again later) or
        SourceDataError (no JSON, or larger than `max_bytes`).
        """
        url = f"{self.address}/{path}"
        retries = self._retries()
        with self._translated(url):
            while True:
                response = self._request(f"{url}?{urlencode(query)}", retries)
                try:
                    with closing(response):
                        if response.status == 404:
                            return None
                        self._require_ok(response.status, url)
                        return Answer(_parsed(self._body(response, url), url), response.headers)
                except BROKEN_BODIES as error:
                    retries = (response.retries or retries).increment("GET", url, error=error)
                    retries.sleep()

    def _retries(self) -> Retry:
        options = self.options
        return Retry(
            total=options.attempts - 1,
            backoff_factor=options.backoff_seconds,
            backoff_max=options.longest_pause_seconds,
            backoff_jitter=options.backoff_seconds / 4,
            status_forcelist=PASSING,
            allowed_methods=("GET",),
            raise_on_status=False,
            retry_after_max=options.longest_pause_seconds,
        )

    def _request(self, url: str, retries: Retry) -> BaseHTTPResponse:
        headers = {"User-Agent": "pricing-lake", "Accept": "application/json", "Accept-Encoding": "gzip"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        timeout = Timeout(connect=self.options.connect_timeout_seconds, read=self.options.read_timeout_seconds)
        return self._pools.request(
            "GET", url, headers=headers, retries=retries, timeout=timeout, redirect=False, preload_content=False
        )

    def _require_ok(self, status: int, url: str) -> None:
        if status == 200:
            return
        if status in (401, 403):
            raise ConfigurationError(f"{url} refuses the token ({status}): correct SMARTGO_TOKEN or its rights")
        if 300 <= status < 400:
            raise ConfigurationError(f"{url} redirects elsewhere ({status}): put the final address into SMARTGO_URL")
        if status in PASSING:
            raise SourceUnavailableError(f"{url} answered {status} {self.options.attempts} times: try again later")
        raise ConfigurationError(f"{url} answered {status}: check SMARTGO_URL and the service behind it")

    def _body(self, response: BaseHTTPResponse, url: str) -> bytes:
        """Read to the end in pieces as they arrive, watching size and clock."""
        deadline = time.monotonic() + self.options.total_seconds
        pieces = []
        size = 0
        while piece := response.read1(PIECE_BYTES, decode_content=True):
            pieces.append(piece)
            size += len(piece)
            if size > self.options.max_bytes:
                raise SourceDataError(f"{url} sent more than {self.options.max_bytes:,} bytes: ask for smaller pages")
            if time.monotonic() > deadline:
                raise SourceUnavailableError(
                    f"{url} took longer than {self.options.total_seconds:g} s: try again later"
                )
        return b"".join(pieces)

    @contextmanager
    def _translated(self, url: str) -> Iterator[None]:
        try:
            yield
        except http_errors.HTTPError as error:
            cause = (error.reason if isinstance(error, http_errors.MaxRetryError) else None) or error
            raise _explained(url, cause) from error


def _parsed(body: bytes, url: str) -> Any:
    try:
        return json.loads(body, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError):
        # The parser's error holds the whole document, so it is not passed on.
        raise SourceDataError(f"{url} did not answer with JSON: check SMARTGO_URL and the service behind it") from None


def _explained(url: str, error: Exception) -> PricingLakeError:
    if isinstance(error, http_errors.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error):
        return ConfigurationError(f"{url} has no valid certificate for this host: check SMARTGO_URL")
    return SourceUnavailableError(f"{url} cannot be read ({type(error).__name__}): try again later")
