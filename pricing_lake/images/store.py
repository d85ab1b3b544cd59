"""Keeps pictures once per content, on a local disk or in an object store, named by their digest.

It trusts the facts of `inspect` about the format and keeps no index.
"""

import hashlib
import os
import re
from pathlib import Path, PurePosixPath
from typing import Self
from uuid import uuid4

import pyarrow
from pyarrow import fs

from pricing_lake.errors import ConfigurationError, ImageError
from pricing_lake.images.inspect import ImageFacts
from pricing_lake.images.reasons import ImageReason

_EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}
_KEY = re.compile(r"images/([0-9a-f]{2})/\1[0-9a-f]{62}\.(?:jpg|png|webp)")


def key_for(sha256: str, media_type: str) -> str:
    """The key of a content, relative to the store: `images/ab/ab….jpg`, fanned out by two digits.

    Raises ValueError when the digest or the media type is not one `ImageFacts` can hold.
    """
    key = f"images/{sha256[:2]}/{sha256}.{_EXTENSIONS.get(media_type, '')}"
    if not _KEY.fullmatch(key):
        raise ValueError(f"no key for media type {media_type!r} and digest {sha256!r}; pass ImageFacts fields")
    return key


class ImageStore:
    """Pictures below `root` of a filesystem, e.g. `pyarrow.fs.S3FileSystem` and `bucket/prefix`.

    Safe to share between threads and processes: equal content has an equal key, and a key shows either
    nothing or the whole picture.
    """

    def __init__(self, filesystem: fs.FileSystem, root: str) -> None:
        while isinstance(filesystem, fs.SubTreeFileSystem):
            root = str(PurePosixPath(filesystem.base_path) / root)
            filesystem = filesystem.base_fs
        self._filesystem = filesystem
        self._root = PurePosixPath(root)

    @classmethod
    def at(cls, uri: str) -> Self:
        """The store at `file:///folder`, `/folder` or `s3://bucket/prefix`; nothing is created yet.

        Raises ConfigurationError when the URI is of no kind that pyarrow knows.
        """
        try:
            filesystem, root = fs.FileSystem.from_uri(uri)
        except (pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError) as error:
            raise ConfigurationError(
                "the image store is no usable URI; give s3://bucket/prefix or file:///folder"
            ) from error
        return cls(filesystem, root)

    def contains(self, key: str) -> bool:
        """Whether the picture is here; raises ImageError image_outside_root for what `key_for` cannot make."""
        return bool(self._filesystem.get_file_info(self._path(key)).type == fs.FileType.File)

    def put(self, data: bytes, facts: ImageFacts) -> str:
        """Keep a picture and return its key; one that is here already stays untouched.

        Raises ValueError when `facts` are those of other bytes: a wrong name would stay wrong forever.
        """
        key = key_for(facts.sha256, facts.media_type)
        if self.contains(key):
            return key
        if hashlib.sha256(data).hexdigest() != facts.sha256:
            raise ValueError("these facts belong to other bytes; inspect the image that is put")
        if isinstance(self._filesystem, fs.LocalFileSystem):
            _write_whole(Path(self._path(key)), data)
        else:
            # An object store shows an object only once its upload is complete.
            with self._filesystem.open_output_stream(self._path(key)) as stream:
                stream.write(data)
        return key

    def read(self, key: str) -> bytes:
        """The bytes of a picture; raises ImageError image_not_found or image_outside_root."""
        try:
            with self._filesystem.open_input_file(self._path(key)) as stream:
                data: bytes = stream.read()
        except FileNotFoundError:
            raise ImageError(
                ImageReason.NOT_FOUND, f"the store has no {key}; fetch the image of that day again"
            ) from None
        return data

    def _path(self, key: str) -> str:
        if not _KEY.fullmatch(key):
            raise ImageError(ImageReason.OUTSIDE_ROOT, "not a key of the image store; use the one put returned")
        return str(self._root / key)


def _write_whole(path: Path, data: bytes) -> None:
    """Write beside the target, flush to disk, then rename: readers and power cuts never see a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{uuid4().hex}.part")
    try:
        with part.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
