"""Vectors are computed once ever, kept for good, and the same for everybody."""

import hashlib
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from fsspec.implementations.memory import MemoryFileSystem  # type: ignore[import-untyped]
from pyarrow import fs

from pricing_lake.errors import ConfigurationError, ImageError, TransientError
from pricing_lake.images.embed_local import LocalVisualEmbedder
from pricing_lake.images.embed_once import Progress, embed_once
from pricing_lake.images.embedder import Embedder, Vector
from pricing_lake.images.vectors import VectorStore

from .near_duplicates import drawn_photo

PHOTOS = {hashlib.sha256(photo).hexdigest(): photo for photo in map(drawn_photo, range(6))}
FIRST = next(iter(PHOTOS))
EMBEDDER = LocalVisualEmbedder()


class CountingEmbedder(Embedder):
    """The real embedder, and which images it was asked for."""

    model_id = EMBEDDER.model_id
    dimensions = EMBEDDER.dimensions

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed_one(self, image: bytes) -> Vector:
        self.asked.append(hashlib.sha256(image).hexdigest())
        return EMBEDDER.embed_one(image)


def _wanted(photos: dict[str, bytes]) -> dict[str, Callable[[], bytes]]:
    return {sha256: partial(bytes, photo) for sha256, photo in photos.items()}


def _store(folder: Path, dimensions: int = 1024) -> VectorStore:
    return VectorStore(fs.LocalFileSystem(), str(folder), EMBEDDER.model_id, dimensions)


@pytest.fixture
def store(tmp_path: Path) -> VectorStore:
    return _store(tmp_path)


def _file(folder: Path, sha256: str) -> Path:
    return folder / "vectors" / "local-visual-v1" / sha256[:2] / f"{sha256}.f32"


def _numbers(seed: int, count: int = 1024) -> Vector:
    return np.random.default_rng(seed).standard_normal(count).astype(np.float32)


# --- the store ---------------------------------------------------------------------------------------


def test_a_vector_is_plain_little_endian_numbers(store: VectorStore, tmp_path: Path) -> None:
    store.write(FIRST, _numbers(1))
    assert _file(tmp_path, FIRST).read_bytes() == _numbers(1).astype("<f4").tobytes()
    assert [path.name for path in _file(tmp_path, FIRST).parent.iterdir()] == [f"{FIRST}.f32"]
    np.testing.assert_array_equal(store.read_many([FIRST, FIRST])[FIRST], _numbers(1))


def test_what_is_not_here_is_left_out(store: VectorStore) -> None:
    store.write(FIRST, _numbers(1))
    assert list(store.read_many(PHOTOS)) == [FIRST]
    assert store.read_many([]) == {}


def test_the_first_writer_wins_and_the_second_is_told(store: VectorStore) -> None:
    store.write(FIRST, _numbers(1))
    np.testing.assert_array_equal(store.write(FIRST, _numbers(2)), _numbers(1))
    np.testing.assert_array_equal(store.read_many([FIRST])[FIRST], _numbers(1))


@pytest.mark.parametrize(
    "damaged",
    [b"", b"\x01", _numbers(3, 1023).tobytes(), _numbers(3, 1025).tobytes(), bytes(4096), b"\xff" * 4096],
    ids=["empty", "one byte", "short", "long", "zeros", "not finite"],
)
def test_a_damaged_file_counts_as_absent_and_is_replaced(store: VectorStore, tmp_path: Path, damaged: bytes) -> None:
    store.write(FIRST, _numbers(1))
    _file(tmp_path, FIRST).write_bytes(damaged)
    assert store.read_many([FIRST]) == {}
    np.testing.assert_array_equal(store.write(FIRST, _numbers(2)), _numbers(2))
    np.testing.assert_array_equal(store.read_many([FIRST])[FIRST], _numbers(2))


