"""One attempt to download an image over HTTP or HTTPS: redirects, deadline, byte cap, and names for failures.

Trying again is in `fetch`, dialling in `guarded_connection`.
"""

import ssl
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import IncompleteRead
from urllib.parse import quote, urljoin

from urllib3 import BaseHTTPResponse, PoolManager, Timeout
from urllib3 import exceptions as urllib3_errors
from urllib3.util import parse_url

from pricing_lake.errors import ImageError
from pricing_lake.images.fetch_policy import FetchPolicy
from pricing_lake.images.reasons import ImageReason

_HEADERS = {
    "User-Agent": "pricing-lake",
    "Accept": "image/jpeg, image/png, image/webp",
    "Accept-Encoding": "identity",
}
_REDIRECTS = {301, 302, 303, 307, 308}
_READ_BYTES = 256 * 1024


class TransientImageError(ImageError):
    """An image failure that the next attempt may not meet."""


def download(url: str, policy: FetchPolicy, pools: PoolManager) -> bytes:
    """Return the decoded body behind an http:// or https:// URL; `pools` must dial guarded addresses.

    Raises ImageError with every reason of `ImageReason` that a transfer can have, and its subclass
    TransientImageError when another attempt may succeed.
    """
    deadline = time.monotonic() + policy.deadline_seconds
    for _ in range(policy.max_redirects + 1):
        shown = presentable(url)
        with _named_failures(shown), closing(_request(url, deadline, pools, shown)) as response:
            location = response.headers.get("Location") if response.status in _REDIRECTS else None
            if location is None:
                _require_ok(response.status, shown)
                return _read_body(response, policy.max_bytes, shown)
        url = _join(url, location)
    raise ImageError(
        ImageReason.TOO_MANY_REDIRECTS,
        f"{shown} is redirect number {policy.max_redirects + 1}; link to the image itself",
    )


def presentable(url: str) -> str:
    """The URL as error texts may show it: one line, no user name, password, query or fragment."""
    try:
        scheme, _, host, port, path, _, _ = parse_url(url)
    except urllib3_errors.LocationValueError:
        return "a malformed URL"
    address = f"{host or ''}:{port}" if port else host or ""
    return f"{scheme}://{address}{quote(path or '', safe='/%~:@!$&()*+,;=')}"[:200]


def _request(url: str, deadline: float, pools: PoolManager, shown: str) -> BaseHTTPResponse:
    if parse_url(url).auth is not None:
        raise ImageError(ImageReason.SCHEME_REFUSED, "the URL carries a user name or password; remove it")
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise _timed_out(shown)
    return pools.request(
        "GET",
        url,
        headers=_HEADERS,
        timeout=Timeout(total=remaining),
        retries=False,
        redirect=False,
        preload_content=False,
    )


def _read_body(response: BaseHTTPResponse, max_bytes: int, shown: str) -> bytes:
    """Read to the end in unpacked pieces as they arrive; the `DeadlineSocket` below watches the clock."""
    pieces = []
    size = 0
    while piece := response.read1(_READ_BYTES, decode_content=True):
        pieces.append(piece)
        size += len(piece)
        if size > max_bytes:
            raise ImageError(ImageReason.TOO_LARGE, f"{shown} has more than {max_bytes} bytes; publish a smaller image")
    return b"".join(pieces)


def _require_ok(status: int, shown: str) -> None:
    if status == 200:
        return
    detail = f"{shown} answered {status}"
    if status in (404, 410):
        raise ImageError(ImageReason.NOT_FOUND, f"{detail}; correct the URL or publish the image again")
    if status == 429:
        raise TransientImageError(ImageReason.HTTP_STATUS, f"{detail}; lower the fetch concurrency")
    if status >= 500:
        raise TransientImageError(ImageReason.UNREACHABLE, f"{detail}; try again when the host is well")
    raise ImageError(ImageReason.HTTP_STATUS, f"{detail}; make the image readable without a login")


def _join(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        raise ImageError(ImageReason.SCHEME_REFUSED, "a redirect leads to a malformed URL") from None


def _timed_out(shown: str) -> TransientImageError:
    return TransientImageError(
        ImageReason.TIMEOUT, f"{shown} took longer than the deadline; try again or raise deadline_seconds"
    )


@contextmanager
def _named_failures(shown: str) -> Iterator[None]:
    """Turn what urllib3 raises into reasons; its own texts are left out, they may quote the whole URL."""
    try:
        yield
    except urllib3_errors.LocationValueError:  # also a scheme that the pools do not know, or no host
        raise ImageError(ImageReason.SCHEME_REFUSED, "the URL or a redirect is no web address; correct it") from None
    except urllib3_errors.HTTPError as error:
        raise _as_image_error(error, shown) from error


def _as_image_error(error: urllib3_errors.HTTPError, shown: str) -> ImageError:
    match error:
        case urllib3_errors.DecodeError():
            return ImageError(
                ImageReason.NOT_AN_IMAGE, f"{shown} is not packed as its Content-Encoding says; repair the host"
            )
        case urllib3_errors.SSLError(args=(ssl.SSLCertVerificationError(), *_)):
            return ImageError(
                ImageReason.UNREACHABLE, f"{shown}: no valid certificate for this host; renew or correct it"
            )
        case urllib3_errors.NewConnectionError():
            return TransientImageError(ImageReason.UNREACHABLE, f"{shown}: no connection; check that the host is up")
        case urllib3_errors.TimeoutError():
            return _timed_out(shown)
        case urllib3_errors.ProtocolError(args=(_, IncompleteRead(), *_)):
            return TransientImageError(
                ImageReason.TRUNCATED, f"{shown} sent fewer bytes than announced; publish it again"
            )
        case _:
            return TransientImageError(
                ImageReason.UNREACHABLE, f"{shown}: the connection broke ({type(error).__name__}); try again"
            )
