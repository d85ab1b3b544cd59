"""bronze/raw_orders_dlq: the dead letters of a day, as a table that SQL can ask; their topic has them too."""

import json
from datetime import datetime
from typing import Any

import pyarrow as pa

from pricing_lake.contracts.as_arrow import own_arrow_schema
from pricing_lake.contracts.bronze_orders import RAW_ORDERS_DLQ, RAW_ORDERS_STREAM
from pricing_lake.lake.quarantine import ErrorLanes
from pricing_lake.lake.reader import PublishedPartitions
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.resources.lake import LakeResource
from pricing_lake.table_asset import table_asset


@table_asset(RAW_ORDERS_DLQ, reads=(RAW_ORDERS_STREAM,))
def raw_orders_dlq(window: PartitionWindow, lake: LakeResource) -> pa.Table:
    """Messages that the lake took on this day and could not use, each once, with the reason and as received.

    It reads the lane that the stream's verdict on the day names, and no topic: whoever deletes the dead-letter topic
    loses nothing here. A day that the stream has not settled is refused, for it may still grow.
    """
    opened = lake.open()
    verdict = PublishedPartitions(opened, RAW_ORDERS_STREAM, [window]).require(window)
    lane = ErrorLanes(opened.proofs).read(RAW_ORDERS_STREAM.id, window.key, verdict.batch_id)
    letters = [_typed(json.loads(row.raw_row), window) for row in lane]
    return pa.Table.from_pylist(letters, own_arrow_schema(RAW_ORDERS_DLQ))


def _typed(letter: dict[str, Any], window: PartitionWindow) -> dict[str, Any]:
    """A letter of a lane with its day and time as such; JSON has neither."""
    told = letter["message_ts"]
    return letter | {"day": window.first_day, "message_ts": datetime.fromisoformat(told) if told else None}
