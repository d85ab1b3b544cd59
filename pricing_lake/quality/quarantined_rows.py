"""quality/quarantined_rows: the rows a day set aside, with their reasons, as a table that SQL can ask."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from pyarrow import fs

from pricing_lake.contracts.all import JUDGED_TABLES
from pricing_lake.contracts.as_arrow import own_arrow_schema
from pricing_lake.contracts.quality import QUARANTINED_ROWS
from pricing_lake.lake.quarantine import ErrorLanes
from pricing_lake.lake.verdicts import VerdictStore
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.resources.lake import LakeResource
from pricing_lake.table_asset import table_asset


@table_asset(QUARANTINED_ROWS, reads=JUDGED_TABLES)
def quarantined_rows(window: PartitionWindow, lake: LakeResource) -> pa.Table:
    """Rows of the lanes that the day's latest verdicts point to, refused days included."""
    return pa.Table.from_pylist(list(_rows(lake.open().proofs, window)), own_arrow_schema(QUARANTINED_ROWS))


def _rows(proofs: fs.FileSystem, window: PartitionWindow) -> Iterator[dict[str, Any]]:
    verdicts, lanes = VerdictStore(proofs), ErrorLanes(proofs)
    for table in JUDGED_TABLES:
        for verdict in verdicts.latest(table.id, [window.key]).values():
            rows = lanes.read(table.id, window.key, verdict.batch_id)
            for number, row in enumerate(rows, start=1):
                yield {
                    "day": window.first_day,
                    "table_id": table.id,
                    "row_number": number,
                    "tenant_id": row.tenant_id,
                    "row_key": row.row_key,
                    "reasons": list(row.reasons),
                    "raw_row": row.raw_row,
                    "batch_id": verdict.batch_id,
                    "run_id": verdict.run_id,
                }
