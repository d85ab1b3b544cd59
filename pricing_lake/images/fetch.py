"""Fetches images by URL, one or many at once, with repeated attempts.

What a fetch may reach and cost is `FetchPolicy`; whether the bytes are a picture is decided in `inspect`.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event

from urllib3 import PoolManager

from pricing_lake.errors import ImageError
from pricing_lake.images.fetch_policy import FetchPolicy
from pricing_lake.images.guarded_connection import GuardedPoolManager
from pricing_lake.images.http_download import TransientImageError, download
from pricing_lake.images.local_file import read_local_image
from pricing_lake.images.reasons import ImageReason

__all__ = ["FetchPolicy", "fetch_image", "fetch_images"]


def fetch_image(url: str, policy: FetchPolicy) -> bytes:
    """Return the bytes behind one file://, http:// or https:// URL.

    Raises ImageError; its `reason` is an `ImageReason`, its text shows no password and no query string.
    """
    with GuardedPoolManager(policy) as pools:
        return _fetch(url, policy, pools, Event())


def fetch_images(urls: Iterable[str], policy: FetchPolicy) -> Iterator[tuple[str, bytes | ImageError]]:
    """Yield (url, bytes or what went wrong) for each distinct URL, in the order they first appear.

    `policy.concurrency` threads share one set of connections. At most twice that many URLs are taken ahead
    of the consumer, so no more than `2 * concurrency * max_bytes` bytes wait for it. Closing the iterator
    early drops what has not begun and waits for the attempts in flight.
    """
    cancelled = Event()
    waiting: deque[tuple[str, Future[bytes | ImageError]]] = deque()
    threads = ThreadPoolExecutor(policy.concurrency, thread_name_prefix="image-fetch")
    with GuardedPoolManager(policy) as pools:
        try:
            for url in _distinct(urls):
                waiting.append((url, threads.submit(_fetch_or_error, url, policy, pools, cancelled)))
                if len(waiting) == 2 * policy.concurrency:
                    yield _next_result(waiting)
            while waiting:
                yield _next_result(waiting)
        finally:
            cancelled.set()
            threads.shutdown(cancel_futures=True)


def _distinct(urls: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for url in urls:
        if url not in seen:
            seen.add(url)
            yield url


def _next_result(
    waiting: deque[tuple[str, Future[bytes | ImageError]]],
) -> tuple[str, bytes | ImageError]:
    url, future = waiting.popleft()
    return url, future.result()


def _fetch_or_error(url: str, policy: FetchPolicy, pools: PoolManager, cancelled: Event) -> bytes | ImageError:
    try:
        return _fetch(url, policy, pools, cancelled)
    except ImageError as error:
        return error


def _fetch(url: str, policy: FetchPolicy, pools: PoolManager, cancelled: Event) -> bytes:
    scheme = url.partition(":")[0].lower()
    if scheme == "file":
        return read_local_image(url, policy)
    if scheme not in ("http", "https"):
        raise ImageError(
            ImageReason.SCHEME_REFUSED, f"{scheme[:20]!r} is no scheme to fetch from; use https:// or file://"
        )
    for pause in policy.pauses():
        try:
            return download(url, policy, pools)
        except TransientImageError:
            if cancelled.wait(pause):
                raise
    return download(url, policy, pools)
