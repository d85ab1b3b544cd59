"""Many images at once: order, distinct URLs, bounded look-ahead, early end."""

import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler

import pytest

from pricing_lake.errors import ImageError
from pricing_lake.images.fetch import FetchPolicy, fetch_images
from pricing_lake.images.reasons import ImageReason

from .image_server import ImageServer, status


def test_results_come_in_the_order_of_the_urls_each_once(server: ImageServer, policy: FetchPolicy) -> None:
    def answer_later(request: BaseHTTPRequestHandler) -> None:
        time.sleep(0.05 if int(request.path[1:]) % 5 == 0 else 0)
        status(200, request.path.encode())(request)

    paths = [f"/{number}" for number in range(40)]
    server.answers.update(dict.fromkeys(paths, answer_later))
    urls = [server.url(path) for path in paths]
    results = list(fetch_images([*urls, *reversed(urls)], policy))
    assert results == [(url, path.encode()) for url, path in zip(urls, paths, strict=True)]
    assert set(server.hits.values()) == {1}


def test_one_bad_url_does_not_disturb_the_others(server: ImageServer, policy: FetchPolicy, jpeg: bytes) -> None:
    server.answers["/a.jpg"] = status(200, jpeg)
    urls = [server.url("/gone.jpg"), server.url("/a.jpg"), "s3://bucket/a.jpg", "file:///a.jpg", "http://10.0.0.1/"]
    outcomes = [
        outcome.reason if isinstance(outcome, ImageError) else outcome for _, outcome in fetch_images(urls, policy)
    ]
    assert outcomes == [
        ImageReason.NOT_FOUND,
        jpeg,
        ImageReason.SCHEME_REFUSED,
        ImageReason.SCHEME_REFUSED,
        ImageReason.ADDRESS_REFUSED,
    ]


def test_fetches_overlap_as_far_as_allowed_and_share_connections(server: ImageServer, policy: FetchPolicy) -> None:
    lock = threading.Lock()
    active = most = 0

    def answer(request: BaseHTTPRequestHandler) -> None:
        nonlocal active, most
        with lock:
            active += 1
            most = max(most, active)
        time.sleep(0.02)
        with lock:
            active -= 1
        status(200, b"x")(request)

    urls = [server.url(f"/{number}") for number in range(40)]
    server.answers.update({f"/{number}": answer for number in range(40)})
    assert len(list(fetch_images(urls, replace(policy, concurrency=4)))) == 40
    assert most == 4
    assert server.connections == 4


@pytest.mark.parametrize("concurrency", [1, 4])
def test_no_more_urls_are_taken_than_may_wait(server: ImageServer, policy: FetchPolicy, concurrency: int) -> None:
    taken = 0

    def urls():
        nonlocal taken
        for number in range(50):
            taken += 1
            yield server.url(f"/{number}")

    for position, _ in enumerate(fetch_images(urls(), replace(policy, concurrency=concurrency))):
        assert taken <= position + 2 * concurrency


def test_nothing_to_fetch_yields_nothing(policy: FetchPolicy) -> None:
    assert list(fetch_images([], policy)) == []


def test_closing_early_drops_the_rest_and_ends_the_pauses(server: ImageServer, policy: FetchPolicy) -> None:
    server.answers["/0"] = status(200, b"x")
    server.answers.update({f"/{number}": status(503) for number in range(1, 100)})
    results = fetch_images(
        (server.url(f"/{number}") for number in range(100)),
        replace(policy, concurrency=2, backoff_seconds=(30.0,)),
    )
    assert next(results) == (server.url("/0"), b"x")
    start = time.monotonic()
    while not {"/1", "/2"} <= set(server.hits) and time.monotonic() - start < 5:
        time.sleep(0.001)
    results.close()
    assert time.monotonic() - start < 5
    assert set(server.hits) == {"/0", "/1", "/2"}  # /3 was queued behind two that paused
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("image-fetch")]
