"""What a folder of DynamoDB exports to S3 holds, told by its manifests.

The manifests' form is AWS's (DynamoDB table export output format); the items themselves are not read here.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pyarrow import fs

from pricing_lake.errors import ConfigurationError, SourceDataError, SourceUnavailableError

SUMMARY = "manifest-summary.json"
_ROOT = "AWSDynamoDB/"
"""The folder that DynamoDB makes below an export's prefix; keys in manifests contain it."""
_CHECKSUMS = (".md5", ".checksum")
"""Endings of the files that hold a manifest's MD5 in base64: as seen, and as documented."""


@dataclass(frozen=True)
class ExportedFile:
    """One gzipped file of items: where it lies, the MD5 of its bytes in base64, how many lines it has."""

    path: str
    md5: str
    items: int


@dataclass(frozen=True)
class Export:
    """One finished export: everything at `until` (`since` is None), or what changed in [since, until).

    `manifest` is the path of the list of its files, `items` how many lines they have together.
    """

    table: str
    since: datetime | None
    until: datetime
    manifest: str
    items: int


def find_exports(files: fs.FileSystem, root: str) -> tuple[Export, ...]:
    """Return every finished export below `root`, checksums and counts of its manifests verified.

    An export that is still being written has no summary and is not there yet. Raises SourceUnavailableError when the
    folder cannot be listed, ConfigurationError when it holds no export, exports of two tables or another format,
    SourceDataError when a manifest contradicts itself.
    """
    try:
        listed = files.get_file_info(fs.FileSelector(root, recursive=True))
    except FileNotFoundError as error:
        raise ConfigurationError(f"there is no folder {root}; check CAROUSEL_EXPORT_URI") from error
    except OSError as error:
        raise SourceUnavailableError(
            f"exports below {root} cannot be listed; check access, or try again later"
        ) from error
    found = tuple(_export(files, info.path) for info in listed if info.base_name == SUMMARY)
    tables = sorted({export.table for export in found})
    if len(tables) != 1:
        raise ConfigurationError(
            f"exports of {len(tables)} tables lie below {root} ({', '.join(tables) or 'none finished yet'}); "
            "point CAROUSEL_EXPORT_URI at those of one"
        )
    return found


def exported_files(files: fs.FileSystem, export: Export) -> tuple[ExportedFile, ...]:
    """Return the files of an export. Raises SourceDataError when its manifest is damaged or promises other counts."""
    folder = export.manifest.partition(_ROOT)[0]
    try:
        lines = _verified(files, export.manifest).decode().splitlines()
        entries = tuple(_file(folder, _as_json(export.manifest, line)) for line in lines if line.strip())
    except (KeyError, TypeError, ValueError) as error:
        raise SourceDataError(f"{export.manifest} is no manifest of an export ({error!r}); export again") from error
    if export.items != sum(file.items for file in entries):
        raise SourceDataError(f"{export.manifest} does not add up to {export.items:,} items; export again")
    return entries


def _export(files: fs.FileSystem, path: str) -> Export:
    summary = _as_json(path, _verified(files, path))
    folder = path.partition(_ROOT)[0]
    try:
        if summary["outputFormat"] != "DYNAMODB_JSON":
            raise ConfigurationError(f"{path} is in {summary['outputFormat']}; export as DYNAMODB_JSON")
        incremental = summary.get("exportType") == "INCREMENTAL_EXPORT"
        return Export(
            table=str(summary["tableArn"]),
            since=_moment(summary["exportFromTime"]) if incremental else None,
            until=_moment(summary["exportToTime" if incremental else "exportTime"]),
            manifest=_beside(folder, summary["manifestFilesS3Key"]),
            items=int(summary["itemCount"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise SourceDataError(f"{path} is no manifest of an export ({error!r}); export again") from error


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.utcoffset() is None:
        raise ValueError("a time without a zone")
    return moment


def _file(folder: str, entry: Mapping[str, Any]) -> ExportedFile:
    return ExportedFile(_beside(folder, entry["dataFileS3Key"]), str(entry["md5Checksum"]), int(entry["itemCount"]))


def _beside(folder: str, key: str) -> str:
    """Return the path of a key of the export's bucket, also where the export was copied elsewhere."""
    inside = key.partition(_ROOT)[2]
    if not inside:
        raise ValueError("a key outside the folder of exports")
    return f"{folder}{_ROOT}{inside}"


def _as_json(path: str, text: str | bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise SourceDataError(f"{path} is not JSON; export again") from error
    if not isinstance(found, dict):
        raise SourceDataError(f"{path} is no manifest of an export; export again")
    return found


def _verified(files: fs.FileSystem, path: str) -> bytes:
    """Return a manifest's bytes, held against the checksum that lies beside it."""
    body = _content(files, path)
    if body is None:
        raise SourceDataError(f"{path} is missing; copy the whole export")
    checksums = (_content(files, path.removesuffix(".json") + ending) for ending in _CHECKSUMS)
    checksum = next((found for found in checksums if found is not None), None)
    if checksum is None:
        raise SourceDataError(f"{path} has no checksum beside it; copy the whole export")
    if checksum.decode(errors="replace").strip() != md5_of(body):
        raise SourceDataError(f"{path} differs from its checksum; copy or export it again")
    return body


def _content(files: fs.FileSystem, path: str) -> bytes | None:
    try:
        with files.open_input_stream(path, compression=None) as stream:
            return bytes(stream.read())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SourceUnavailableError(f"{path} cannot be read; check access, or try again later") from error


def md5_of(body: bytes) -> str:
    """Return the MD5 in base64, which is how exports state it: against damage, not against forgery."""
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
