"""The error lanes: rows a publish set aside, as JSON with their reasons. Judges nothing; `split` did."""

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

import pyarrow as pa
from pyarrow import fs

from pricing_lake.contracts.model import Table
from pricing_lake.contracts.split import REASONS

_ROWS_PER_FILE = 10_000


class Masking(Protocol):
    """Takes personal data out of rows before they are written into a lane."""

    def masked(self, contract: Table, row: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
        """The row as a lane may hold it, and the names of the columns that are no longer as received."""


@dataclass(frozen=True)
class LaneRow:
    """One row as it lies in a lane."""

    tenant_id: str | None
    row_key: str
    reasons: tuple[str, ...]
    raw_row: str


@dataclass(frozen=True)
class ErrorLanes:
    """Lanes at `_errors/<layer>/<table>/dt=<partition>/run_id=<batch>/*.json`, one JSON object per line.

    A lane is written whole before its verdict, under the batch that the verdict names: a crash in between leaves a
    lane that no verdict points to, which readers never see. Increments have lanes of their own, see `increment_lanes`,
    which settling the day gathers into one.
    """

    files: fs.FileSystem

    def write(self, table_id: str, partition: str, batch_id: str, lines: Sequence[str]) -> None:
        """Write the lines of one publish, as `lane_lines` made them."""
        write_lines(self.files, _folder(table_id, partition, batch_id), lines)

    def read(self, table_id: str, partition: str, batch_id: str) -> Iterator[LaneRow]:
        """Rows of one publish in the order they were received."""
        for line in self.lines(table_id, partition, batch_id):
            body = json.loads(line)
            yield LaneRow(body["tenant_id"], body["row_key"], tuple(body["reasons"]), json.dumps(body["raw_row"]))

    def lines(self, table_id: str, partition: str, batch_id: str) -> Iterator[str]:
        """The same rows as the lines that were written."""
        selector = fs.FileSelector(_folder(table_id, partition, batch_id), allow_not_found=True)
        for info in sorted(self.files.get_file_info(selector), key=lambda info: info.path):
            yield from lines_of(self.files, info.path)


def write_lines(files: fs.FileSystem, folder: str, lines: Sequence[str], prefix: str = "") -> None:
    """Write the lines of a lane into a folder, in files that are small enough to be read whole."""
    for number, start in enumerate(range(0, len(lines), _ROWS_PER_FILE)):
        if number == 0:
            files.create_dir(folder, recursive=True)
        with files.open_output_stream(f"{folder}/{prefix}{number:05d}.json") as stream:
            stream.write("\n".join(lines[start : start + _ROWS_PER_FILE]).encode())


def lines_of(files: fs.FileSystem, path: str) -> list[str]:
    """The lines of one file of a lane."""
    with files.open_input_stream(path) as stream:
        text: str = stream.read().decode()
    return text.split("\n")


def lane_lines(contract: Table, rows: pa.Table, masking: Masking | None = None) -> list[str]:
    """Quarantined rows (`rows` carries `_reasons`) as one JSON object each.

    With `masking` a line names under `masked` the columns that are not as received: such a row cannot be replayed, it
    comes from its source again.
    """
    return [json.dumps(_lane_row(contract, row, masking)) for batch in rows.to_batches() for row in batch.to_pylist()]


def lane_hash(lines: Sequence[str]) -> str:
    """Hash of a lane's rows, whatever order they came in; empty for an empty lane."""
    digest = hashlib.blake2b(digest_size=16)
    for line in sorted(lines):
        digest.update(line.encode())
    return digest.hexdigest() if lines else ""


def reasons_of(line: str) -> list[str]:
    """The reasons of one line of a lane."""
    reasons: list[str] = json.loads(line)["reasons"]
    return reasons


def count_reasons(lines: Iterable[str]) -> Counter[str]:
    """How many lines of a lane name each reason."""
    return Counter(reason for line in lines for reason in reasons_of(line))


def _folder(table_id: str, partition: str, batch_id: str) -> str:
    return f"_errors/{table_id}/dt={partition}/run_id={batch_id}"


def is_masked(line: str) -> bool:
    """Whether values of the row are not as received."""
    return bool(json.loads(line).get("masked"))


def _lane_row(contract: Table, row: dict[str, Any], masking: Masking | None) -> dict[str, Any]:
    reasons = row.pop(REASONS)
    raw = {name: _as_json(value) for name, value in row.items()}
    changed: tuple[str, ...] = ()
    if masking is not None:
        raw, changed = masking.masked(contract, raw)
    line = {
        "tenant_id": raw.get("tenant_id"),
        "row_key": "|".join("" if raw.get(name) is None else str(raw[name]) for name in contract.key),
        "reasons": reasons,
        "raw_row": raw,
    }
    return line | ({"masked": list(changed)} if changed else {})


def _as_json(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value