@pytest.mark.parametrize("bad", [np.zeros(1024), np.full(1024, np.nan), np.ones(1023), np.ones((1, 1024))])
def test_a_vector_that_cannot_be_searched_by_is_not_kept(store: VectorStore, tmp_path: Path, bad: Vector) -> None:
    with pytest.raises(ImageError) as refused:
        store.write(FIRST, bad)
    assert refused.value.reason == "embedding_invalid"
    assert not _file(tmp_path, FIRST).exists()


@pytest.mark.parametrize("digest", ["", "../../escape", FIRST.upper(), FIRST + "\n", FIRST[:63]])
def test_only_digests_name_files(store: VectorStore, digest: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        store.write(digest, _numbers(1))
    with pytest.raises(ValueError, match="SHA-256"):
        store.read_many([digest])


@pytest.mark.parametrize("model_id", ["", "..", "a/b", ".hidden", "a b"])
def test_a_model_id_must_name_a_folder(model_id: str) -> None:
    with pytest.raises(ConfigurationError, match="model id"):
        VectorStore(fs.LocalFileSystem(), "unused", model_id, 4)


def test_a_subtree_is_the_same_place(store: VectorStore, tmp_path: Path) -> None:
    store.write(FIRST, _numbers(1))
    subtree = VectorStore(fs.SubTreeFileSystem(str(tmp_path), fs.LocalFileSystem()), "", EMBEDDER.model_id, 1024)
    np.testing.assert_array_equal(subtree.write(FIRST, _numbers(2)), _numbers(1))


def test_any_other_filesystem_will_do() -> None:
    memory = fs.PyFileSystem(fs.FSSpecHandler(MemoryFileSystem()))
    store = VectorStore(memory, "/test-vectors/prefix", "some.model-v1:0", 8)
    assert store.read_many([FIRST]) == {}
    np.testing.assert_array_equal(store.write(FIRST, _numbers(1, 8)), _numbers(1, 8))
    np.testing.assert_array_equal(store.write(FIRST, _numbers(2, 8)), _numbers(1, 8))
    np.testing.assert_array_equal(store.read_many([FIRST])[FIRST], _numbers(1, 8))


def test_threads_that_race_on_one_damaged_file_agree(store: VectorStore, tmp_path: Path) -> None:
    for sha256 in PHOTOS:
        _file(tmp_path, sha256).parent.mkdir(parents=True, exist_ok=True)
        _file(tmp_path, sha256).write_bytes(b"damaged")
        start = threading.Barrier(8)

        def write(seed: int, sha256: str = sha256, start: threading.Barrier = start) -> bytes:
            start.wait()
            return store.write(sha256, _numbers(seed)).tobytes()

        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(write, range(8))) == {_file(tmp_path, sha256).read_bytes()}


# --- embed once --------------------------------------------------------------------------------------


def test_each_image_is_computed_once_ever(store: VectorStore, tmp_path: Path) -> None:
    counting = CountingEmbedder()
    some = dict(list(PHOTOS.items())[:4])
    first = dict(embed_once(store, _wanted(some), counting))
    again = dict(embed_once(store, _wanted(PHOTOS), counting, batch_size=3))
    backfill = dict(embed_once(_store(tmp_path), _wanted(PHOTOS), counting, threads=4))
    assert sorted(counting.asked) == sorted(PHOTOS)
    assert list(first) == list(some)
    assert list(again) == list(backfill) == list(PHOTOS)
    for sha256, photo in PHOTOS.items():
        np.testing.assert_array_equal(backfill[sha256], EMBEDDER.embed_one(photo))
        np.testing.assert_array_equal(again[sha256], backfill[sha256])


def test_another_model_is_another_store(store: VectorStore, tmp_path: Path) -> None:
    store.write(FIRST, _numbers(1))
    other = VectorStore(fs.LocalFileSystem(), str(tmp_path), "local-visual-v2", 1024)
    assert other.read_many([FIRST]) == {}
    with pytest.raises(ConfigurationError, match="local-visual-v2"):
        embed_once(other, {}, EMBEDDER)


