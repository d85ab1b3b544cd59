"""Verdicts that newer ones have replaced, and lanes that no verdict leads to. The latest word on a partition stays."""

import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from pyarrow import fs

from pricing_lake.contracts.model import Table
from pricing_lake.lake.verdicts import VerdictStore

KEPT = timedelta(days=90)
"""How long replaced proofs are kept: a rollback may want them again."""
_PARTITION = re.compile(r"dt=(?P<key>.+)")


@dataclass(frozen=True)
class OldProofs:
    """Keys of verdicts and of lane files to be deleted."""

    verdicts: tuple[str, ...]
    lanes: tuple[str, ...]


def old_proofs(files: fs.FileSystem, contract: Table, now: datetime) -> OldProofs:
    """What is old and no longer the latest word: verdicts by their own time, lanes by their files'."""
    store = VerdictStore(files)
    before = now - KEPT
    doomed = store.replaced(contract.id, before)
    gone = {key for keys in doomed.values() for key in keys}
    lanes = tuple(_old_lanes(files, store, contract, before, gone)) + tuple(_old_increments(files, contract, now))
    return OldProofs(tuple(sorted(gone)), lanes)


def remove_proofs(files: fs.FileSystem, found: OldProofs) -> None:
    """Delete them, verdicts first: a lane without a verdict is never read, a verdict without its lane would be."""
    for key in (*found.verdicts, *found.lanes):
        with suppress(FileNotFoundError):
            files.delete_file(key)


def _old_lanes(
    files: fs.FileSystem, store: VerdictStore, contract: Table, before: datetime, gone: Collection[str]
) -> Iterator[str]:
    """Files of lanes that no verdict which stays leads to. Verdicts are read only where there are old files."""
    for key, folder in _partitions(files, contract):
        old = [info for info in _files(files, folder, recursive=True) if info.mtime < before]
        lanes = [info for info in old if "/run_id=" in info.path]
        if lanes:
            batches = {verdict.batch_id for verdict in store.of_partition(contract.id, key, but=gone)}
            yield from (info.path for info in lanes if _batch(info.path) not in batches)


def _old_increments(files: fs.FileSystem, contract: Table, now: datetime) -> Iterator[str]:
    """Lanes of a feed's days that are older than its rows, and lanes that a replay took the place of."""
    root = f"_errors/{contract.id}"
    yield from (info.path for info in _files(files, f"{root}/replaced") if info.mtime < now - KEPT)
    if contract.retention.days is None:
        return
    last = (now - timedelta(days=contract.retention.days)).astimezone(UTC).date()
    for key, folder in _partitions(files, contract):
        if _day(key) is not None and _day(key) < last:  # type: ignore[operator]  # asked just before
            yield from (info.path for info in _files(files, f"{folder}/increments"))


def _partitions(files: fs.FileSystem, contract: Table) -> Iterator[tuple[str, str]]:
    """Keys of the partitions that have lanes, and their folders."""
    selector = fs.FileSelector(f"_errors/{contract.id}", allow_not_found=True)
    for info in files.get_file_info(selector):
        name = _PARTITION.fullmatch(info.base_name)
        if name:
            yield name["key"], info.path


def _files(files: fs.FileSystem, folder: str, *, recursive: bool = False) -> Iterable[fs.FileInfo]:
    selector = fs.FileSelector(folder, allow_not_found=True, recursive=recursive)
    return [info for info in files.get_file_info(selector) if info.is_file]


def _batch(path: str) -> str:
    return path.partition("/run_id=")[2].partition("/")[0]


def _day(key: str) -> date | None:
    try:
        return date.fromisoformat(key)
    except ValueError:
        return None
