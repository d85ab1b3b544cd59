"""The error lanes: rows a publish set aside, as JSON with their reasons. Judges nothing; `split` did."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
from pyarrow import fs

from pricing_lake.contracts.model import Table
from pricing_lake.contracts.split import REASONS

_ROWS_PER_FILE = 10_000


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
    lane that no verdict points to, which readers never see.
    """

    files: fs.FileSystem

    def write(self, contract: Table, partition: str, batch_id: str, rows: pa.Table) -> None:
        """Write the quarantined rows of one publish; `rows` carries `_reasons`."""
        folder = _folder(contract.id, partition, batch_id)
        for number, start in enumerate(range(0, rows.num_rows, _ROWS_PER_FILE)):
            if number == 0:
                self.files.create_dir(folder, recursive=True)
            lines = [json.dumps(_lane_row(contract, row)) for row in rows.slice(start, _ROWS_PER_FILE).to_pylist()]
            with self.files.open_output_stream(f"{folder}/{number:05d}.json") as stream:
                stream.write("\n".join(lines).encode())

    def read(self, table_id: str, partition: str, batch_id: str) -> Iterator[LaneRow]:
        """Rows of one publish in the order they were received."""
        selector = fs.FileSelector(_folder(table_id, partition, batch_id), allow_not_found=True)
        for info in sorted(self.files.get_file_info(selector), key=lambda info: info.path):
            with self.files.open_input_stream(info.path) as stream:
                for line in stream.read().decode().split("\n"):
                    body = json.loads(line)
                    yield LaneRow(
                        body["tenant_id"], body["row_key"], tuple(body["reasons"]), json.dumps(body["raw_row"])
                    )


def _folder(table_id: str, partition: str, batch_id: str) -> str:
    return f"_errors/{table_id}/dt={partition}/run_id={batch_id}"


def _lane_row(contract: Table, row: dict[str, Any]) -> dict[str, Any]:
    reasons = row.pop(REASONS)
    raw = {name: _as_json(value) for name, value in row.items()}
    return {
        "tenant_id": raw.get("tenant_id"),
        "row_key": "|".join("" if raw.get(name) is None else str(raw[name]) for name in contract.key),
        "reasons": reasons,
        "raw_row": raw,
    }


def _as_json(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value
