"""A customer's rows in error lanes, wherever the files lie: counting them, and writing the files without them."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import uuid4

from pyarrow import fs

from pricing_lake.lake.erase_find import Customer
from pricing_lake.lake.quarantine import lines_of

ROOT = "_errors"
_PLACE = re.compile(rf"{ROOT}/(?P<table>[a-z]+/[a-z0-9_]+)/(?:dt=(?P<partition>[^/]+)/)?")
_DRAFT, _PENDING = f"{ROOT}/erasing.", f"{ROOT}/pending_erasure.json"


@dataclass(frozen=True)
class LaneFile:
    """A file of a lane that mentions the customer; `partition` is None for a proposal or a lane that was replaced."""

    path: str
    table_id: str
    partition: str | None
    kept: tuple[str, ...]
    rows: int


def lane_files(files: fs.FileSystem, customer: Customer) -> Iterator[LaneFile]:
    """Every file of a lane with rows of the customer, whether a verdict still points to it or not."""
    found = files.get_file_info(fs.FileSelector(ROOT, recursive=True, allow_not_found=True))
    for info in sorted((info for info in found if info.is_file), key=lambda info: info.path):
        place = _PLACE.match(info.path)
        if place is None or not info.path.endswith(".json"):
            continue
        lines = lines_of(files, info.path)
        kept = tuple(line for line in lines if not _is_row_of(line, customer))
        if len(kept) < len(lines):
            yield LaneFile(info.path, place["table"], place["partition"], kept, len(lines) - len(kept))


def rewrite(files: fs.FileSystem, file: LaneFile) -> None:
    """Write the file without them, whole or not at all; one without any other row goes."""
    if not file.kept:
        files.delete_file(file.path)
        return
    draft = f"{_DRAFT}{uuid4()}"
    with files.open_output_stream(draft) as stream:
        stream.write("\n".join(file.kept).encode())
    files.move(draft, file.path)


def remember(files: fs.FileSystem, changing: Iterable[LaneFile]) -> set[tuple[str, str]]:
    """Note which partitions' lanes are about to change, before they do; returns those of runs that died, too."""
    pending = {(file.table_id, file.partition) for file in changing if file.partition}
    if files.get_file_info(_PENDING).is_file:
        pending |= {(table_id, partition) for table_id, partition in json.loads("".join(lines_of(files, _PENDING)))}
    if pending:
        draft = f"{_DRAFT}{uuid4()}"
        with files.open_output_stream(draft) as stream:
            stream.write(json.dumps(sorted(pending)).encode())
        files.move(draft, _PENDING)
    return pending


def forget(files: fs.FileSystem) -> None:
    """Every verdict says what its lane holds."""
    if files.get_file_info(_PENDING).is_file:
        files.delete_file(_PENDING)


def _is_row_of(line: str, customer: Customer) -> bool:
    """Only rows: a lane's other files list names."""
    body = json.loads(line)
    return isinstance(body, dict) and "raw_row" in body and customer.is_in(json.dumps(body["raw_row"]))