def test_one_bad_image_costs_only_itself(store: VectorStore) -> None:
    def gone() -> bytes:
        raise ImageError("image_not_found", "gone")

    torn = PHOTOS[FIRST][:500]
    torn_sha256, gone_sha256, wrong_sha256 = hashlib.sha256(torn).hexdigest(), "0" * 64, "1" * 64
    wanted = {torn_sha256: lambda: torn, gone_sha256: gone, wrong_sha256: lambda: PHOTOS[FIRST]} | _wanted(PHOTOS)
    seen: list[Progress] = []
    outcomes = dict(embed_once(store, wanted, EMBEDDER, batch_size=4, on_progress=seen.append))
    reasons = {sha256: error.reason for sha256, error in outcomes.items() if isinstance(error, ImageError)}
    assert reasons == {
        torn_sha256: "image_truncated",
        gone_sha256: "image_not_found",
        wrong_sha256: "image_truncated",
    }
    assert list(store.read_many(wanted)) == list(PHOTOS)
    assert seen[-1] == Progress(total=9, reused=0, computed=6, failed=3)
    assert [progress.done for progress in seen] == [4, 8, 9]
    list(embed_once(store, wanted, EMBEDDER, on_progress=seen.append))
    assert seen[-1] == Progress(total=9, reused=6, computed=0, failed=3)


def test_images_are_read_only_when_needed_and_batch_by_batch(store: VectorStore) -> None:
    read: list[str] = []

    def reading(sha256: str) -> Callable[[], bytes]:
        def read_one() -> bytes:
            read.append(sha256)
            return PHOTOS[sha256]

        return read_one

    store.write(FIRST, EMBEDDER.embed_one(PHOTOS[FIRST]))
    outcomes = embed_once(store, {sha256: reading(sha256) for sha256 in PHOTOS}, EMBEDDER, batch_size=2)
    assert read == []
    next(outcomes)
    assert read == list(PHOTOS)[1:2]
    list(outcomes)
    assert sorted(read) == sorted(list(PHOTOS)[1:])


def test_an_outage_ends_the_run_but_keeps_what_was_done(store: VectorStore) -> None:
    def outage() -> bytes:
        raise TransientError("the image store does not answer; run again later")

    wanted = _wanted(PHOTOS) | {list(PHOTOS)[-1]: outage}
    with pytest.raises(TransientError, match="run again"):
        list(embed_once(store, wanted, EMBEDDER, threads=1, batch_size=2))
    counting = CountingEmbedder()
    list(embed_once(store, _wanted(PHOTOS), counting))
    assert counting.asked == list(PHOTOS)[-1:]


_RACER = """
import hashlib, sys
from pathlib import Path
import numpy as np
from pyarrow import fs
from pricing_lake.images.embedder import Embedder
from pricing_lake.images.embed_once import embed_once
from pricing_lake.images.vectors import VectorStore

class OwnNumbers(Embedder):
    model_id, dimensions = "not-repeatable", 1024
    def embed_one(self, image):
        return np.random.default_rng().standard_normal(1024).astype(np.float32)

store = VectorStore(fs.LocalFileSystem(), sys.argv[1], "not-repeatable", 1024)
images = [str(number).encode() for number in range(400)]
wanted = {hashlib.sha256(image).hexdigest(): lambda image=image: image for image in images}
print("ready", flush=True)
sys.stdin.readline()
seen = hashlib.sha256()
computed = []
for sha256, vector in embed_once(store, wanted, OwnNumbers(), on_progress=computed.append):
    seen.update(vector.tobytes())
print(seen.hexdigest(), computed[-1].computed)
"""


def test_two_processes_at_once_end_with_the_same_numbers(tmp_path: Path) -> None:
    """The embedder never repeats itself, so any vector that is not the stored one shows."""
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", _RACER, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    answers = [racer.communicate(timeout=60)[0].split() for racer in racers]
    assert answers[0][0] == answers[1][0]
    assert 400 <= sum(int(computed) for _, computed in answers) <= 800
