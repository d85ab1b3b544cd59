"""The manifest of an UNLOAD, held against the folder it describes: which files, how long, how many rows in each.

Its form is Redshift's (UNLOAD … MANIFEST VERBOSE); the files' rows are read next door.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pyarrow import fs

from pricing_lake.errors import ConfigurationError, SourceDataError, SourceUnavailableError
from pricing_lake.sources.redshift_unload_place import Place

_AGAIN = "run again to unload anew"


class UnloadLostError(SourceUnavailableError):
    """A file of an unload is gone: the next attempt unloads anew."""


@dataclass(frozen=True)
class UnloadedFile:
    """One Parquet file: its path (`bucket/key`), its size in bytes, its rows."""

    path: str
    size: int
    rows: int


def unloaded_files(files: fs.FileSystem, place: Place, columns: Sequence[str], expected: int) -> list[UnloadedFile]:
    """Return the files that the manifest names, sure that they are there, all of them, and no others.

    Raises UnloadLostError when a file or the manifest is gone, SourceDataError when the manifest is none,
    names other columns, does not add up to `expected` rows, or the folder holds other files than it says.
    """
    listed = _folder(files, place.folder)
    if place.manifest not in listed:
        if not expected and not listed:
            return []
        raise UnloadLostError(f"s3://{place.manifest} is missing: {_AGAIN}")
    manifest = _manifest(files, place.manifest)
    try:
        entries = [_entry(entry) for entry in manifest["entries"]]
        names = [element["name"] for element in manifest["schema"]["elements"]]
        total = int(manifest["meta"]["record_count"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SourceDataError(
            f"s3://{place.manifest} is no verbose manifest of an UNLOAD ({type(error).__name__}): {_AGAIN}"
        ) from error
    if names != list(columns):
        raise SourceDataError(f"s3://{place.manifest} is about other columns ({', '.join(map(str, names))}): {_AGAIN}")
    _check_files(place, entries, listed)
    if not total == sum(entry.rows for entry in entries) == expected:
        raise SourceDataError(
            f"s3://{place.manifest} says {total:,} rows, its files {sum(entry.rows for entry in entries):,}, "
            f"the count {expected:,}: {_AGAIN}"
        )
    return entries


@contextmanager
def readable(path: str) -> Iterator[None]:
    """Turn what the file system raises inside the block into the lake's errors."""
    try:
        yield
    except FileNotFoundError as error:
        raise UnloadLostError(f"s3://{path} is missing: {_AGAIN}") from error
    except OSError as error:
        if "ACCESS_DENIED" in str(error) or "AccessDenied" in str(error):
            raise ConfigurationError(
                f"s3://{path} may not be used: allow s3:ListBucket, GetObject and PutObject on REDSHIFT_UNLOAD_URI"
            ) from error
        raise SourceUnavailableError(f"s3://{path} cannot be used: check access, or try again later") from error


def _folder(files: fs.FileSystem, folder: str) -> dict[str, int]:
    """Return the size of each file below a folder; of none when there is no such folder."""
    with readable(folder):
        found = files.get_file_info(fs.FileSelector(folder, recursive=True, allow_not_found=True))
    return {info.path: info.size for info in found if info.type is fs.FileType.File}


def _manifest(files: fs.FileSystem, path: str) -> Mapping[str, Any]:
    with readable(path), files.open_input_stream(path, compression=None) as stream:
        text = stream.read()
    try:
        found = json.loads(text)
    except ValueError as error:
        raise SourceDataError(f"s3://{path} is not JSON: {_AGAIN}") from error
    if not isinstance(found, dict):
        raise SourceDataError(f"s3://{path} is no manifest of an UNLOAD: {_AGAIN}")
    return found


def _entry(entry: Mapping[str, Any]) -> UnloadedFile:
    meta = entry["meta"]
    return UnloadedFile(entry["url"].removeprefix("s3://"), int(meta["content_length"]), int(meta["record_count"]))


def _check_files(place: Place, entries: Sequence[UnloadedFile], listed: Mapping[str, int]) -> None:
    named = [entry.path for entry in entries]
    if len(set(named)) != len(named):
        raise SourceDataError(f"s3://{place.manifest} names a file twice: {_AGAIN}")
    if any(not path.startswith(f"{place.folder}/") for path in named):
        raise SourceDataError(f"s3://{place.manifest} names a file outside its folder: {_AGAIN}")
    extra = sorted(listed.keys() - {*named, place.manifest})
    if extra:
        raise SourceDataError(f"s3://{extra[0]} is not in the manifest beside it: {_AGAIN}")
    for entry in entries:
        if entry.path not in listed:
            raise UnloadLostError(f"s3://{entry.path} is missing: {_AGAIN}")
        if listed[entry.path] != entry.size:
            raise SourceDataError(
                f"s3://{entry.path} has {listed[entry.path]:,} bytes, its manifest says {entry.size:,}: {_AGAIN}"
            )
