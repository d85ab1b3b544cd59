"""One document over HTTP(S): retries with backoff, deadlines and a size cap, failures in the lake's words.

What is in the document is not known here.
"""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from urllib3 import BaseHTTPResponse, PoolManager, Retry, Timeout
from urllib3 import exceptions as urllib3_errors

from pricing_lake.errors import ConfigurationError, SourceDataError, SourceUnavailableError

_HEADERS = {"User-Agent": "pricing-lake", "Accept": "application/xml, text/xml", "Accept-Encoding": "gzip"}
_PASSING = (429, 500, 502, 503, 504)
"""Statuses that another attempt may not meet."""
_PIECE_BYTES = 256 * 1024


@dataclass(frozen=True)
class DownloadOptions:
    """How long to wait, how often to try, how much to take.

    `backoff_seconds` is the pause before the second attempt; it doubles with each further one. `total_seconds` bounds
    the transfer of one body. The ECB's full history has about 10 MB.
    """

    connect_timeout_seconds: float = 5.0
    read_timeout_seconds: float = 30.0
    total_seconds: float = 300.0
    attempts: int = 4
    backoff_seconds: float = 1.0
    longest_pause_seconds: int = 60
    max_bytes: int = 128 << 20


@dataclass(frozen=True)
class Download:
    """An unpacked body, and the time by the server's clock in whole seconds; None when it does not tell."""

    body: bytes
    server_time: datetime | None


def require_plain_address(url: str) -> None:
    """Raise ConfigurationError unless `url` is http(s) with a host and without credentials.

    Rates are public; and an address without secrets may stand in every error text.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
        bare = parts.username is None and not parts.query and not parts.fragment
    except ValueError:
        usable, bare = False, True
    if not usable:
        raise ConfigurationError("FX_URL is not a web address; write it as https://host/folder")
    if not bare:
        raise ConfigurationError("FX_URL carries a user name, query or fragment; rates are public, remove it")


def download(url: str, options: DownloadOptions) -> Download:
    """Return what is behind `url`.

    Raises ConfigurationError when the address is wrong for good (404, 403, a certificate that does not match),
    SourceUnavailableError when it may answer later, SourceDataError when the body is larger than `max_bytes`.
    """
    with (
        _translated(url),
        _pools(options) as pools,
        closing(pools.request("GET", url, headers=_HEADERS, preload_content=False)) as response,
    ):
        _require_ok(response.status, url)
        return Download(_body(response, url, options), _server_time(response.headers.get("Date", "")))


def _pools(options: DownloadOptions) -> PoolManager:
    retries = Retry(
        total=options.attempts - 1,
        redirect=3,
        backoff_factor=options.backoff_seconds,
        backoff_jitter=options.backoff_seconds / 4,
        status_forcelist=_PASSING,
        allowed_methods=("GET",),
        raise_on_status=False,
        retry_after_max=options.longest_pause_seconds,
    )
    timeout = Timeout(connect=options.connect_timeout_seconds, read=options.read_timeout_seconds)
    return PoolManager(retries=retries, timeout=timeout)


def _require_ok(status: int, url: str) -> None:
    if status == 200:
        return
    if status in _PASSING:
        raise SourceUnavailableError(f"{url} answered {status}; try again later")
    raise ConfigurationError(f"{url} answered {status}; check FX_URL")


def _server_time(told: str) -> datetime | None:
    with suppress(ValueError):
        moment = parsedate_to_datetime(told)
        return moment if moment.tzinfo else None
    return None


def _body(response: BaseHTTPResponse, url: str, options: DownloadOptions) -> bytes:
    """Read to the end in pieces as they arrive, watching size and clock."""
    deadline = time.monotonic() + options.total_seconds
    pieces = []
    size = 0
    while piece := response.read1(_PIECE_BYTES, decode_content=True):
        pieces.append(piece)
        size += len(piece)
        if size > options.max_bytes:
            raise SourceDataError(
                f"{url} has more than {options.max_bytes:,} bytes, which rates never have; check FX_URL"
            )
        if time.monotonic() > deadline:
            raise SourceUnavailableError(
                f"{url} took longer than {options.total_seconds:g} s; try again when the network is well"
            )
    return b"".join(pieces)


@contextmanager
def _translated(url: str) -> Iterator[None]:
    try:
        yield
    except urllib3_errors.MaxRetryError as error:
        raise _explained(url, error.reason or error) from error
    except urllib3_errors.HTTPError as error:
        raise _explained(url, error) from error


def _explained(url: str, error: Exception) -> ConfigurationError | SourceUnavailableError:
    if isinstance(error, urllib3_errors.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error):
        return ConfigurationError(f"{url}: no valid certificate for this host; check FX_URL")
    if isinstance(error, urllib3_errors.ResponseError):
        return ConfigurationError(f"{url} redirects without end; check FX_URL")
    return SourceUnavailableError(
        f"{url} cannot be read ({type(error).__name__}); check the network, or try again later"
    )
