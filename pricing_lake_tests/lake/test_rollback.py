"""Rollback: rows, stamp, lanes and verdicts go back together, and what nobody proved is not read."""

import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from pyarrow import fs
from pyiceberg.table.update.snapshot import ManageSnapshots

from pricing_lake.contracts.bronze_customers import RAW_SNOWFLAKE_CUSTOMERS
from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake.errors import CommitConflictError, ConfigurationError, RefusedError
from pricing_lake.lake import rollback as rollback_module
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.history import history, moment_of
from pricing_lake.lake.increment import collect
from pricing_lake.lake.publish import publish
from pricing_lake.lake.reader import PublishedPartitions
from pricing_lake.lake.rollback import Rollback, target_of
from pricing_lake.lake.settle import settle
from pricing_lake.lake.verdicts import VerdictStore
from pricing_lake.lake.watermark import parse_stamp, stamp_of
from pricing_lake.lake.window import PartitionWindow
from pricing_lake_tests.lake.change_feed import CALENDAR, CustomerChanges, at
from pricing_lake_tests.lake.conftest import day, open_lake, sales
from pricing_lake_tests.lake.listings import CountedListings

FEED = RAW_SNOWFLAKE_CUSTOMERS


def deliver(lake: Lake, number: int, price: str = "10.00", bad: int = 0) -> None:
    rows = sales(day(number), 20, price=price)
    if bad:
        rows = rows.set_column(4, "condition", [["mint"] * bad + ["good"] * (20 - bad)])
    publish(lake, SALES_HISTORY, [day(number)], lambda _: Candidate(rows, source_system="smartgo"), f"run-{price}")
    time.sleep(0.005)


def snapshots(lake: Lake) -> list[int]:
    """Of the current history, the oldest first."""
    return [snapshot.snapshot_id for snapshot in history(lake.table(SALES_HISTORY))][::-1]


def prices(lake: Lake, number: int) -> set[str]:
    rows = PublishedPartitions(lake, SALES_HISTORY, [day(number)]).read(day(number))
    return {str(price) for price in rows.column("sold_price").to_pylist()}


def test_a_day_that_is_again_what_a_proof_passed_is_readable_at_once(lake: Lake) -> None:
    deliver(lake, 1, bad=2)
    deliver(lake, 2)
    proof = VerdictStore(lake.proofs).latest(SALES_HISTORY.id, [day(1).key])[day(1).key]
    deliver(lake, 1, price="99.00")
    before = snapshots(lake)
    plan = Rollback(lake, SALES_HISTORY, before[1]).plan()
    assert (plan.proved_again, plan.refused, len(plan.undone)) == ((day(1).key,), (), 1)
    publication = Rollback(lake, SALES_HISTORY, before[1]).run("rollback")
    assert [verdict.partition for verdict in publication.verdicts] == [day(1).key]
    assert prices(lake, 1) == prices(lake, 2) == {"10.00"}
    standing = VerdictStore(lake.proofs).latest(SALES_HISTORY.id, [day(1).key])[day(1).key]
    assert (standing.batch_id, standing.content_hash, standing.quarantined_rows) == (
        proof.batch_id,
        proof.content_hash,
        2,
    )
    assert f"set back to snapshot {before[1]}" in standing.results[-1].note
    assert snapshots(lake) == before[:2]


def test_a_day_that_was_not_there_yet_is_refused_until_it_runs_again(lake: Lake) -> None:
    deliver(lake, 1)
    deliver(lake, 2)
    Rollback(lake, SALES_HISTORY, snapshots(lake)[0]).run("rollback")
    assert prices(lake, 1) == {"10.00"}
    with pytest.raises(RefusedError, match=r"rolled_back: set back to snapshot .*; materialize it again"):
        prices(lake, 2)
    deliver(lake, 2)
    assert prices(lake, 2) == {"10.00"}


