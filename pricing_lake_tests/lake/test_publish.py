"""Publish: idempotent, order-independent, refuses alone, loses nothing to a crash or a second writer."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake.errors import RefusedError
from pricing_lake.lake import publish as publish_module
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.publish import publish
from pricing_lake.lake.quarantine import ErrorLanes
from pricing_lake.lake.reader import PublishedPartitions
from pricing_lake.lake.window import PartitionWindow
from pricing_lake_tests.lake.conftest import day, open_lake, sales

RUN = "run-1"


def produce(rows: Callable[[PartitionWindow], pa.Table]) -> Callable[[PartitionWindow], Candidate]:
    return lambda window: Candidate(rows(window), source_system="smartgo")


def stored(lake: Lake) -> pa.Table:
    return lake.table(SALES_HISTORY).scan().to_arrow()


def parquet_files(home: Path) -> set[Path]:
    return set((home / "warehouse").rglob("*.parquet"))


def test_a_day_is_published_with_one_snapshot_and_reads_back_equal(lake: Lake) -> None:
    rows = sales(day(2), 30)
    result = publish(lake, SALES_HISTORY, [day(2)], produce(lambda _: rows), RUN)
    assert [v.passed for v in result.verdicts] == [True]
    assert len(lake.table(SALES_HISTORY).snapshots()) == 1
    back = PublishedPartitions(lake, SALES_HISTORY, [day(2)]).read(day(2))
    order = [("sale_id", "ascending")]
    assert back.sort_by(order).to_pylist() == rows.sort_by(order).to_pylist()
    metadata = stored(lake).select(["_source_system", "_run_date", "_batch_id", "record_hash"])
    assert set(metadata.column("_source_system").to_pylist()) == {"smartgo"}
    assert pc.count_distinct(metadata.column("record_hash")).as_py() == 30


def test_unchanged_content_commits_nothing_and_leaves_no_file(lake: Lake, tmp_path: Path) -> None:
    publish(lake, SALES_HISTORY, [day(1)], produce(lambda w: sales(w, 20)), RUN)
    files = parquet_files(tmp_path)
    shuffled = sales(day(1), 20).take(list(reversed(range(20))))
    again = publish(lake, SALES_HISTORY, [day(1)], produce(lambda _: shuffled), "run-2")
    assert again.snapshot_id is None
    assert parquet_files(tmp_path) == files
    assert len(lake.table(SALES_HISTORY).snapshots()) == 1


def test_a_corrected_day_replaces_exactly_its_rows(lake: Lake) -> None:
    publish(lake, SALES_HISTORY, [day(1), day(2), day(3)], produce(lambda w: sales(w, 10)), RUN)
    publish(lake, SALES_HISTORY, [day(2)], produce(lambda w: sales(w, 12, price="99.50")), "run-2")
    rows = stored(lake)
    assert rows.num_rows == 32
    changed = rows.filter(pc.equal(rows.column("sold_price"), pa.scalar(Decimal("99.50"), pa.decimal128(10, 2))))
    assert set(changed.column("_run_date").to_pylist()) == {day(2).first_day}
    assert len(lake.table(SALES_HISTORY).snapshots()) == 2


def test_a_day_that_became_empty_is_refused_and_keeps_its_rows(lake: Lake) -> None:
    publish(lake, SALES_HISTORY, [day(1)], produce(lambda w: sales(w, 10)), RUN)
    result = publish(lake, SALES_HISTORY, [day(1)], produce(lambda w: sales(w, 10).slice(0, 0)), "run-2")
    assert [r.rule for r in result.refused[0].broken] == ["not_empty"]
    assert stored(lake).num_rows == 10


def test_a_bad_day_in_a_range_is_refused_alone(lake: Lake) -> None:
    def rows(window: PartitionWindow) -> pa.Table:
        table = sales(window, 40)
        if window == day(2):
            table = table.set_column(4, "condition", pa.array(["mint-ish"] * 40))
        return table

    result = publish(lake, SALES_HISTORY, [day(1), day(2), day(3)], produce(rows), RUN)
    assert [v.partition for v in result.refused] == [day(2).key]
    assert result.refused[0].reasons == {"condition_unknown": 40}
    assert set(stored(lake).column("_run_date").to_pylist()) == {day(1).first_day, day(3).first_day}
    lane = list(ErrorLanes(lake.proofs).read(SALES_HISTORY.id, day(2).key, result.refused[0].batch_id))
    assert len(lane) == 40
    assert lane[0].reasons == ("condition_unknown",)


def test_upstream_refusal_refuses_the_day_with_its_reason(lake: Lake) -> None:
    def refuse(_: PartitionWindow) -> Candidate:
        raise RefusedError("bronze/raw_smartgo_sales 2026-03-01 is not published; materialize it first")

    result = publish(lake, SALES_HISTORY, [day(1)], refuse, RUN)
    assert "is not published" in result.refused[0].explain()


def test_readers_refuse_unpublished_and_refused_days(lake: Lake) -> None:
    publish(lake, SALES_HISTORY, [day(1)], produce(lambda w: sales(w, 0)), RUN)
    reader = PublishedPartitions(lake, SALES_HISTORY, [day(1), day(2)])
    with pytest.raises(RefusedError, match="refused: not_empty"):
        reader.read(day(1))
    with pytest.raises(RefusedError, match="not published"):
        reader.read(day(2))


def test_a_verdict_that_never_reached_the_table_is_not_believed(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that dies between proof and commit leaves a passing verdict over the old rows, here as many of them."""

    def die(*_: object) -> int:
        raise MemoryError

    publish(lake, SALES_HISTORY, [day(1)], produce(lambda w: sales(w, 10)), RUN)
    monkeypatch.setattr(publish_module, "replace_windows", die)
    with pytest.raises(MemoryError):
        publish(lake, SALES_HISTORY, [day(1)], produce(lambda w: sales(w, 10, price="11.00")), "died")
    with pytest.raises(RefusedError, match="never reached the table"):
        PublishedPartitions(lake, SALES_HISTORY, [day(1)]).read(day(1))


