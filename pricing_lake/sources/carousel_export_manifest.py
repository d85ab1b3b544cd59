"""What a folder of DynamoDB exports to S3 holds, told by its manifests, and which of them a window needs.

The manifests' form is AWS's (DynamoDB table export output format); the items themselves are not read here.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
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
    """One finished export: everything at `until` (`since` is None), or what changed in [since, until)."""

    name: str
    table: str
    since: datetime | None
    until: datetime
    files: tuple[ExportedFile, ...]

    @property
    def is_full(self) -> bool:
        """Whether it holds every item rather than changes."""
        return self.since is None


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


def needed_exports(exports: Iterable[Export], since: datetime, until: datetime) -> tuple[Export, ...]:
    """Return the exports that together know every write in [since, until), oldest first.

    From the newest change back: changes that reach to `since` without a gap are enough; else the newest full export
    comes first, and the changes after it. Raises SourceUnavailableError when nothing reaches to `until` yet and
    SourceDataError when writes in between are in no export.
    """
    known = sorted(exports, key=lambda export: export.until)
    if known[-1].until < until:
        raise SourceUnavailableError(
            f"exports reach to {known[-1].until.isoformat()}, not to {until.isoformat()}; export what changed since, "
            "or try again later"
        )
    full = next((export for export in reversed(known) if export.is_full), None)
    chosen: list[Export] = []
    reached = known[-1].until
    for export in reversed(known):
        if reached <= since or (full and reached <= full.until):
            break
        if export.since is None or export.until < reached:
            break
        chosen.append(export)
        reached = min(reached, export.since)
    if reached > since:
        chosen.append(_base(full, reached, known))
    return tuple(reversed(chosen))


def _base(full: Export | None, reached: datetime, known: list[Export]) -> Export:
    if full and full.until >= reached:
        return full
    before = [export.until for export in known if export.until < reached]
    if before:
        raise SourceDataError(
            f"writes from {max(before).isoformat()} to {reached.isoformat()} are in no export; export that time too"
        )
    raise SourceDataError(
        f"exports begin with changes from {reached.isoformat()}; an earlier window needs a full export too"
    )


def _export(files: fs.FileSystem, path: str) -> Export:
    summary = _as_json(path, _verified(files, path))
    folder = path.partition(_ROOT)[0]
    try:
        if summary["outputFormat"] != "DYNAMODB_JSON":
            raise ConfigurationError(f"{path} is in {summary['outputFormat']}; export as DYNAMODB_JSON")
        manifest = _beside(folder, summary["manifestFilesS3Key"])
        lines = _verified(files, manifest).decode().splitlines()
        entries = tuple(_file(folder, _as_json(manifest, line)) for line in lines if line.strip())
        incremental = summary.get("exportType") == "INCREMENTAL_EXPORT"
        export = Export(
            name=path.split("/")[-2],
            table=str(summary["tableArn"]),
            since=datetime.fromisoformat(summary["exportFromTime"]) if incremental else None,
            until=datetime.fromisoformat(summary["exportToTime"] if incremental else summary["exportTime"]),
            files=entries,
        )
        promised = int(summary["itemCount"])
    except (KeyError, TypeError, ValueError) as error:
        raise SourceDataError(f"{path} is no manifest of an export ({error!r}); export again") from error
    if promised != sum(file.items for file in entries):
        raise SourceDataError(f"{path} promises {promised:,} items, its files another number; export again")
    return export


def _file(folder: str, entry: Mapping[str, Any]) -> ExportedFile:
    return ExportedFile(_beside(folder, entry["dataFileS3Key"]), str(entry["md5Checksum"]), int(entry["itemCount"]))


def _beside(folder: str, key: str) -> str:
    """Return the path of a key of the export's bucket, also where the export was copied elsewhere."""
    return f"{folder}{_ROOT}{key.partition(_ROOT)[2]}"


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
    body = _read(files, path)
    checksums = [path.removesuffix(".json") + ending for ending in _CHECKSUMS]
    present = [info.path for info in files.get_file_info(checksums) if info.type == fs.FileType.File]
    if not present:
        raise SourceDataError(f"{path} has no checksum beside it; copy the whole export")
    if _read(files, present[0]).decode(errors="replace").strip() != md5_of(body):
        raise SourceDataError(f"{path} differs from its checksum; copy or export it again")
    return body


def _read(files: fs.FileSystem, path: str) -> bytes:
    try:
        with files.open_input_stream(path, compression=None) as stream:
            return bytes(stream.read())
    except FileNotFoundError as error:
        raise SourceDataError(f"{path} is missing; copy the whole export") from error
    except OSError as error:
        raise SourceUnavailableError(f"{path} cannot be read; check access, or try again later") from error


def md5_of(body: bytes) -> str:
    """Return the MD5 in base64, which is how exports state it: against damage, not against forgery."""
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