def test_many_days_that_change_cost_few_looks_at_their_verdicts(tmp_path: Path) -> None:
    """Thirty days of five verdicts each: a listing per day would read 150 names thirty times over."""
    days = [day(number) for number in range(1, 31)]
    counted = CountedListings(tmp_path / "warehouse")
    lake = replace(open_lake(tmp_path), proofs_uri="counted://proofs", files=fs.PyFileSystem(counted))
    for price in ("10.00", "11.00", "12.00", "13.00", "14.00"):
        publish(lake, SALES_HISTORY, days, lambda window, price=price: Candidate(sales(window, 2, price=price)), "run")
    target = snapshots(lake)[0]
    counted.listings = 0
    plan = Rollback(lake, SALES_HISTORY, target).plan()
    assert plan.proved_again == tuple(window.key for window in days)
    assert counted.listings <= len(days) + 5, "one per lane, and a few"


def test_planning_writes_nothing(lake: Lake, tmp_path: Path) -> None:
    deliver(lake, 1)
    deliver(lake, 1, price="20.00")
    files, before = set(tmp_path.rglob("*")), snapshots(lake)
    Rollback(lake, SALES_HISTORY, before[0]).plan()
    assert set(tmp_path.rglob("*")) == files
    assert snapshots(lake) == before


def test_a_target_is_named_by_id_by_time_or_is_the_one_before(lake: Lake) -> None:
    for number in (1, 2, 3):
        deliver(lake, number)
    table = lake.table(SALES_HISTORY)
    first, second, third = snapshots(lake)
    assert target_of(table, None).snapshot_id == second
    assert target_of(table, first).snapshot_id == first
    moment = moment_of(table.snapshot_by_id(third)) - timedelta(milliseconds=1)
    assert target_of(table, moment).snapshot_id == second
    for wrong in (12345, moment_of(table.snapshot_by_id(first)) - timedelta(seconds=1)):
        with pytest.raises(ConfigurationError, match="that its state stands on; the newest are"):
            target_of(table, wrong)


def test_a_snapshot_that_was_taken_back_is_no_target_any_more(lake: Lake) -> None:
    deliver(lake, 1)
    deliver(lake, 2)
    first, second = snapshots(lake)
    Rollback(lake, SALES_HISTORY, first).run("rollback")
    with pytest.raises(ConfigurationError, match=f"no snapshot {second}"):
        Rollback(lake, SALES_HISTORY, second).run("forward")


def test_a_refused_day_stays_refused(lake: Lake) -> None:
    deliver(lake, 1)
    deliver(lake, 2)
    publish(lake, SALES_HISTORY, [day(1)], lambda _: Candidate(sales(day(1), 0)), "empty")
    Rollback(lake, SALES_HISTORY, snapshots(lake)[0]).run("rollback")
    with pytest.raises(RefusedError, match="not_empty"):
        prices(lake, 1)


