"""The content-addressed store on a disk and on an object store held in memory."""

import hashlib
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from fsspec.implementations.memory import MemoryFileSystem
from pyarrow import fs

from pricing_lake.errors import ConfigurationError, ImageError
from pricing_lake.images.inspect import ImageFacts, inspect_image
from pricing_lake.images.reasons import ImageReason
from pricing_lake.images.store import ImageStore, key_for


@pytest.fixture(params=["disk", "subtree", "object store"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ImageStore:
    if request.param == "disk":
        return ImageStore.at(tmp_path.as_uri())
    if request.param == "subtree":
        return ImageStore(fs.SubTreeFileSystem(str(tmp_path), fs.LocalFileSystem()), "inner")
    memory = MemoryFileSystem(skip_instance_cache=True)
    memory.store, memory.pseudo_dirs = {}, [""]
    return ImageStore(fs.PyFileSystem(fs.FSSpecHandler(memory)), "bucket/prefix")


def test_a_put_picture_reads_back_under_its_digest(store: ImageStore, jpeg: bytes) -> None:
    facts = inspect_image(jpeg)
    key = store.put(jpeg, facts)
    assert key == f"images/{facts.sha256[:2]}/{facts.sha256}.jpg"
    assert store.contains(key)
    assert store.read(key) == jpeg


def test_what_was_never_put_is_not_found(store: ImageStore) -> None:
    key = key_for("0" * 64, "image/png")
    assert not store.contains(key)
    with pytest.raises(ImageError) as caught:
        store.read(key)
    assert caught.value.reason == ImageReason.NOT_FOUND


@pytest.mark.parametrize(
    "key",
    [
        "",
        "../secret.jpg",
        "images/../../secret.jpg",
        f"/images/00/{'0' * 64}.jpg",
        f"images/11/{'0' * 64}.jpg",
        f"images/00/{'0' * 64}.gif",
        f"images/00/{'0' * 64}.jpg\n",
    ],
)
def test_no_key_leads_out_of_the_store(store: ImageStore, key: str) -> None:
    for use in (store.read, store.contains):
        with pytest.raises(ImageError) as caught:
            use(key)
        assert caught.value.reason == ImageReason.OUTSIDE_ROOT


@pytest.mark.parametrize(
    ("media_type", "extension"), [("image/jpeg", "jpg"), ("image/png", "png"), ("image/webp", "webp")]
)
def test_the_media_type_gives_the_extension(media_type: str, extension: str) -> None:
    assert key_for("ab" * 32, media_type) == f"images/ab/{'ab' * 32}.{extension}"


@pytest.mark.parametrize(
    ("sha256", "media_type"),
    [("ab" * 32, "image/gif"), ("AB" * 32, "image/png"), ("ab", "image/png"), ("../" * 22, "image/png")],
)
def test_there_is_no_key_for_anything_else(sha256: str, media_type: str) -> None:
    with pytest.raises(ValueError, match="no key"):
        key_for(sha256, media_type)


def test_facts_of_other_bytes_are_refused(store: ImageStore, jpeg: bytes) -> None:
    facts = replace(inspect_image(jpeg), sha256="0" * 64)
    with pytest.raises(ValueError, match="other bytes"):
        store.put(jpeg, facts)
    assert not store.contains(key_for("0" * 64, "image/jpeg"))


def test_a_second_put_leaves_the_file_untouched(tmp_path: Path, jpeg: bytes) -> None:
    store, facts = ImageStore.at(str(tmp_path)), inspect_image(jpeg)
    path = tmp_path / store.put(jpeg, facts)
    before = path.stat()
    assert tmp_path / store.put(jpeg, facts) == path
    after = path.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def _content(size: int) -> tuple[bytes, ImageFacts]:
    data = os.urandom(size)
    return data, ImageFacts(hashlib.sha256(data).hexdigest(), "image/png", 1, 1, size)


def test_concurrent_puts_never_show_a_part(tmp_path: Path) -> None:
    """Eight writers race for the same few pictures while a reader watches for anything unlike its name."""
    store = ImageStore.at(str(tmp_path))
    contents = [_content(300_000) for _ in range(6)]
    finished = threading.Event()
    wrong: list[str] = []
    seen = 0

    def watch() -> None:
        nonlocal seen
        while not finished.is_set():
            for path in tmp_path.glob("images/*/*.png"):
                if path.name.startswith("."):
                    continue
                seen += 1
                if hashlib.sha256(path.read_bytes()).hexdigest() != path.stem:
                    wrong.append(path.name)

    watcher = threading.Thread(target=watch)
    watcher.start()
    with ThreadPoolExecutor(8) as threads:
        keys = list(threads.map(lambda content: store.put(*content), contents * 8))
    finished.set()
    watcher.join()
    assert not wrong
    assert seen
    assert len(set(keys)) == 6
    assert not list(tmp_path.rglob("*.part"))
    assert all(store.read(key) == data for (data, _), key in zip(contents, keys, strict=False))


_KILLED_WHILE_FLUSHING = """
import os, signal, sys
from pricing_lake.images.inspect import inspect_image
from pricing_lake.images.store import ImageStore
os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
data = sys.stdin.buffer.read()
ImageStore.at(sys.argv[1]).put(data, inspect_image(data))
"""


def test_a_writer_killed_half_way_shows_nothing_and_blocks_nobody(tmp_path: Path, jpeg: bytes) -> None:
    command = [sys.executable, "-c", _KILLED_WHILE_FLUSHING, str(tmp_path)]
    killed = subprocess.run(command, input=jpeg, check=False, cwd=Path(__file__).parents[2])
    assert killed.returncode == -signal.SIGKILL
    store, facts = ImageStore.at(str(tmp_path)), inspect_image(jpeg)
    assert not store.contains(key_for(facts.sha256, facts.media_type))
    assert store.read(store.put(jpeg, facts)) == jpeg


def test_a_failed_write_leaves_no_rubbish(tmp_path: Path, jpeg: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def disk_full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", disk_full)
    with pytest.raises(OSError, match="No space"):
        ImageStore.at(str(tmp_path)).put(jpeg, inspect_image(jpeg))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("uri", ["relative/folder", "no-such-scheme://x", ""])
def test_an_unusable_uri_is_a_configuration_error(uri: str) -> None:
    with pytest.raises(ConfigurationError, match="file:///folder"):
        ImageStore.at(uri)
