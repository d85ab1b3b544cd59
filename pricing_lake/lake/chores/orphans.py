"""Files in a table's folder that no snapshot leads to: of expired snapshots, and of runs that died before a commit."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from pyarrow import fs
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.table import Table as IcebergTable

from pricing_lake.errors import ConfigurationError

YOUNGEST = timedelta(days=3)
"""Younger files are never touched: a publish under way has staged files that no snapshot knows yet."""
_FOLDERS = ("data", "metadata")


def orphans(table: IcebergTable, now: datetime, without: Collection[int] = ()) -> list[fs.FileInfo]:
    """Old files that nothing leads to, as if the snapshots `without` were expired. Call it with a fresh table.

    The folder is listed before the table is loaded anew, so that a file which is committed meanwhile is seen as such.
    """
    listed = [info for info in _listed(table) if info.mtime < now - YOUNGEST]
    if not listed:
        return []
    reachable = reachable_paths(table.refresh(), without)
    return [info for info in listed if info.path not in reachable]


def remove(table: IcebergTable, files: Iterable[fs.FileInfo]) -> int:
    """Delete those of `files` that are still led to by nothing; returns how many."""
    kept = reachable_paths(table.refresh())
    doomed = [info for info in files if info.path not in kept]
    system = _system(table)
    for info in doomed:
        system.delete_file(info.path)
    return len(doomed)


def reachable_paths(table: IcebergTable, without: Collection[int] = ()) -> set[str]:
    """Every file that the table's metadata leads to, as the file system names it."""
    metadata = table.metadata
    locations = {table.metadata_location, *(entry.metadata_file for entry in metadata.metadata_log)}
    locations |= {statistics.statistics_path for statistics in metadata.statistics}
    seen: set[str] = set()
    for snapshot in metadata.snapshots:
        if snapshot.snapshot_id in without:
            continue
        locations.add(snapshot.manifest_list)
        for manifest in snapshot.manifests(table.io):
            if manifest.manifest_path not in seen:
                seen.add(manifest.manifest_path)
                # A file that a manifest lists as deleted is led to by the older snapshots that still have it, if any.
                locations.update(entry.data_file.file_path for entry in manifest.fetch_manifest_entry(table.io))
    return {_path(location) for location in locations | seen}


def _listed(table: IcebergTable) -> list[fs.FileInfo]:
    system, root = _system(table), _path(table.location())
    found: list[fs.FileInfo] = []
    for folder in _FOLDERS:
        found += system.get_file_info(fs.FileSelector(f"{root}/{folder}", recursive=True, allow_not_found=True))
    return [info for info in found if info.is_file]


def _system(table: IcebergTable) -> fs.FileSystem:
    if not isinstance(table.io, PyArrowFileIO):
        raise ConfigurationError(f"{table.name()[-1]}: its files are read by {type(table.io).__name__}, not by pyarrow")
    scheme, host, _ = PyArrowFileIO.parse_location(table.location())
    return table.io.fs_by_scheme(scheme, host)


def _path(location: str) -> str:
    return PyArrowFileIO.parse_location(location)[2]