def test_a_writer_that_was_faster_wins(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(lake, 1)
    deliver(lake, 2)
    target = snapshots(lake)[0]
    real = ManageSnapshots.rollback_to_snapshot

    def meanwhile(self: ManageSnapshots, snapshot_id: int) -> ManageSnapshots:
        deliver(open_lake(tmp_path), 3)
        return real(self, snapshot_id)

    monkeypatch.setattr(rollback_module.ManageSnapshots, "rollback_to_snapshot", meanwhile)
    with pytest.raises(CommitConflictError, match="another run committed meanwhile"):
        Rollback(lake, SALES_HISTORY, target).run("rollback")
    assert prices(lake, 3) == prices(lake, 2) == {"10.00"}


@pytest.fixture
def changes(tmp_path: Path) -> CustomerChanges:
    return CustomerChanges(tmp_path / "changes.db")


def catch_up(lake: Lake, changes: CustomerChanges) -> None:
    collect(lake, FEED, changes.feed(), CALENDAR, "run", 100)


def customers(lake: Lake) -> list[str]:
    return sorted(lake.table(FEED).scan(selected_fields=("customer_id",)).to_arrow().column(0).to_pylist())


def two_days(lake: Lake, changes: CustomerChanges) -> list[PartitionWindow]:
    """Two days of a feed, each with a row and one set aside, collected and settled one after the other."""
    days = [PartitionWindow.of_day(at(number).date()) for number in (2, 3)]
    for number, window in zip((2, 3), days, strict=True):
        changes.change(f"c{number}", at(number))
        changes.change(f"bad{number}", at(number, 13), email="no address")
        changes.now = at(number, 23, 59)
        catch_up(lake, changes)
        settle(lake, FEED, [window], "close")
    return days


def test_a_feeds_stamp_and_lanes_go_back_with_its_rows_and_it_reads_on_from_there(
    lake: Lake, changes: CustomerChanges
) -> None:
    first, second = two_days(lake, changes)
    target = list(history(lake.table(FEED)))[1]
    older = parse_stamp(stamp_of(lake.table(FEED)) or "")
    Rollback(lake, FEED, target.snapshot_id).run("rollback")
    assert customers(lake) == ["c2"]
    assert parse_stamp(stamp_of(lake.table(FEED)) or "") < older
    assert PublishedPartitions(lake, FEED, [first]).read(first).num_rows == 1
    with pytest.raises(RefusedError, match="rolled_back"):
        PublishedPartitions(lake, FEED, [second]).read(second)
    changes.now = at(4)
    catch_up(lake, changes)
    verdicts = settle(lake, FEED, [first, second], "close")
    assert customers(lake) == ["c2", "c3"]
    assert sum(verdict.quarantined_rows for verdict in verdicts) + _taken_on(lake, 4) == 2
    assert PublishedPartitions(lake, FEED, [second]).read(second).num_rows == 1


def _taken_on(lake: Lake, number: int) -> int:
    return settle(lake, FEED, [PartitionWindow.of_day(at(number).date())], "close")[0].quarantined_rows


def test_back_before_the_first_stamp_it_reads_from_the_beginning(lake: Lake, changes: CustomerChanges) -> None:
    lake.table(FEED).append(lake.table(FEED).schema().as_arrow().empty_table())
    two_days(lake, changes)
    root = list(history(lake.table(FEED)))[-1]
    plan = Rollback(lake, FEED, root.snapshot_id).plan()
    assert plan.stamp is None
    Rollback(lake, FEED, root.snapshot_id).run("rollback")
    assert stamp_of(lake.table(FEED)) is None
    changes.now = at(5)
    catch_up(lake, changes)
    assert customers(lake) == ["c2", "c3"]


KILL = """
import os, signal, sys
from importlib import import_module
from pathlib import Path
from pricing_lake.contracts.bronze_customers import RAW_SNOWFLAKE_CUSTOMERS
from pricing_lake.lake.rollback import Rollback
from pricing_lake_tests.lake.conftest import open_lake
home, snapshot, owner, name, when = sys.argv[1:]
module, _, kind = owner.partition(":")
holder = import_module(f"pricing_lake.lake.{module}")
holder = getattr(holder, kind)
real = getattr(holder, name)
def dying(*arguments, **named):
    if when == "after":
        real(*arguments, **named)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(holder, name, dying)
Rollback(open_lake(Path(home)), RAW_SNOWFLAKE_CUSTOMERS, int(snapshot)).run("killed")
"""


@pytest.mark.parametrize(
    ("owner", "name", "when"),
    [
        ("increment_lanes:IncrementLanes", "withdraw", "after"),
        ("rollback:Rollback", "_commit", "after"),
        ("verdicts:VerdictStore", "write", "before"),
    ],
)
@pytest.mark.parametrize("again", [True, False], ids=["rolled-back-again", "left-alone"])
def test_killed_anywhere_no_row_is_lost_or_doubled(
    tmp_path: Path, changes: CustomerChanges, owner: str, name: str, when: str, again: bool
) -> None:
    lake = open_lake(tmp_path)
    first, second = two_days(lake, changes)
    target = list(history(lake.table(FEED)))[1].snapshot_id
    dead = subprocess.run([sys.executable, "-c", KILL, str(tmp_path), str(target), owner, name, when], check=False)
    assert dead.returncode == -signal.SIGKILL
    if again:
        Rollback(lake, FEED, target).run("again")
    changes.now = at(4)
    catch_up(lake, changes)
    verdicts = settle(lake, FEED, [first, second], "close")
    assert customers(lake) == ["c2", "c3"]
    assert sum(verdict.quarantined_rows for verdict in verdicts) + _taken_on(lake, 4) == 2
