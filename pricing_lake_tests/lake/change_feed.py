"""A source of customer changes in a SQLite file: what is committed there is visible, and nothing else."""

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from pricing_lake.contracts.bronze_customers import RAW_SNOWFLAKE_CUSTOMERS
from pricing_lake.lake.feed import TimeFeed
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.watermark import Watermark
from pricing_lake.lake.window import PartitionWindow

NAMES = RAW_SNOWFLAKE_CUSTOMERS.names
FIRST = datetime(2026, 3, 1, tzinfo=UTC)
CALENDAR = PartitionWindow(FIRST, FIRST + timedelta(days=60), "calendar")
RULE = Watermark(FIRST, lag=timedelta(minutes=5), overlap=timedelta(hours=1), step=timedelta(days=2))


def at(day: int, hour: int = 12, minute: int = 0) -> datetime:
    """A moment of March 2026."""
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


@dataclass
class CustomerChanges:
    """The source and its clock."""

    path: Path
    now: datetime = CALENDAR.start

    def __post_init__(self) -> None:
        with sqlite3.connect(self.path) as connection:
            connection.execute(f"CREATE TABLE IF NOT EXISTS changes ({', '.join(NAMES)})")

    def change(self, customer: str | None, moment: datetime, **values: object) -> None:
        row: dict[str, object] = dict.fromkeys(NAMES)
        row |= {"customer_id": customer, "updated_at": moment.isoformat(), "tenant_id": "acme", "is_deleted": "false"}
        with sqlite3.connect(self.path) as connection:
            marks = ", ".join("?" * len(NAMES))
            connection.execute(f"INSERT INTO changes VALUES ({marks})", tuple((row | values).values()))

    def correct(self, customer: str, moment: datetime, **values: object) -> None:
        with sqlite3.connect(self.path) as connection:
            for name, value in values.items():
                connection.execute(
                    f"UPDATE changes SET {name} = ? WHERE customer_id = ? AND updated_at = ?",
                    (value, customer, moment.isoformat()),
                )

    def read(self, start: datetime, end: datetime) -> Candidate:
        with sqlite3.connect(self.path) as connection:
            found = connection.execute(
                "SELECT * FROM changes WHERE updated_at >= ? AND updated_at < ?", (start.isoformat(), end.isoformat())
            ).fetchall()
        columns = list(zip(*found, strict=True)) or [()] * len(NAMES)
        rows = pa.table({name: pa.array(values, pa.string()) for name, values in zip(NAMES, columns, strict=True)})
        return Candidate(rows, source_system="snowflake", expected_rows=len(found))

    def feed(self, rule: Watermark = RULE) -> TimeFeed:
        return TimeFeed(lambda: self.now, self.read, rule)
