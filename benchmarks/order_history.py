"""Order events of some months in a lake, as both sources tell of them: what `history_of_orders` starts from."""

import datetime as dt
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.sales_day import new_lake
from pricing_lake.contracts.as_arrow import own_arrow_schema
from pricing_lake.contracts.bronze_orders import RAW_ORDERS_STREAM, RAW_SNOWFLAKE_ORDERS
from pricing_lake.contracts.model import Table
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.publish import publish
from pricing_lake.lake.window import PartitionWindow

EVENTS_A_DAY = 50_000
_FIRST = dt.date(2026, 1, 1)
_DAY = 86_400_000_000
_STEPS = ("PLACED", "PAID", "SHIPPED")
_SCRAMBLE = np.uint64(0x9E3779B97F4A7C15)
"""An odd number: times it, numbers that rise become ids that do not, so that no bounds of a file help."""


def days_of(count: int) -> list[PartitionWindow]:
    """The days that `count` events are spread over."""
    return [PartitionWindow.of_day(_FIRST + dt.timedelta(days=day)) for day in range(max(8, count // EVENTS_A_DAY))]


def history(home: Path, count: int) -> Lake:
    """A lake with `count` messages: orders placed at any time, paid within a day, shipped within five."""
    lake, days = new_lake(home), days_of(count)
    random = np.random.default_rng(0)
    orders = count // len(_STEPS)
    placed = random.integers(0, len(days) * _DAY, orders)
    paid = placed + random.integers(0, _DAY, orders)
    shipped = paid + random.integers(0, 4 * _DAY, orders)
    moments, numbers = np.concatenate([placed, paid, shipped]), np.tile(np.arange(orders), len(_STEPS))
    steps = np.repeat(np.arange(len(_STEPS)), orders)
    of_day = moments // _DAY
    by_day = np.argsort(of_day, kind="stable")
    cuts = np.searchsorted(of_day[by_day], np.arange(len(days) + 1))
    for day, (first, last) in zip(days, pairwise(cuts), strict=True):
        rows = by_day[first:last]
        _publish_day(lake, day, moments[rows], numbers[rows], steps[rows])
    return lake


def _publish_day(lake: Lake, day: PartitionWindow, moments: np.ndarray, numbers: np.ndarray, steps: np.ndarray) -> None:
    """All events as messages, and every tenth order's by the warehouse as well."""
    in_warehouse = numbers % 10 == 0
    messages = _events(RAW_ORDERS_STREAM, moments, numbers, steps)
    told = _events(RAW_SNOWFLAKE_ORDERS, moments[in_warehouse], numbers[in_warehouse], steps[in_warehouse])
    for contract, rows in ((RAW_ORDERS_STREAM, messages), (RAW_SNOWFLAKE_ORDERS, told)):
        result = publish(lake, contract, [day], lambda _, rows=rows: Candidate(rows), "benchmark")
        assert not result.refused, result.refused[0].explain()
        assert not result.verdicts[0].quarantined_rows, result.verdicts[0].reasons


def _events(contract: Table, moments: np.ndarray, numbers: np.ndarray, steps: np.ndarray) -> pa.Table:
    count = len(moments)
    stamps = np.datetime64(_FIRST, "us") + moments.astype("timedelta64[us]")
    values: dict[str, Sequence[object] | np.ndarray | pa.Array] = {
        "topic": ["orders"] * count,
        "partition": numbers % 6,
        "offset": numbers * len(_STEPS) + steps,
        "message_ts": stamps,
        "message_key": pa.nulls(count, pa.string()),
        "updated_at": stamps,
        "order_id": [f"{number:016x}" for number in numbers.astype(np.uint64) * _SCRAMBLE],
        "event_ts": stamps,
        "tenant_id": np.array(["acme", "bolt", "crow"])[numbers % 3],
        "customer_id": np.char.add("customer-", (numbers // 4).astype(str)),
        "product_id": np.char.add("product-", (numbers % 9_973).astype(str)),
        "category": np.array(["shoes", "bags", "hats"])[numbers % 3],
        "amount": pa.array((numbers % 90_000 + 100).astype(str)).cast(pa.decimal128(18, 2)),
        "currency": ["EUR"] * count,
        "status": np.array(_STEPS)[steps],
    }
    schema = own_arrow_schema(contract)
    return pa.table([pa.array(values[item.name]).cast(item.type) for item in schema], schema=schema)
