"""Rows that increments set aside: each once, however often it is met, whoever dies or loses, and on whichever day."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from pricing_lake.contracts.bronze_customers import RAW_SNOWFLAKE_CUSTOMERS
from pricing_lake.errors import CommitConflictError
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.increment import Collected, collect, publish_increment, read_again
from pricing_lake.lake.increment_lanes import IncrementLanes
from pricing_lake.lake.settle import settle
from pricing_lake.lake.watermark import parse_stamp, stamp_of
from pricing_lake.lake.window import PartitionWindow
from pricing_lake_tests.lake.change_feed import CALENDAR, CustomerChanges, at
from pricing_lake_tests.lake.conftest import open_lake

TABLE = RAW_SNOWFLAKE_CUSTOMERS
BAD = {"email": "no address"}


@pytest.fixture
def changes(tmp_path: Path) -> CustomerChanges:
    return CustomerChanges(tmp_path / "changes.db")


def catch_up(lake: Lake, changes: CustomerChanges, now: datetime) -> list[Collected]:
    changes.now = now
    return collect(lake, TABLE, changes.feed(), CALENDAR, "run", 100)


def set_aside(lake: Lake) -> Counter[tuple[str, str]]:
    """Day and reason of every row that the settled days of the calendar hold as set aside."""
    days = [PartitionWindow.of_day((CALENDAR.start + timedelta(days=number)).date()) for number in range(30)]
    found: Counter[tuple[str, str]] = Counter()
    for verdict in settle(lake, TABLE, days, "close"):
        found.update({(verdict.partition[-2:], reason): count for reason, count in verdict.reasons.items()})
    return found


def test_a_bad_row_that_the_overlap_meets_again_is_set_aside_once(lake: Lake, changes: CustomerChanges) -> None:
    changes.change("bad", at(2, 11, 50), **BAD)
    changes.change("good", at(2, 11, 50))
    catch_up(lake, changes, at(2, 12))
    for minute in range(5, 60, 5):
        changes.change(f"c{minute}", at(2, 11, 55) + timedelta(minutes=minute))
        catch_up(lake, changes, at(2, 12, minute))
    assert set_aside(lake) == {("02", "email_malformed"): 1}


def test_two_equal_bad_rows_are_two_and_a_third_that_comes_late_is_one_more(
    lake: Lake, changes: CustomerChanges
) -> None:
    for _ in range(2):
        changes.change("bad", at(2, 11, 50), **BAD)
    catch_up(lake, changes, at(2, 12))
    changes.change("bad", at(2, 11, 50), **BAD)
    assert [one.quarantined for one in catch_up(lake, changes, at(2, 12, 20))] == [1]
    assert set_aside(lake) == {("02", "email_malformed"): 3}


def test_a_stretch_of_nothing_but_bad_rows_moves_the_stamp_and_is_not_told_again(
    lake: Lake, changes: CustomerChanges
) -> None:
    changes.change("bad", at(2, 11, 50), **BAD)
    catch_up(lake, changes, at(2, 12))
    assert parse_stamp(stamp_of(lake.table(TABLE)) or "") == at(2, 11, 55)
    snapshots = len(lake.table(TABLE).snapshots())
    for hour in (13, 14, 15):
        catch_up(lake, changes, at(2, hour))
    assert len(lake.table(TABLE).snapshots()) == snapshots
    assert set_aside(lake) == {("02", "email_malformed"): 1}


def test_a_bad_row_met_around_midnight_stays_on_the_day_it_was_taken_first(
    lake: Lake, changes: CustomerChanges
) -> None:
    changes.change("bad", at(2, 23, 45), **BAD)
    catch_up(lake, changes, at(2, 23, 55))
    changes.change("good", at(2, 23, 58))
    catch_up(lake, changes, at(3, 0, 10))
    assert set_aside(lake) == {("02", "email_malformed"): 1}


def test_a_past_day_read_again_sets_nothing_aside_twice(lake: Lake, changes: CustomerChanges) -> None:
    day = PartitionWindow.of_day(at(2).date())
    changes.change("bad", at(2), **BAD)
    catch_up(lake, changes, at(3))
    changes.change("worse", at(2), **BAD)
    for now in (at(5), at(6), at(7)):
        changes.now = now
        read_again(lake, TABLE, changes.feed(), [day], CALENDAR, "again")
    assert set_aside(lake) == {("03", "email_malformed"): 1, ("05", "email_malformed"): 1}


def test_a_settled_day_that_a_row_is_taken_on_is_settled_anew(lake: Lake, changes: CustomerChanges) -> None:
    changes.change("good", at(2))
    catch_up(lake, changes, at(3, 12))
    today = PartitionWindow.of_day(at(3).date())
    settle(lake, TABLE, [today], "early")
    changes.change("bad", at(3, 12), **BAD)
    [collected] = catch_up(lake, changes, at(3, 13))
    assert [day.key for day in collected.settled] == [today.key]


KILL = """
import os, signal, sys
from datetime import datetime
from importlib import import_module
from pathlib import Path
from pricing_lake.contracts.bronze_customers import RAW_SNOWFLAKE_CUSTOMERS
from pricing_lake.lake.increment import collect
from pricing_lake_tests.lake.change_feed import CALENDAR, CustomerChanges
from pricing_lake_tests.lake.conftest import open_lake
home, now, owner, name, when = sys.argv[1:]
module, _, kind = owner.partition(":")
holder = import_module(f"pricing_lake.lake.{module}")
holder = getattr(holder, kind) if kind else holder
real = getattr(holder, name)
def dying(*arguments, **named):
    if when == "after":
        real(*arguments, **named)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(holder, name, dying)
