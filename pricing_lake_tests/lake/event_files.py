"""Files that a table may be made of: our own, and those that evolution, other writers and Athena's DELETE leave."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.io.pyarrow import ArrowScan
from pyiceberg.table import Table as IcebergTable
from pyiceberg.types import ListType, LongType, StringType

from pricing_lake.contracts.as_arrow import arrow_schema, own_arrow_schema
from pricing_lake.contracts.model import Column, Layer, Owner, Partition, Table
from pricing_lake.contracts.types import (
    AMOUNT,
    BOOLEAN,
    DATE,
    INSTANT,
    INTEGER,
    LONG,
    PRECISE_RATE,
    TEXT,
    TEXT_LIST,
    TIMESTAMP,
    VECTOR,
    VECTOR_DIMENSIONS,
)
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.predicates import window_predicate
from pricing_lake.lake.publish import publish
from pricing_lake.lake.window import PartitionWindow
from pricing_lake_tests.engines.positional_deletes import delete_positions
from pricing_lake_tests.lake.conftest import day, open_lake

EVENTS = Table(
    layer=Layer.BRONZE,
    name="events",
    grain="One row per event.",
    owner=Owner.INGESTION,
    key=("event_id",),
    window="event_ts",
    partition_by=(Partition("event_ts", "month"),),
    allow_empty=True,
    columns=(
        Column("event_id", TEXT, "Which event.", required=True),
        Column("event_ts", INSTANT, "When.", required=True),
        Column("thing", TEXT, "What it happened to."),
        Column("maker", TEXT, "Who made it."),
        Column("number", LONG, "The thing's number."),
        Column("told_at", TIMESTAMP, "When it was told of."),
        Column("told_on", DATE, "On which day."),
        Column("amount", AMOUNT, "Money."),
        Column("rate", PRECISE_RATE, "What money is worth."),
        Column("size", INTEGER, "How large."),
        Column("is_new", BOOLEAN, "Whether it is new."),
        Column("vector", VECTOR, "What it looks like."),
        Column("words", TEXT_LIST, "What is said of it."),
    ),
)
PER_DAY = 30
EVOLVED = replace(EVENTS, columns=(*EVENTS.columns, Column("later", TEXT, "A column that came later.")))


def events(window: PartitionWindow, count: int = PER_DAY, first: int = 0) -> pa.Table:
    """Events of a day, over its hours. Every value is null in some rows, a thing has events on many days."""
    numbers = range(first, first + count)
    vector = [0.5] * VECTOR_DIMENSIONS

    def told(value: Callable[[int], object], every: int) -> list[object]:
        return [None if number % every == 0 else value(number) for number in numbers]

    values: Mapping[str, list[object]] = {
        "event_id": [f"{window.key}/{number}" for number in numbers],
        "event_ts": [window.start + dt.timedelta(minutes=30 * (number % 48), microseconds=1) for number in numbers],
        "thing": told(lambda number: f"thing é{number % 11}", 7),
        "maker": told(lambda number: f"maker {number % 3}", 5),
        "number": told(lambda number: number % 11, 7),
        "told_at": told(lambda number: dt.datetime(2026, 3, 9, 1, 2, 3, number), 4),
        "told_on": told(lambda number: dt.date(1969, 12, 1) + dt.timedelta(days=number), 5),
        "amount": told(lambda number: Decimal(number).scaleb(-2), 6),
        "rate": told(lambda number: Decimal(f"-{number}.000000000000000001"), 3),
        "size": told(lambda number: number, 8),
        "is_new": told(lambda number: number % 2 == 0, 3),
        "vector": told(lambda _: vector, 2),
        "words": told(lambda number: [] if number % 5 == 0 else ["a", f"b{number}"], 4),
    }
    return pa.table({item.name: pa.array(values[item.name], item.type) for item in own_arrow_schema(EVENTS)})


def publish_day(lake: Lake, contract: Table, number: int, rows: pa.Table | None = None) -> None:
    """Publish this day of March 2026; its events unless other rows are given."""
    window = day(number)
    made = events(window) if rows is None else rows
    result = publish(lake, contract, [window], lambda _: Candidate(made), "test")
    assert [verdict.explain() for verdict in result.refused] == []


def with_metadata(rows: pa.Table, contract: Table = EVENTS) -> pa.Table:
    """Rows as another writer would store them: complete, with run metadata."""
    values = {"_ingest_ts": dt.datetime(2026, 4, 1, tzinfo=dt.UTC), "_run_date": dt.date(2026, 3, 1)}
    columns = {
        item.name: rows.column(item.name)
        if item.name in rows.column_names
        else pa.array([values.get(item.name, "another")] * rows.num_rows, item.type)
        for item in arrow_schema(contract)
    }
    return pa.table(columns).cast(arrow_schema(contract))


def iceberg_rows(lake: Lake, contract: Table, window: PartitionWindow) -> pa.Table:
    """Own columns of the rows of `window` as pyiceberg reads them file by file: what every other way must give."""
    table, predicate, target = lake.table(contract), window_predicate(contract, window), own_arrow_schema(contract)
    columns = table.schema().select(*contract.names)
    scan = ArrowScan(table.metadata, table.io, columns, predicate, case_sensitive=True)
    tasks = table.scan(row_filter=predicate).plan_files()
    files = [scan.to_table([task]).select(list(contract.names)).cast(target) for task in tasks]
    return pa.concat_tables([target.empty_table(), *files])


def _stored(home: Path) -> IcebergTable:
    """The table as it is, however far from its contract."""
    lake = open_lake(home)
    return lake.catalog.load_table(lake.identifier(EVENTS))


def _ours(home: Path) -> tuple[Lake, Table]:
    lake = open_lake(home)
    for number in (1, 2, 3):
        publish_day(lake, EVENTS, number)
    return lake, EVENTS


def _an_empty_day(home: Path) -> tuple[Lake, Table]:
    lake = open_lake(home)
    publish_day(lake, EVENTS, 1)
    publish_day(lake, EVENTS, 2, events(day(2), 0))
    return lake, EVENTS


def _one_file_of_days(home: Path) -> tuple[Lake, Table]:
    """Several days in one file, as compaction and other writers leave them, in row groups of a few rows."""
    lake = open_lake(home)
    publish_day(lake, EVENTS, 1)
    table = lake.table(EVENTS)
    with table.transaction() as transaction:
        transaction.set_properties({"write.parquet.row-group-limit": "8"})
    table.append(with_metadata(pa.concat_tables([events(day(number)) for number in (2, 3)])))
    return lake, EVENTS


def _deleted(home: Path) -> tuple[Lake, Table]:
    lake, contract = _ours(home)
    table = lake.table(contract)
    task = sorted(table.scan().plan_files(), key=lambda task: task.file.file_path)[1]
    delete_positions(table, task, [0, 3, 29])
    return lake, contract


def _column_added(home: Path) -> tuple[Lake, Table]:
    _ours(home)
    with _stored(home).update_schema() as update:
        update.add_column("later", StringType())
    lake = open_lake(home)
    publish_day(lake, EVOLVED, 3, events(day(3)).append_column("later", pa.array(["now"] * PER_DAY)))
    return lake, EVOLVED


def _column_replaced(home: Path) -> tuple[Lake, Table]:
    """A column of the same name and type that is another one: what the old files hold is no longer in the table."""
    _ours(home)
    with _stored(home).update_schema() as update:
        update.delete_column("words")
    with _stored(home).update_schema() as update:
        update.add_column("words", ListType(999, StringType(), element_required=True))
    lake = open_lake(home)
    publish_day(lake, EVENTS, 3, events(day(3), first=100))
    return lake, EVENTS


def _columns_renamed(home: Path) -> tuple[Lake, Table]:
    """Two columns change places: every name is known to old files, and means another column there."""
    _ours(home)
    with _stored(home).update_schema() as update:
        update.rename_column("thing", "aside")
    with _stored(home).update_schema() as update:
        update.rename_column("maker", "thing")
    with _stored(home).update_schema() as update:
        update.rename_column("aside", "maker")
    return open_lake(home), EVENTS


def _column_widened(home: Path) -> tuple[Lake, Table]:
    _ours(home)
    with _stored(home).update_schema() as update:
        update.update_column("size", LongType())
    wide = replace(EVENTS, columns=tuple(replace(c, type=LONG) if c.name == "size" else c for c in EVENTS.columns))
    lake = open_lake(home)
    publish_day(lake, wide, 3, events(day(3)).drop_columns(["size"]).append_column("size", pa.array([2**40] * PER_DAY)))
    return lake, wide


def _foreign(home: Path) -> tuple[Lake, Table]:
    """A file without field ids whose texts are dictionaries and large, taken over as it is."""
    lake = open_lake(home)
    publish_day(lake, EVENTS, 1)
    rows = with_metadata(events(day(2)))
    for name, kind in (("thing", pa.dictionary(pa.int32(), pa.string())), ("event_id", pa.large_string())):
        place = rows.schema.get_field_index(name)
        rows = rows.set_column(place, rows.schema.field(name).with_type(kind), rows.column(name).cast(kind))
    path = home / "foreign.parquet"
    pq.write_table(rows, path)
    lake.table(EVENTS).add_files([f"file://{path}"])
    return lake, EVENTS


CASES: Mapping[str, Callable[[Path], tuple[Lake, Table]]] = {
    "ours": _ours,
    "an empty day": _an_empty_day,
    "one file of days": _one_file_of_days,
    "deleted rows": _deleted,
    "a column added": _column_added,
    "a column replaced": _column_replaced,
    "columns renamed": _columns_renamed,
    "a column widened": _column_widened,
    "a file of another writer": _foreign,
}
