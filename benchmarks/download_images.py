"""Claim: fetching pictures is bound by the host's latency alone: 400 x 200 KB at 50 ms, 0.9 of 16 / latency.

Run from the project folder: `python -m benchmarks.download_images`. The host is an HTTP server on loopback in processes
of its own. Beside `fetch_images`, in the same run, a bare urllib3 pool that guards nothing: no address check, no
limit of bytes, no deadline.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from statistics import median

import urllib3

from pricing_lake.images.fetch import FetchPolicy, fetch_images

PICTURES, BYTES, LATENCY, AT_ONCE, HOSTS, PASSES, GOAL = 400, 200_000, 0.05, 16, 2, 5, 0.9
BODY = os.urandom(BYTES)


class Host(ThreadingHTTPServer):
    """Answers every path with the same bytes, `LATENCY` after it was asked."""

    daemon_threads = True
    request_queue_size = 128


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Send the picture."""
        arrived = time.perf_counter()
        self.send_response(200)
        self.send_header("Content-Type", "image/jpeg")
        self.send_header("Content-Length", str(BYTES))
        time.sleep(max(0.0, arrived + LATENCY - time.perf_counter()))
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def serve() -> None:
    """Print the address and serve until ended."""
    with Host(("127.0.0.1", 0), Handler) as server:
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        for _ in range(HOSTS - 1):
            if os.fork() == 0:
                break
        server.serve_forever()


@contextmanager
def host() -> Iterator[str]:
    """The host in processes of its own."""
    command = [sys.executable, "-m", "benchmarks.download_images", "--serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            os.killpg(server.pid, signal.SIGTERM)


def fetched(urls: list[str]) -> int:
    """Bytes fetched by ours."""
    policy = FetchPolicy(image_root=None, concurrency=AT_ONCE, trusted_hosts=frozenset({"127.0.0.1"}))
    outcomes = [outcome for _, outcome in fetch_images(urls, policy)]
    return sum(len(outcome) for outcome in outcomes if isinstance(outcome, bytes))


def bare(urls: list[str]) -> int:
    """Bytes fetched by urllib3 alone."""
    with urllib3.PoolManager(maxsize=AT_ONCE) as pools, ThreadPoolExecutor(AT_ONCE) as threads:
        return sum(threads.map(lambda url: len(pools.request("GET", url).data), urls))


def rate(fetch: Callable[[list[str]], int], url: str) -> float:
    """Pictures a second."""
    urls = [f"{url}/{number}.jpg" for number in range(PICTURES)]
    started = time.perf_counter()
    assert fetch(urls) == PICTURES * BYTES
    return PICTURES / (time.perf_counter() - started)


def main() -> None:
    """Measure both in turns; print medians against the bound."""
    with host() as url:
        turns = [(rate(bare, url), rate(fetched, url)) for _ in range(PASSES)]
    bound = AT_ONCE / LATENCY
    peers, ours = (sorted(column) for column in zip(*turns, strict=True))
    for name, runs in (("bare urllib3", peers), ("fetch_images", ours)):
        print(f"{name:14}{median(runs):6.0f}/s, best {runs[-1]:4.0f}/s: {median(runs) / bound:.2f} of {bound:.0f}/s")
    verdict = "PASS" if median(ours) / bound >= GOAL else "MISS"
    print(f"goal at least {GOAL:.2f}: {verdict}; {median(ours) / median(peers):.2f} of bare urllib3")
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="benchmarks.download_images")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    serve() if parser.parse_args().serve else main()
