"""Claim: Bedrock's latency is the only limit: 500 pictures at 95 % of concurrency / latency, 80 % when throttled.

Run from the project folder: `python -m benchmarks.embed_bedrock`. The model is the stub of
`pricing_lake_tests.aws.bedrock_server` in a process of its own: it answers after 150 ms and knows nothing of pictures,
so this measures our client alone: no TLS, no real quota. Embedding the same day again must ask for nothing. Beside it,
in the same run, boto3 in as many threads with everything else left out.
"""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import boto3
import numpy as np
from botocore.config import Config
from PIL import Image
from pyarrow import fs

from pricing_lake.images.embed_bedrock import BedrockEmbedder, BedrockSettings
from pricing_lake.images.embed_bedrock_titan import TITAN, request_body
from pricing_lake.images.embed_once import embed_once
from pricing_lake.images.vectors import VectorStore
from pricing_lake_tests.aws.moto_server import environment

PICTURES, BYTES, LATENCY, STUBS = 500, 200_000, 0.15, 3
CASES = (("16 at once", 16, 0.0, 0.95), ("64 at once", 64, 0.0, 0.95), ("16 at once, 10 % throttled", 16, 0.1, 0.80))
PASSES = 3


def pictures() -> dict[str, bytes]:
    """Distinct JPEGs of about 200 KB, by their digest."""
    random = np.random.default_rng(3)
    buffer = BytesIO()
    noise = random.integers(0, 256, (420, 420, 3), dtype=np.uint8)
    Image.fromarray(noise).save(buffer, "JPEG", quality=90)
    photo = buffer.getvalue()
    padded = [photo + bytes(BYTES - len(photo) - 8) + number.to_bytes(8, "big") for number in range(PICTURES)]
    return {hashlib.sha256(picture).hexdigest(): picture for picture in padded}


@contextmanager
def stub(throttled: float) -> Iterator[str]:
    """The model's server in a process of its own."""
    command = [sys.executable, "-m", "pricing_lake_tests.aws.bedrock_server"]
    options = ["--latency", str(LATENCY), "--throttled", str(throttled), "--processes", str(STUBS)]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True, start_new_session=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            os.killpg(server.pid, signal.SIGTERM)


def ours(wanted: Mapping[str, bytes], at_once: int) -> tuple[float, int]:
    """Seconds to embed a day into an empty store, and what embedding it again asked for."""
    embedder = BedrockEmbedder(BedrockSettings(at_once=at_once))
    readers = {digest: partial(bytes, picture) for digest, picture in wanted.items()}
    with TemporaryDirectory(prefix="benchmark-") as folder:
        store = VectorStore(fs.LocalFileSystem(), folder, embedder.model_id, embedder.dimensions)
        embed_day = partial(
            embed_once, store, readers, embedder, threads=embedder.settings.threads, batch_size=PICTURES
        )
        started = time.perf_counter()
        vectors = dict(embed_day())
        seconds = time.perf_counter() - started
        assert all(isinstance(vector, np.ndarray) for vector in vectors.values())
        assert len(list(Path(folder).rglob("*.f32"))) == PICTURES
        asked = embedder.meter.read()
        assert len(dict(embed_day())) == PICTURES
        return seconds, embedder.meter.read().since(asked).requests


def bare(wanted: Mapping[str, bytes], at_once: int) -> float:
    """Seconds of boto3 in threads, bodies made before, answers left unread by anybody, botocore's own retries."""
    config = Config(max_pool_connections=at_once, retries={"mode": "standard", "total_max_attempts": 8})
    client = boto3.session.Session().client("bedrock-runtime", config=config)
    bodies = [request_body(picture, 1024) for picture in wanted.values()]

    def ask(body: bytes) -> int:
        return len(client.invoke_model(modelId=TITAN, body=body)["body"].read())

    with ThreadPoolExecutor(at_once) as threads:
        started = time.perf_counter()
        assert min(threads.map(ask, bodies)) > 0
        return time.perf_counter() - started


def main() -> None:
    """Measure each case a few times beside its peer; print medians and the best against the bound."""
    wanted = pictures()
    print(
        f"{'':28}{'bound/s':>9}{'ours/s':>8}{'best':>6}{'of bound':>10}{'goal':>6}{'':6}{'boto3 alone':>12}{'again':>7}"
    )
    for name, at_once, throttled, goal in CASES:
        with stub(throttled) as url:
            os.environ.update(environment("http://127.0.0.1:9", url))
            turns = [(bare(wanted, at_once), *ours(wanted, at_once)) for _ in range(PASSES)]
        alone, taken, again = (list(column) for column in zip(*turns, strict=True))
        bound, rates = at_once / LATENCY, [PICTURES / seconds for seconds in taken]
        verdict = "PASS" if median(rates) / bound >= goal else "MISS"
        cells = f"{bound:9.0f}{median(rates):8.0f}{max(rates):6.0f}{median(rates) / bound:10.2f}{goal:6.2f}"
        peer = f"{PICTURES / median(alone) / bound:12.2f}{max(again):7}"
        print(f"{name:28}{cells}  {verdict}{peer}", flush=True)
    print(
        f"again: requests when the same day is embedded a second time; goal 0: {'PASS' if not max(again) else 'MISS'}"
    )
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