feed = CustomerChanges(Path(home) / "changes.db", datetime.fromisoformat(now)).feed()
collect(open_lake(Path(home)), RAW_SNOWFLAKE_CUSTOMERS, feed, CALENDAR, "killed", 100)
"""


def killed(home: Path, now: datetime, owner: str, name: str, when: str) -> None:
    """Collect in a process of its own that dies before or after a step."""
    arguments = (str(home), now.isoformat(), owner, name, when)
    dead = subprocess.run([sys.executable, "-c", KILL, *arguments], check=False)
    assert dead.returncode == -signal.SIGKILL


STEPS = [
    ("increment_lanes:IncrementLanes", "propose", "before"),
    ("increment_lanes:IncrementLanes", "propose", "after"),
    ("increment_batch", "commit_with_stamp", "before"),
    ("increment_batch", "commit_with_stamp", "after"),
    ("increment_lanes:IncrementLanes", "accept", "after"),
]


@pytest.mark.parametrize(("owner", "name", "when"), STEPS)
@pytest.mark.parametrize("later", [timedelta(minutes=7), timedelta(days=3)], ids=["soon", "after-the-weekend"])
def test_killed_and_run_again_later_every_bad_row_is_told_once(
    tmp_path: Path, changes: CustomerChanges, owner: str, name: str, when: str, later: timedelta
) -> None:
    lake = open_lake(tmp_path)
    changes.change("first", at(1))
    catch_up(lake, changes, at(2, 12))
    for number in range(3):
        changes.change(f"bad{number}", at(2, 12, number), **BAD)
        changes.change(f"good{number}", at(2, 12, number))
    killed(tmp_path, at(2, 12, 30), owner, name, when)
    catch_up(lake, changes, at(2, 12, 30) + later)
    assert sum(set_aside(lake).values()) == 3
    rows = lake.table(TABLE).scan(selected_fields=("customer_id",)).to_arrow().column("customer_id").to_pylist()
    assert sorted(rows) == ["first", "good0", "good1", "good2"]


def test_killed_after_its_commit_a_run_leaves_bad_rows_that_the_next_one_tells_though_nothing_came(
    tmp_path: Path, changes: CustomerChanges
) -> None:
    changes.change("bad", at(2, 12), **BAD)
    killed(tmp_path, at(2, 12, 30), "increment_batch", "commit_with_stamp", "after")
    lake = open_lake(tmp_path)
    catch_up(lake, changes, at(2, 12, 30))
    assert set_aside(lake) == {("02", "email_malformed"): 1}


def test_of_two_readers_of_one_stretch_the_loser_leaves_no_bad_rows_though_it_read_further(
    lake: Lake, changes: CustomerChanges, tmp_path: Path
) -> None:
    changes.change("bad", at(2, 11, 50), **BAD)
    changes.change("good", at(2, 11, 50))
    changes.now = at(2, 12)
    shorter = next(changes.feed().increments(None))
    changes.change("later", at(2, 12, 10), **BAD)
    changes.now = at(2, 12, 30)
    longer = next(changes.feed().increments(None))

    def meanwhile(quarantined: pa.Table, _: str) -> pa.Table:
        publish_increment(open_lake(tmp_path), TABLE, shorter, CALENDAR, "faster", after=None)
        return quarantined

    with pytest.raises(CommitConflictError):
        publish_increment(lake, TABLE, replace(longer, set_aside=meanwhile), CALENDAR, "slower", after=None)
    assert set_aside(lake) == {("02", "email_malformed"): 1}
    catch_up(lake, changes, at(2, 12, 30))
    assert set_aside(lake) == {("02", "email_malformed"): 2}


def test_a_proposal_that_nobody_committed_is_dropped_when_it_is_old(lake: Lake, tmp_path: Path) -> None:
    lanes = IncrementLanes(lake.proofs, TABLE.id)
    for name in ("dead", "alive"):
        lanes.propose(name, at(2).date(), ["{}"])
    [old] = tmp_path.rglob("*.dead.*.json")
    os.utime(old, (0, 0))
    lanes.accept(())
    assert [path.name for path in tmp_path.rglob("*.json")] == ["2026-03-02.alive.00000.json"]


def test_two_that_accept_at_once_do_not_disturb_each_other(lake: Lake) -> None:
    lanes = IncrementLanes(lake.proofs, TABLE.id)
    for number in range(200):
        lanes.propose(f"batch-{number}", at(2).date(), [f'{{"number": {number}}}'])
    committed = {f"batch-{number}" for number in range(200)}
    with ThreadPoolExecutor(4) as pool:
        for _ in pool.map(lanes.accept, [committed] * 4):
            pass
    assert sorted(json.loads(line)["number"] for line in lanes.of_day(at(2).date())) == list(range(200))
