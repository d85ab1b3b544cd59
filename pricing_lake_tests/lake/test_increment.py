"""Increments: each source row once, whatever dies when; the stamp moves with its rows; late rows find their way."""

import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from pricing_lake.contracts.bronze_customers import RAW_SNOWFLAKE_CUSTOMERS
from pricing_lake.errors import CommitConflictError, ConfigurationError, RefusedError
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.feed import Increment
from pricing_lake.lake.increment import Collected, collect, publish_increment, read_again
from pricing_lake.lake.reader import PublishedPartitions
from pricing_lake.lake.settle import settle
from pricing_lake.lake.verdicts import VerdictStore
from pricing_lake.lake.watermark import STAMP, Watermark, parse_stamp, stamp_of
from pricing_lake.lake.window import PartitionWindow
from pricing_lake_tests.lake.change_feed import CALENDAR, FIRST, CustomerChanges, at
from pricing_lake_tests.lake.conftest import open_lake

TABLE = RAW_SNOWFLAKE_CUSTOMERS


@pytest.fixture
def changes(tmp_path: Path) -> CustomerChanges:
    return CustomerChanges(tmp_path / "changes.db")


def catch_up(lake: Lake, changes: CustomerChanges, run: str = "run", most: int = 100) -> list[Collected]:
    return collect(lake, TABLE, changes.feed(), CALENDAR, run, most)


def stored(lake: Lake) -> list[tuple[str, str]]:
    rows = lake.table(TABLE).scan(selected_fields=("customer_id", "updated_at")).to_arrow().to_pylist()
    return sorted((row["customer_id"], row["updated_at"].strftime("%d %H:%M")) for row in rows)


def countries(lake: Lake) -> dict[str, str]:
    rows = lake.table(TABLE).scan(selected_fields=("customer_id", "country")).to_arrow().to_pylist()
    return {row["customer_id"]: row["country"] for row in rows}


def test_a_backlog_comes_in_steps_and_the_stamp_moves_with_its_rows(lake: Lake, changes: CustomerChanges) -> None:
    for day in (1, 2, 4, 7):
        changes.change(f"c{day}", at(day))
    changes.now = at(8)
    collected = catch_up(lake, changes)
    assert [one.added for one in collected] == [2, 1, 0, 1]
    assert stored(lake) == [("c1", "01 12:00"), ("c2", "02 12:00"), ("c4", "04 12:00"), ("c7", "07 12:00")]
    table = lake.table(TABLE)
    assert parse_stamp(stamp_of(table) or "") == at(8) - timedelta(minutes=5)
    assert table.current_snapshot().summary.additional_properties[STAMP] == stamp_of(table)


def test_caught_up_means_nothing_is_committed(lake: Lake, changes: CustomerChanges) -> None:
    changes.change("c1", at(1))
    changes.now = at(2)
    catch_up(lake, changes)
    stamp, snapshots = stamp_of(lake.table(TABLE)), len(lake.table(TABLE).snapshots())
    changes.now = at(2, 12, 30)
    assert [(one.received, one.added, one.snapshot_id) for one in catch_up(lake, changes)] == [(0, 0, None)]
    assert stamp_of(lake.table(TABLE)) == stamp
    assert len(lake.table(TABLE).snapshots()) == snapshots


def test_a_row_committed_after_the_read_is_met_in_the_overlap(lake: Lake, changes: CustomerChanges) -> None:
    changes.change("early", at(2, 11, 30))
    changes.now = at(2, 12)
    catch_up(lake, changes)
    changes.change("late", at(2, 11, 20))
    changes.now = at(2, 12, 30)
    assert [(one.received, one.added, one.unchanged) for one in catch_up(lake, changes)] == [(2, 1, 1)]
    assert stored(lake) == [("early", "02 11:30"), ("late", "02 11:20")]


def test_a_corrected_row_replaces_its_old_self_and_no_other(lake: Lake, changes: CustomerChanges) -> None:
    for number in range(5):
        changes.change(f"c{number}", at(2, 11, 30 + number), country="NL")
    changes.now = at(2, 12)
    catch_up(lake, changes)
    changes.correct("c3", at(2, 11, 33), country="BE")
    changes.now = at(2, 12, 20)
    collected = catch_up(lake, changes)
    assert [(one.added, one.replaced, one.unchanged) for one in collected] == [(1, 1, 4)]
    assert countries(lake) == {"c0": "NL", "c1": "NL", "c2": "NL", "c3": "BE", "c4": "NL"}


