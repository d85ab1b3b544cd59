"""One ordinary sale to vary, and a SQLite shop that holds sales; both are what SmartGo's table looks like."""

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from pricing_lake.contracts.bronze import RAW_SMARTGO_SALES
from pricing_lake.contracts.split import split_rows
from pricing_lake.lake.gate import Candidate, judge
from pricing_lake.sources.smartgo_mapping import COLUMNS
from pricing_lake.sources.window import Control, Read, Source, Window

DAY = Window.of_day(date(2026, 11, 1))
NEXT_DAY = Window.of_day(date(2026, 11, 2))
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)

SALE: dict[str, Any] = {
    "sale_id": "s-1",
    "tenant_id": "acme",
    "product_id": "p-1",
    "category": "shoes",
    "brand": "Aster",
    "condition": "good",
    "sold_price": "12.50",
    "currency": "EUR",
    "sold_at": "2026-11-01T12:00:00Z",
    "image_url": "https://img.example/1.jpg",
    "description": "worn once",
    "customer_id": "c-1",
    "quantity": 1,
    "updated_at": "2026-11-01T12:00:00Z",
    "deleted_at": None,
}


def counted(control: Control) -> Control:
    """Count and sum of a control, without what else it tells."""
    return Control(control.rows, control.total)


def judged_control(read: Read) -> dict[str, bool]:
    """What the gate makes of a read's rows beside its control: each control rule, and whether it held."""
    control, rows = read.control, pa.Table.from_batches(read.batches, read.schema)
    totals = {} if control.total is None else {"sold_price": control.total}
    candidate = Candidate(rows, "smartgo", {}, control.rows, totals, control.ranges)
    results = judge(RAW_SMARTGO_SALES, candidate, split_rows(RAW_SMARTGO_SALES, rows))
    return {result.rule: result.passed for result in results if result.rule.startswith(("control_", "count_law"))}


def control_of(source: Source, window: Window = DAY) -> Control:
    """All that the source says of a window."""
    with source.read(window) as read:
        return read.control


def make_shop(path: Path, sales: Iterable[Mapping[str, Any]] = (), types: str = "") -> str:
    """Write a SQLite file whose `sales` holds ordinary sales with these changes; return its URL."""
    columns = ", ".join(f"{name} {types}" for name in COLUMNS)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"CREATE TABLE sales ({columns})")
        add_sales(connection, sales)
    return f"sqlite:///{path}"


def add_sales(connection: sqlite3.Connection, sales: Iterable[Mapping[str, Any]]) -> None:
    marks = ", ".join("?" for _ in COLUMNS)
    rows = [tuple({**SALE, **change}[name] for name in COLUMNS) for change in sales]
    connection.executemany(f"INSERT INTO sales VALUES ({marks})", rows)
    connection.commit()
