"""Which data files of a table belong to which partition windows, from one plan. Reads metadata only."""

import hashlib
import re
from collections.abc import Iterable, Sequence

from pyiceberg.conversions import from_bytes
from pyiceberg.manifest import DataFile
from pyiceberg.table import FileScanTask
from pyiceberg.table import Table as IcebergTable
from pyiceberg.types import PrimitiveType

from pricing_lake.contracts.model import Table
from pricing_lake.lake.predicates import covering_predicate
from pricing_lake.lake.window import PartitionWindow

_NAME = re.compile(r"/(?P<window>[^/.]+)\.(?P<hash>[0-9a-f]{32})\.(?P<index>\d+)-of-(?P<count>\d+)\.[^/]+\.parquet$")


def file_name(window: PartitionWindow, content_hash: str, index: int, count: int, batch_id: str) -> str:
    """Name of a staged file, saying which content of which window it is part of.

    So the table itself tells whether a partition would change: there is no second store to fall out of step, and
    nothing is forgotten when snapshots expire.
    """
    return f"{window.key}.{content_hash}.{index}-of-{count}.{batch_id[:8]}.parquet"


def window_tasks(
    table: IcebergTable, contract: Table, windows: Sequence[PartitionWindow]
) -> dict[str, list[FileScanTask]]:
    """Scan tasks by partition key. A file that spans windows appears under each of them."""
    found: dict[str, list[FileScanTask]] = {window.key: [] for window in windows}
    if not windows or table.current_snapshot() is None:
        return found
    for task in table.scan(row_filter=covering_predicate(contract, windows)).plan_files():
        for window in windows_of(table, contract, task.file, windows):
            found[window.key].append(task)
    return found


def windows_of(
    table: IcebergTable, contract: Table, file: DataFile, windows: Sequence[PartitionWindow]
) -> list[PartitionWindow]:
    """Windows whose rows `file` may hold: by its name if we wrote it, else by its column bounds."""
    name = _NAME.search(file.file_path)
    if name:
        return [window for window in windows if window.key == name["window"]]
    low, high = _bounds(table, contract, file)
    return [w for w in windows if low is None or high is None or _overlaps(w, contract, low, high)]


def is_within(table: IcebergTable, contract: Table, file: DataFile, windows: Iterable[PartitionWindow]) -> bool:
    """Whether every row of `file` lies in `windows`: only then may it be dropped without rewriting survivors."""
    keys = {window.key for window in windows}
    name = _NAME.search(file.file_path)
    if name:
        return name["window"] in keys
    low, high = _bounds(table, contract, file)
    if low is None or high is None:
        return False
    return any(_encloses(window, contract, low, high) for window in windows)


def published_hash(tasks: Sequence[FileScanTask]) -> str | None:
    """Content hash of a partition's files, or None when they are not complete publishes of ours.

    Of a partition that grew by increments, it is the hash of the sorted hashes of the increments.
    """
    names = [_NAME.search(task.file.file_path) for task in tasks]
    if not names or not all(names) or any(task.delete_files for task in tasks):
        return None
    groups: dict[str, list[int]] = {}
    for name in filter(None, names):
        groups.setdefault(name["hash"], []).append(int(name["count"]))
    if any(set(counts) != {len(counts)} for counts in groups.values()):
        return None
    if len(groups) == 1:
        return next(iter(groups))
    return hashlib.blake2b("".join(sorted(groups)).encode(), digest_size=16).hexdigest()


def _bounds(table: IcebergTable, contract: Table, file: DataFile) -> tuple[object, object]:
    field = table.schema().find_field(contract.window)
    assert isinstance(field.field_type, PrimitiveType)  # noqa: S101  # a window column is a date or an instant
    low, high = ((bounds or {}).get(field.field_id) for bounds in (file.lower_bounds, file.upper_bounds))
    if low is None or high is None:
        return None, None
    return from_bytes(field.field_type, low), from_bytes(field.field_type, high)


def _limits(window: PartitionWindow, contract: Table) -> tuple[int, int]:
    low, high = (
        bound.cast("int32" if str(bound.type) == "date32[day]" else "int64").as_py()
        for bound in window.bounds(contract)
    )
    return low, high


def _overlaps(window: PartitionWindow, contract: Table, low: object, high: object) -> bool:
    first, last = _limits(window, contract)
    return bool(low < last and high >= first)  # type: ignore[operator]  # Iceberg bounds of date and instant are ints


def _encloses(window: PartitionWindow, contract: Table, low: object, high: object) -> bool:
    first, last = _limits(window, contract)
    return bool(low >= first and high < last)  # type: ignore[operator]  # as above
