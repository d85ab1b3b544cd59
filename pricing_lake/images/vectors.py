"""Keeps every vector that was ever computed, one file per image content and model.

When to compute one is decided in `embed_once`; tables of vectors live in the lake.
"""

import fcntl
import os
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import numpy as np
from pyarrow import fs

from pricing_lake.errors import ConfigurationError, ImageError
from pricing_lake.images.embedder import Vector, require_valid

_SHA256 = re.compile(r"[0-9a-f]{64}")
_MODEL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]*")
_STORED = np.dtype("<f4")
_READERS = 8  # reads in flight: an object store answers each one late, a local disk does not mind


class VectorStore:
    """Vectors of one model below `root` of a filesystem: `vectors/<model_id>/ab/<sha256>.f32`.

    A file is the little-endian float32 numbers and nothing else. Safe to share between threads and
    processes; a file shows either nothing or the whole vector. On a local disk the first writer wins, for
    good. An object store offers no such promise through pyarrow: there the last of two writers that race
    wins, and both get what was stored when they looked.

    Raises ConfigurationError when the model id cannot name a folder.
    """

    def __init__(self, filesystem: fs.FileSystem, root: str, model_id: str, dimensions: int) -> None:
        if not _MODEL_ID.fullmatch(model_id):
            raise ConfigurationError(f"give the embedder a model id of letters, digits and ._:- , not {model_id!r}")
        while isinstance(filesystem, fs.SubTreeFileSystem):
            root = str(PurePosixPath(filesystem.base_path) / root)
            filesystem = filesystem.base_fs
        self.model_id = model_id
        self.dimensions = dimensions
        self._filesystem = filesystem
        self._folder = PurePosixPath(root) / "vectors" / model_id

    def read_many(self, sha256s: Iterable[str]) -> dict[str, Vector]:
        """The vectors that are here, by digest; one that is damaged counts as absent.

        Raises ValueError for what is no SHA-256 in lower-case hexadecimal.
        """
        wanted = list(dict.fromkeys(sha256s))
        paths = [self._path(sha256) for sha256 in wanted]
        with ThreadPoolExecutor(_READERS, thread_name_prefix="read-vectors") as readers:
            found = list(readers.map(self._read, paths))
        return {sha256: vector for sha256, vector in zip(wanted, found, strict=True) if vector is not None}

    def write(self, sha256: str, vector: Vector) -> Vector:
        """Keep a vector unless there is a sound one already; return the one that is kept.

        Go on with the returned vector, so that all processes use the same numbers for the same image.

        Raises ImageError with reason embedding_invalid for a wrong length, a number that is not finite, or
        all zeros; ValueError for what is no SHA-256.
        """
        path = self._path(sha256)
        content = require_valid(vector, self.dimensions).astype(_STORED).tobytes()
        if isinstance(self._filesystem, fs.LocalFileSystem):
            return self._write_local(Path(path), content)
        return self._write_object(path, content)

    def _write_local(self, path: Path, content: bytes) -> Vector:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _only_writer_in(path.parent):
            stored = self._read(str(path))
            if stored is not None:
                return stored
            _replace(path, content)
        return self._parsed(content)

    def _write_object(self, path: str, content: bytes) -> Vector:
        stored = self._read(path)
        if stored is None:
            with self._filesystem.open_output_stream(path) as stream:
                stream.write(content)
            stored = self._read(path)
        return self._parsed(content) if stored is None else stored

    def _read(self, path: str) -> Vector | None:
        try:
            with self._filesystem.open_input_file(path) as stream:
                content: bytes = stream.read()
        except FileNotFoundError:
            return None
        try:
            return self._parsed(content)
        except ImageError:
            return None

    def _parsed(self, content: bytes) -> Vector:
        whole = content if len(content) % _STORED.itemsize == 0 else b""
        return require_valid(np.frombuffer(whole, dtype=_STORED), self.dimensions)

    def _path(self, sha256: str) -> str:
        if not _SHA256.fullmatch(sha256):
            raise ValueError(f"{sha256!r} is no SHA-256 in lower-case hexadecimal; pass the digest of the image")
        return str(self._folder / sha256[:2] / f"{sha256}.f32")


@contextmanager
def _only_writer_in(folder: Path) -> Iterator[None]:
    """Wait for every other thread and process that writes here; the system lets go when one dies."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _replace(path: Path, content: bytes) -> None:
    """Show the whole content at once. A power cut may leave zeros, which reading counts as absent."""
    part = path.with_suffix(".part")
    part.write_bytes(content)
    part.replace(path)