def test_a_settled_day_that_gets_a_late_row_is_settled_anew_and_stays_readable(
    lake: Lake, changes: CustomerChanges
) -> None:
    day = PartitionWindow.of_day(at(2).date())
    changes.change("c1", at(2, 23, 50))
    changes.now = at(3, 0, 10)
    catch_up(lake, changes)
    assert [verdict.good_rows for verdict in settle(lake, TABLE, [day], "close")] == [1]
    changes.change("late", at(2, 23, 45))
    changes.now = at(3, 0, 30)
    collected = catch_up(lake, changes)
    assert [window.key for one in collected for window in one.settled] == [day.key]
    assert PublishedPartitions(lake, TABLE, [day]).read(day).num_rows == 2


def test_a_past_day_read_again_merges_what_came_later_and_leaves_the_stamp(
    lake: Lake, changes: CustomerChanges
) -> None:
    day = PartitionWindow.of_day(at(2).date())
    changes.change("c1", at(2))
    changes.now = at(5)
    catch_up(lake, changes)
    stamp = stamp_of(lake.table(TABLE))
    changes.change("very-late", at(2, 9))
    again = read_again(lake, TABLE, changes.feed(), [day], CALENDAR, "again")
    assert [(one.added, one.unchanged) for one in again] == [(1, 1)]
    assert stamp_of(lake.table(TABLE)) == stamp
    assert [one.added for one in read_again(lake, TABLE, changes.feed(), [day], CALENDAR, "again")] == [0]


def test_a_refused_increment_changes_nothing_and_moves_no_stamp(lake: Lake, changes: CustomerChanges) -> None:
    for number in range(30):
        changes.change(f"c{number}", at(2), tenant_id="NOT A TENANT")
    changes.now = at(3)
    with pytest.raises(RefusedError, match="bad_share: 30 of 30 rows are bad"):
        catch_up(lake, changes)
    assert stored(lake) == []
    assert stamp_of(lake.table(TABLE)) == stamp_before_first_row(lake)


def stamp_before_first_row(lake: Lake) -> str | None:
    """Empty stretches of a backlog move the stamp; the refused one must not."""
    kept = [s.summary.additional_properties.get(STAMP) for s in lake.table(TABLE).snapshots() if s.summary]
    return kept[-1] if kept else None


def test_bad_rows_lie_in_the_lane_of_the_day_they_were_taken(lake: Lake, changes: CustomerChanges) -> None:
    changes.change("good", at(2))
    changes.change("bad", at(2), email="no address")
    changes.change(None, at(2))
    changes.now = at(3)
    for _ in range(2):
        catch_up(lake, changes)
        [verdict] = settle(lake, TABLE, [PartitionWindow.of_day(at(3).date())], "close")
        assert dict(verdict.reasons) == {"email_malformed": 1, "customer_id_missing": 1}
        assert (verdict.source_rows, verdict.good_rows, verdict.quarantined_rows) == (2, 0, 2)


def test_a_row_beyond_the_calendar_is_set_aside(lake: Lake, changes: CustomerChanges) -> None:
    changes.change("future", CALENDAR.end + timedelta(days=3))
    found = changes.read(CALENDAR.start, CALENDAR.end + timedelta(days=9))
    increment = Increment("x", found, at(3), "stamp")
    collected = publish_increment(lake, TABLE, increment, CALENDAR, "run", after=None)
    assert (collected.added, collected.quarantined) == (0, 1)


def test_of_two_readers_of_one_stretch_one_lands(lake: Lake, changes: CustomerChanges, tmp_path: Path) -> None:
    changes.change("c1", at(1))
    changes.now = at(2)
    first = next(changes.feed().increments(None))
    second = next(changes.feed().increments(None))
    publish_increment(lake, TABLE, first, CALENDAR, "first", after=None)
    with pytest.raises(CommitConflictError, match="another run moved the stamp"):
        publish_increment(open_lake(tmp_path), TABLE, second, CALENDAR, "second", after=None)
    assert stored(lake) == [("c1", "01 12:00")]


