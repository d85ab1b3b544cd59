"""The history of some keys is what the whole history holds of them, and is read once for a run."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing_lake.contracts.model import Table
from pricing_lake.lake import key_match
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.file_rows import FileRows
from pricing_lake.lake.history_of_keys import HistoryOfKeys
from pricing_lake.lake.key_match import KeyMatch
from pricing_lake.lake.reader import PublishedTable
from pricing_lake.lake.window import PartitionWindow
from pricing_lake_tests.lake.conftest import day, open_lake
from pricing_lake_tests.lake.event_files import CASES, EVENTS, events, publish_day, with_metadata

ASKED = {
    1: ["thing é1", "thing é2", "thing é2", "maker 1", None],
    2: ["thing é3", "nobody"],
    3: [],
    4: ["thing é10", None, "thing é1"],
}
"""The things that the partition of each day asks for."""
NAMES = ("event_id", "amount", "words")
DAYS = [day(number) for number in ASKED]


def history(lake: Lake, contract: Table, windows: Sequence[PartitionWindow] = DAYS) -> HistoryOfKeys:
    def asked(window: PartitionWindow) -> pa.ChunkedArray:
        return pa.chunked_array([pa.array(ASKED[window.first_day.day], pa.string())])

    return HistoryOfKeys(lake, contract, NAMES, "thing", windows, asked)


def expected(lake: Lake, contract: Table, window: PartitionWindow) -> pa.Table:
    whole = PublishedTable(lake, contract).until(window, (*NAMES, "thing"))
    keys = pa.array([key for key in ASKED[window.first_day.day] if key is not None], pa.string())
    return whole.filter(pc.is_in(whole.column("thing"), value_set=keys)).select(list(NAMES))


def ordered(rows: pa.Table) -> pa.Table:
    return rows.sort_by("event_id")


@pytest.mark.parametrize("case", CASES)
def test_it_is_the_whole_history_narrowed_to_the_keys(case: str, tmp_path: Path) -> None:
    lake, contract = CASES[case](tmp_path)
    of_run = history(lake, contract)
    found = {window.key: of_run.until(window) for window in DAYS}
    for window in DAYS:
        assert ordered(found[window.key]).equals(ordered(expected(lake, contract, window)))
        assert ordered(history(lake, contract, [window]).until(window)).equals(ordered(found[window.key]))
    assert found[DAYS[0].key].num_rows
    assert not found[DAYS[2].key].num_rows


@pytest.mark.parametrize("rows_at_once", [1, 8, 20, 1_000])
def test_large_files_are_read_in_parts(rows_at_once: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_match, "ROWS_AT_ONCE", rows_at_once)
    lake, contract = CASES["one file of days"](tmp_path)
    window = DAYS[3]
    assert history(lake, contract).until(window).equals(expected(lake, contract, window))


def test_keys_that_are_numbers_match(tmp_path: Path) -> None:
    lake, contract = CASES["ours"](tmp_path)
    asked = pa.chunked_array([pa.array([3, None, 99], pa.int64())])
    found = HistoryOfKeys(lake, contract, ("number",), "number", [day(2)], lambda _: asked).until(day(2))
    whole = PublishedTable(lake, contract).until(day(2), ("number",)).column("number").to_pylist()
    assert found.column("number").to_pylist() == [3] * whole.count(3) != []


def test_a_run_reads_the_history_once_and_asks_each_partition_once(tmp_path: Path) -> None:
    lake, contract = CASES["ours"](tmp_path)
    asked: list[str] = []

    def ask(window: PartitionWindow) -> pa.ChunkedArray:
        asked.append(window.key)
        return pa.chunked_array([pa.array(ASKED[window.first_day.day], pa.string())])

    of_run = HistoryOfKeys(lake, contract, NAMES, "thing", DAYS, ask)
    assert asked == []
    first = of_run.until(DAYS[1])
    # What is published now belongs to the next run.
    publish_day(lake, EVENTS, 2, events(day(2), 0))
    assert of_run.until(DAYS[1]).equals(first)
    assert asked == [window.key for window in DAYS]


def test_of_a_table_that_was_never_published_there_is_no_history(tmp_path: Path) -> None:
    assert history(open_lake(tmp_path), EVENTS).until(DAYS[0]).num_rows == 0


def test_a_file_that_is_gone_is_an_error_of_files(tmp_path: Path) -> None:
    """Not one of the join's: whoever retries looks at the kind of error."""
    lake, contract = CASES["ours"](tmp_path)
    of_run = history(lake, contract)
    for file in (tmp_path / "warehouse").rglob("*.parquet"):
        file.unlink()
    with pytest.raises(FileNotFoundError):
        of_run.until(DAYS[0])


@settings(max_examples=25, deadline=None)
@given(
    keys=st.lists(st.sampled_from([*range(11), 50]), max_size=6),
    at_once=st.integers(1, 70),
    group=st.integers(1, 40),
)
def test_any_keys_in_files_of_any_shape(
    keys: list[int], at_once: int, group: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    lake = open_lake(tmp_path_factory.mktemp("lake"))
    table = lake.table(EVENTS)
    with table.transaction() as transaction:
        transaction.set_properties({"write.parquet.row-group-limit": str(group)})
    table.append(with_metadata(pa.concat_tables([events(day(1)), events(day(2))])))
    whole = PartitionWindow.whole()
    rows = FileRows(table, EVENTS, ("number", "event_id", "event_ts"), whole)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(key_match, "ROWS_AT_ONCE", at_once)
        found = KeyMatch(rows, "number", pl.Series(keys, dtype=pl.Int64)).read(list(table.scan().plan_files()))
    every = PublishedTable(lake, EVENTS).until(whole, rows.names)
    assert found.equals(every.filter(pc.is_in(every.column("number"), value_set=pa.array(keys, pa.int64()))))
