"""Files are read as the Parquet they are, and give the rows of the Iceberg reader whatever they are made of."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pyiceberg.catalog.glue import GlueCatalog

from pricing_lake.contracts.model import Table
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.file_rows import FileRows
from pricing_lake.lake.history_of_keys import HistoryOfKeys
from pricing_lake.lake.live_files import window_tasks
from pricing_lake.lake.reader import PublishedPartitions, PublishedTable
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.resources.files import files_at
from pricing_lake_tests.aws.moto_server import client, environment, running_moto
from pricing_lake_tests.lake.conftest import day, open_lake
from pricing_lake_tests.lake.event_files import CASES, EVENTS, PER_DAY, iceberg_rows, publish_day

WHOLE = PartitionWindow.whole()
PLAIN_FILES = {
    "ours": (3, 3),
    "an empty day": (1, 1),
    "one file of days": (2, 2),
    "deleted rows": (0, 3),
    "a column added": (1, 3),
    "a column replaced": (1, 3),
    "columns renamed": (0, 3),
    "a column widened": (1, 3),
    "a file of another writer": (1, 2),
}
"""How many files are read as plain Parquet, of how many."""


def rows_of(lake: Lake, contract: Table, window: PartitionWindow) -> pa.Table:
    """Read without asking for verdicts, which days of other writers have none of."""
    table = lake.table(contract)
    tasks = window_tasks(table, contract, [window])[window.key]
    return FileRows(table, contract, contract.names, window).read(tasks)


@pytest.mark.parametrize("case", CASES)
def test_a_history_equals_that_of_the_iceberg_reader(case: str, tmp_path: Path) -> None:
    lake, contract = CASES[case](tmp_path)
    for last in (day(1), day(2), day(3), WHOLE):
        until = PartitionWindow(WHOLE.start, last.end, "until")
        assert PublishedTable(lake, contract).until(last).equals(iceberg_rows(lake, contract, until))


@pytest.mark.parametrize("case", CASES)
def test_a_day_equals_that_of_the_iceberg_reader(case: str, tmp_path: Path) -> None:
    lake, contract = CASES[case](tmp_path)
    counts = []
    for number in (1, 2, 3, 4):
        rows = rows_of(lake, contract, day(number))
        assert rows.equals(iceberg_rows(lake, contract, day(number)))
        counts.append(rows.num_rows)
    assert sum(counts) == PublishedTable(lake, contract).until(WHOLE).num_rows


@pytest.mark.parametrize("case", CASES)
def test_only_files_that_hold_what_the_table_says_are_plain(case: str, tmp_path: Path) -> None:
    lake, contract = CASES[case](tmp_path)
    table = lake.table(contract)
    rows = FileRows(table, contract, contract.names, WHOLE)
    plain = []
    for task in table.scan().plan_files():
        with rows.opened(task) as file:
            plain.append(file is not None)
    assert (sum(plain), len(plain)) == PLAIN_FILES[case]


def test_a_change_of_other_columns_leaves_a_file_plain(tmp_path: Path) -> None:
    lake, contract = CASES["a column replaced"](tmp_path)
    table = lake.table(contract)
    rows = FileRows(table, contract, ("event_id", "vector"), WHOLE)
    for task in table.scan().plan_files():
        with rows.opened(task) as file:
            assert file is not None


def test_what_a_replaced_column_held_is_gone(tmp_path: Path) -> None:
    """The trap of reading by name: old files hold a column of that name and type, and it is not the table's."""
    lake, contract = CASES["a column replaced"](tmp_path)
    assert PublishedTable(lake, contract).until(day(2), ("words",)).column("words").null_count == 2 * PER_DAY


def test_columns_come_in_the_order_they_are_asked_for(tmp_path: Path) -> None:
    lake, contract = CASES["ours"](tmp_path)
    names = ("words", "amount")  # without the column that decides which rows those are
    for rows in (
        PublishedTable(lake, contract).until(day(1), names),
        PublishedPartitions(lake, contract, [day(1)]).read(day(1), names),
    ):
        assert (tuple(rows.column_names), rows.num_rows) == (names, PER_DAY)


def test_a_table_that_was_never_published_is_empty(tmp_path: Path) -> None:
    rows = PublishedTable(open_lake(tmp_path), EVENTS).until(WHOLE)
    assert (rows.num_rows, tuple(rows.column_names)) == (0, EVENTS.names)


@pytest.fixture
def on_s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lake]:
    """A lake of Glue and S3."""
    with running_moto() as moto:
        for name, value in environment(moto, "http://127.0.0.1:9").items():
            monkeypatch.setenv(name, value)
        bucket = f"rows-{uuid4().hex[:8]}"
        client("s3", moto).create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        properties = {"warehouse": f"s3://{bucket}/lake", "s3.endpoint": moto, "s3.region": "eu-west-1"}
        catalog = GlueCatalog("test", client=client("glue", moto), **properties)
        files, _ = files_at(f"s3://{bucket}/lake", "eu-west-1", moto)
        yield Lake(catalog, f"rows_{uuid4().hex[:8]}", f"s3://{bucket}/lake", files=files)


def test_files_on_s3_give_the_same_rows(on_s3: Lake) -> None:
    for number in (1, 2):
        publish_day(on_s3, EVENTS, number)
    rows = PublishedTable(on_s3, EVENTS).until(WHOLE)
    assert rows.num_rows == 2 * PER_DAY
    assert rows.equals(iceberg_rows(on_s3, EVENTS, WHOLE))
    keys = pa.chunked_array([pa.array(["thing é1", "thing é2"])])
    found = HistoryOfKeys(on_s3, EVENTS, EVENTS.names, "thing", [day(2)], lambda _: keys).until(day(2))
    assert found.num_rows
    assert found.equals(rows.filter(pc.is_in(rows.column("thing"), value_set=keys.combine_chunks())))