def test_an_unexpected_error_drops_what_was_staged(lake: Lake, tmp_path: Path) -> None:
    def rows(window: PartitionWindow) -> Candidate:
        if window == day(2):
            raise OSError("the disk is on fire")
        return Candidate(sales(window, 10))

    with pytest.raises(OSError, match="on fire"):
        publish(lake, SALES_HISTORY, [day(1), day(2)], rows, RUN)
    assert parquet_files(tmp_path) == set()
    assert lake.table(SALES_HISTORY).current_snapshot() is None


def test_rows_of_other_days_in_a_shared_file_survive(lake: Lake) -> None:
    table = lake.table(SALES_HISTORY)
    both = pa.concat_tables([sales(day(1), 6), sales(day(2), 6)])
    extra = {
        "_ingest_ts": pa.array([day(1).start] * 12, pa.timestamp("us", "UTC")),
        "_batch_id": pa.array(["imported"] * 12),
        "_source_system": pa.array(["import"] * 12),
        "_run_date": pa.array([day(1).first_day] * 12),
        "record_hash": pa.nulls(12, pa.string()),
    }
    for name, values in extra.items():
        both = both.append_column(name, values)
    table.append(both.cast(table.schema().as_arrow()))
    publish(lake, SALES_HISTORY, [day(2)], produce(lambda w: sales(w, 4)), RUN)
    rows = stored(lake)
    assert rows.num_rows == 6 + 4
    assert rows.column("_batch_id").to_pylist().count("imported") == 6


def test_two_writers_of_one_day_leave_one_of_them_whole(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second writer commits between the first one's plan and its commit."""
    rival = open_lake(tmp_path)
    real = publish_module.replace_windows

    def after_the_rival(*arguments: object) -> int:
        monkeypatch.setattr(publish_module, "replace_windows", real)
        publish(rival, SALES_HISTORY, [day(1)], produce(lambda w: sales(w, 7, seed=9)), "rival")
        return real(*arguments)

    monkeypatch.setattr(publish_module, "replace_windows", after_the_rival)
    publish(lake, SALES_HISTORY, [day(1)], produce(lambda w: sales(w, 10)), RUN)
    assert stored(lake).num_rows == 10


def test_vectors_are_written_with_byte_stream_split(lake: Lake, tmp_path: Path) -> None:
    publish(lake, SALES_HISTORY, [day(1)], produce(lambda w: sales(w, 10)), RUN)
    assert "BYTE_STREAM_SPLIT" in encodings_of(tmp_path, "embedding.list.element")


def test_only_what_repeats_has_a_dictionary(lake: Lake, tmp_path: Path) -> None:
    publish(lake, SALES_HISTORY, [day(1)], produce(lambda w: sales(w, 40)), RUN)
    dictionary = "RLE_DICTIONARY"
    assert dictionary in encodings_of(tmp_path, "tenant_id")
    assert dictionary in encodings_of(tmp_path, "_batch_id")
    assert dictionary not in encodings_of(tmp_path, "sale_id")
    assert dictionary not in encodings_of(tmp_path, "record_hash")


def encodings_of(home: Path, name: str) -> tuple[str, ...]:
    """Encodings of one column in any of the files."""
    group = pq.ParquetFile(min(parquet_files(home))).metadata.row_group(0)
    found = {group.column(i).path_in_schema: group.column(i).encodings for i in range(group.num_columns)}
    return tuple(found[name])


KILLED = """
import os, signal, sys
from pathlib import Path
import pricing_lake.lake.publish as p
from pricing_lake.lake.gate import Candidate
from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake_tests.lake.conftest import day, open_lake, sales
home, step = Path(sys.argv[1]), sys.argv[2]
owner, _, name = step.rpartition(":")
module = {"": p, "VerdictStore": p.VerdictStore, "ErrorLanes": p.ErrorLanes}[owner]
real = getattr(module, name.strip("<>"))
def dying(*a, **k):
    if name.startswith("<"): os.kill(os.getpid(), signal.SIGKILL)
    result = real(*a, **k)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(module, name.strip("<>"), dying)
p.publish(open_lake(home), SALES_HISTORY, [day(1), day(2)], lambda w: Candidate(sales(w, 9)), "killed")
"""


@pytest.mark.parametrize(
    "step",
    [
        "<split_rows",
        "ErrorLanes:<write",
        "ErrorLanes:write",
        "VerdictStore:write",
        "stage_files",
        "<replace_windows",
        "replace_windows",
    ],
)
def test_killed_anywhere_and_run_again_gives_each_row_once(step: str, lake: Lake, tmp_path: Path) -> None:
    lake.table(SALES_HISTORY)
    child = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), step], cwd=Path.cwd(), env=dict(os.environ), check=False
    )
    assert child.returncode == -signal.SIGKILL
    publish(lake, SALES_HISTORY, [day(1), day(2)], produce(lambda w: sales(w, 9)), "again")
    rows = stored(lake)
    assert rows.num_rows == 18
    assert pc.count_distinct(rows.column("sale_id")).as_py() == 18
    assert PublishedPartitions(lake, SALES_HISTORY, [day(1)]).read(day(1)).num_rows == 9