def test_a_commit_between_load_and_commit_loses_cleanly(lake: Lake, changes: CustomerChanges, tmp_path: Path) -> None:
    """The second reader loaded the same snapshot: only the catalog's compare-and-set stands between it and doubles."""
    changes.change("c1", at(1), email="no address")
    changes.change("c2", at(1))
    changes.now = at(2)
    increment = next(changes.feed().increments(None))

    def meanwhile(quarantined: pa.Table, _: str) -> pa.Table:
        publish_increment(open_lake(tmp_path), TABLE, increment, CALENDAR, "meanwhile", after=None)
        return quarantined

    slow = Increment(increment.name, increment.candidate, increment.taken, increment.stamp, set_aside=meanwhile)
    with pytest.raises(CommitConflictError, match="another run committed meanwhile"):
        publish_increment(lake, TABLE, slow, CALENDAR, "slow", after=None)
    live = {task.file.file_path.removeprefix("file://") for task in lake.table(TABLE).scan().plan_files()}
    files = {str(path) for path in (tmp_path / "warehouse").rglob("*.parquet")}
    assert files == live
    assert stored(lake) == [("c2", "01 12:00")]


def test_a_stamp_that_somebody_spoilt_is_one_clear_line() -> None:
    with pytest.raises(ConfigurationError, match="'yesterday', which is no time in UTC; restore it"):
        parse_stamp("yesterday")


def test_a_stretch_never_reaches_past_the_lag_and_never_before_the_beginning() -> None:
    rule = Watermark(FIRST, lag=timedelta(minutes=5), overlap=timedelta(hours=1), step=timedelta(days=2))
    assert rule.stretch(None, FIRST + timedelta(minutes=4)) is None
    assert rule.stretch(None, at(2)) == (FIRST, at(2) - timedelta(minutes=5))
    assert rule.stretch(at(2).isoformat(), at(9)) == (at(2, 11), at(4))


KILL = """
import os, signal, sys
from pathlib import Path
from pricing_lake.contracts.bronze_customers import RAW_SNOWFLAKE_CUSTOMERS
from pricing_lake.lake import increment, increment_batch
from pricing_lake_tests.lake.change_feed import CALENDAR, CustomerChanges, at
from pricing_lake_tests.lake.conftest import open_lake
home, where, when = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
module = increment if hasattr(increment, where) else increment_batch
real = getattr(module, where)
def dying(*arguments, **named):
    if when == "after":
        real(*arguments, **named)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(module, where, dying)
feed = CustomerChanges(home / "changes.db", at(6)).feed()
increment.collect(open_lake(home), RAW_SNOWFLAKE_CUSTOMERS, feed, CALENDAR, "killed", 100)
"""
STEPS = [
    ("split_rows", "before"),
    ("plan_merge", "before"),
    ("stage_files", "before"),
    ("stage_files", "after"),
    ("write_survivors", "after"),
    ("commit_with_stamp", "before"),
    ("commit_with_stamp", "after"),
    ("settle", "before"),
]


@pytest.mark.parametrize(("where", "when"), STEPS)
def test_killed_anywhere_and_run_again_every_row_is_there_once(tmp_path: Path, where: str, when: str) -> None:
    changes = CustomerChanges(tmp_path / "changes.db")
    for day in range(1, 6):
        changes.change(f"c{day}", at(day))
        changes.change(f"bad{day}", at(day), email="no address")
    changes.now = at(6)
    dead = subprocess.run([sys.executable, "-c", KILL, str(tmp_path), where, when], check=False)
    assert dead.returncode == -signal.SIGKILL
    lake = open_lake(tmp_path)
    catch_up(lake, changes)
    assert stored(lake) == [(f"c{day}", f"0{day} 12:00") for day in range(1, 6)]
    [verdict] = settle(lake, TABLE, [PartitionWindow.of_day(at(6).date())], "close")
    assert dict(verdict.reasons) == {"email_malformed": 5}


def test_killed_between_commit_and_verdict_a_settled_day_heals_by_itself(
    lake: Lake, changes: CustomerChanges, tmp_path: Path
) -> None:
    day = PartitionWindow.of_day(at(2).date())
    changes.change("c1", at(2, 23, 50))
    changes.now = at(3, 0, 10)
    catch_up(lake, changes)
    settle(lake, TABLE, [day], "close")
    changes.change("late", at(2, 23, 45))
    changes.now = at(3, 0, 30)
    stamp = stamp_of(lake.table(TABLE))
    publish_increment(lake, TABLE, next(changes.feed().increments(stamp)), CALENDAR, "dies", after=stamp)
    with pytest.raises(RefusedError, match="its verdict never reached the table"):
        PublishedPartitions(lake, TABLE, [day]).read(day)
    assert [one.settled for one in catch_up(lake, changes)] == [(day,)], "whoever records days has to hear of it"
    assert PublishedPartitions(lake, TABLE, [day]).read(day).num_rows == 2
    assert VerdictStore(lake.proofs).latest(TABLE.id, [day.key])[day.key].good_rows == 2
