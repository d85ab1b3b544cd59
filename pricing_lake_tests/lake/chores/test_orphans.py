"""Which files housekeeping deletes: old ones that nothing leads to, and none that any snapshot or run may need."""

from dataclasses import replace
from pathlib import Path

import pytest

from pricing_lake.contracts.model import Retention
from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake.lake.as_of import at_snapshot
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.chores.orphans import orphans, remove
from pricing_lake.lake.chores.snapshots import expire, expired_snapshots
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.publish import publish
from pricing_lake.lake.verdicts import now_utc
from pricing_lake_tests.lake.chores.ageing import age, everything_in, in_days, live_files
from pricing_lake_tests.lake.conftest import day, sales


@pytest.fixture
def folder(lake: Lake, tmp_path: Path) -> Path:
    """The folder of a table of two days, of which one was published twice."""
    for price in ("10.00", "20.00"):
        candidate = Candidate(sales(day(1), 4, price=price))
        publish(lake, SALES_HISTORY, [day(1)], lambda _, made=candidate: made, "run")
    publish(lake, SALES_HISTORY, [day(2)], lambda window: Candidate(sales(window, 4)), "run")
    return Path(lake.table(SALES_HISTORY).location().removeprefix("file://"))


def found(lake: Lake) -> list[str]:
    return sorted(info.base_name for info in orphans(lake.table(SALES_HISTORY), now_utc()))


def test_everything_that_a_snapshot_leads_to_stays_however_old(lake: Lake, folder: Path) -> None:
    age(everything_in(folder), 400)
    assert found(lake) == []


def test_a_staged_file_is_left_alone_for_three_days(lake: Lake, folder: Path) -> None:
    staged = folder / "data" / "staged.parquet"
    staged.write_bytes(b"x" * 10)
    age([staged], 2.9)
    assert found(lake) == []
    age([staged], 3.1)
    [info] = orphans(lake.table(SALES_HISTORY), now_utc())
    assert (info.base_name, info.size) == ("staged.parquet", 10)
    assert remove(lake.table(SALES_HISTORY), [info]) == 1
    assert not staged.exists()


def test_files_of_expired_snapshots_go_and_every_kept_snapshot_still_reads(lake: Lake, folder: Path) -> None:
    table = lake.table(SALES_HISTORY)
    contract = replace(SALES_HISTORY, retention=Retention(snapshots=2))
    first = table.snapshots()[0].snapshot_id
    planned = {info.path for info in orphans(table, in_days(30), without={first})}
    expire(table, expired_snapshots(table, contract, in_days(30)))
    age(everything_in(folder), 30)
    doomed = orphans(lake.table(SALES_HISTORY), now_utc())
    assert planned <= {info.path for info in doomed}, "what a dry run tells is what expiry then frees"
    assert remove(lake.table(SALES_HISTORY), doomed) == len(doomed) >= 3
    table = lake.table(SALES_HISTORY)
    assert [at_snapshot(table, s.snapshot_id).scan().to_arrow().num_rows for s in table.snapshots()] == [4, 8]
    data = {path for path in everything_in(folder / "data") if path.suffix == ".parquet"}
    assert data == live_files(table)
    assert found(lake) == []


def test_a_file_that_is_committed_after_it_was_found_stays(lake: Lake, folder: Path) -> None:
    """A publish that took longer than three days: its files were found as orphans, then it committed them."""
    table = lake.table(SALES_HISTORY)
    first, second = (s.snapshot_id for s in table.snapshots()[:2])
    table.manage_snapshots().rollback_to_snapshot(first).commit()
    age(everything_in(folder), 30)
    newer = lake.table(SALES_HISTORY)
    doomed = orphans(newer, now_utc(), without={s.snapshot_id for s in newer.snapshots()} - {first})
    assert doomed
    lake.table(SALES_HISTORY).manage_snapshots().set_current_snapshot(snapshot_id=second).commit()
    remove(lake.table(SALES_HISTORY), doomed)
    assert lake.table(SALES_HISTORY).scan().to_arrow().num_rows == 4


def test_a_table_without_a_snapshot_has_no_orphans(lake: Lake) -> None:
    assert orphans(lake.table(SALES_HISTORY), in_days(30)) == []
