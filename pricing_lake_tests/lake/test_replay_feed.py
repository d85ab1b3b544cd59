"""Replay of a feed's lanes: merged by key, the lane rewritten with the commit, the stamp left alone."""

import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from pricing_lake.contracts.bronze_customers import RAW_SNOWFLAKE_CUSTOMERS
from pricing_lake.contracts.model import Rule, Table
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.increment import collect, read_again
from pricing_lake.lake.increment_lanes import IncrementLanes
from pricing_lake.lake.replay_feed import FeedReplay
from pricing_lake.lake.settle import settle
from pricing_lake.lake.verdicts import Verdict
from pricing_lake.lake.watermark import stamp_of
from pricing_lake.lake.window import PartitionWindow
from pricing_lake_tests.lake.change_feed import CALENDAR, CustomerChanges, at
from pricing_lake_tests.lake.conftest import open_lake

TABLE = RAW_SNOWFLAKE_CUSTOMERS
TAKEN = PartitionWindow.of_day(at(3).date())
OWN_DAY = PartitionWindow.of_day(at(2).date())


def relaxed() -> Table:
    """The contract with a laxer rule on an e-mail."""
    rule = Rule("email_malformed", pl.col("email") != "", "known")
    return replace(TABLE, columns=tuple(replace(c, rules=(rule,)) if c.name == "email" else c for c in TABLE.columns))


RELAXED = relaxed()


@pytest.fixture
def changes(tmp_path: Path) -> CustomerChanges:
    """A source of which two rows have an e-mail that is none and one has no key, all taken on 3 March."""
    changes = CustomerChanges(tmp_path / "changes.db")
    changes.change("good", at(2))
    changes.change("odd1", at(2, 13), email="no address")
    changes.change("odd2", at(2, 14), email="nor this")
    changes.change(None, at(2, 15))
    changes.now = at(3)
    return changes


def catch_up(lake: Lake, changes: CustomerChanges) -> None:
    collect(lake, TABLE, changes.feed(), CALENDAR, "run", 100)


def customers(lake: Lake) -> list[str]:
    return sorted(lake.table(TABLE).scan(selected_fields=("customer_id",)).to_arrow().column(0).to_pylist())


def verdicts(lake: Lake) -> tuple[Verdict, Verdict]:
    own, taken = settle(lake, TABLE, [OWN_DAY, TAKEN], "close")
    return own, taken


def replay(lake: Lake, contract: Table = RELAXED) -> FeedReplay:
    return FeedReplay(lake, contract, [TAKEN], CALENDAR)


def test_rows_that_pass_today_go_to_their_own_days_and_leave_the_lane(lake: Lake, changes: CustomerChanges) -> None:
    catch_up(lake, changes)
    own, taken = verdicts(lake)
    assert (own.good_rows, taken.quarantined_rows) == (1, 3)
    stamp = stamp_of(lake.table(TABLE))
    publication, [day] = replay(lake).run("replay")
    assert (day.regained, day.reasons) == (2, Counter(customer_id_missing=1))
    assert customers(lake) == ["good", "odd1", "odd2"]
    assert stamp_of(lake.table(TABLE)) == stamp
    assert {verdict.partition for verdict in publication.verdicts} == {OWN_DAY.key, TAKEN.key} == publication.changed
    own, taken = verdicts(lake)
    assert (own.good_rows, taken.quarantined_rows, dict(taken.reasons)) == (3, 1, {"customer_id_missing": 1})


def test_a_second_replay_finds_nothing_to_do(lake: Lake, changes: CustomerChanges) -> None:
    catch_up(lake, changes)
    verdicts(lake)
    replay(lake).run("replay")
    snapshots = len(lake.table(TABLE).snapshots())
    publication, [day] = replay(lake).run("again")
    assert (day.changed, publication.snapshot_id, publication.changed) == (False, None, frozenset())
    assert len(lake.table(TABLE).snapshots()) == snapshots


def test_a_row_that_came_right_meanwhile_is_not_doubled_nor_set_back(lake: Lake, changes: CustomerChanges) -> None:
    """The source corrected the row and it was collected: the copy in the lane is older."""
    catch_up(lake, changes)
    changes.correct("odd1", at(2, 13), email="now@right.example", country="BE")
    changes.now = at(3, 0, 30)
    collect(lake, TABLE, changes.feed(), CALENDAR, "run", 100)
    read_again(lake, TABLE, changes.feed(), [OWN_DAY], CALENDAR, "run")
    assert customers(lake) == ["good", "odd1"]
    replay(lake).run("replay")
    assert customers(lake) == ["good", "odd1", "odd2"]


def test_collecting_afterwards_neither_doubles_rows_nor_sets_them_aside_again(
    lake: Lake, changes: CustomerChanges
) -> None:
    catch_up(lake, changes)
    replay(lake).run("replay")
    changes.change("later", at(2, 23, 50))
    changes.now = at(3, 0, 20)
    collect(lake, RELAXED, changes.feed(), CALENDAR, "run", 100)
    assert customers(lake) == ["good", "later", "odd1", "odd2"]
    assert verdicts(lake)[1].quarantined_rows == 1


def test_a_rule_that_is_gone_holds_its_rows_until_it_is_named(lake: Lake, changes: CustomerChanges) -> None:
    """Nothing tells a rule of yesterday from a producer's own word."""
    catch_up(lake, changes)
    none = replace(TABLE, columns=tuple(replace(c, rules=()) if c.name == "email" else c for c in TABLE.columns))
    assert replay(lake, none).plan()[0].regained == 0
    assert FeedReplay(lake, none, [TAKEN], CALENDAR, gone=("email_malformed",)).plan()[0].regained == 2


KILL = """
import os, signal, sys
from importlib import import_module
from pathlib import Path
from pricing_lake.lake.replay_feed import FeedReplay
from pricing_lake_tests.lake.change_feed import CALENDAR
from pricing_lake_tests.lake.conftest import open_lake
from pricing_lake_tests.lake.test_replay_feed import RELAXED, TAKEN
home, owner, name, when = sys.argv[1:]
module, _, kind = owner.partition(":")
holder = import_module(f"pricing_lake.lake.{module}")
holder = getattr(holder, kind) if kind else holder
real = getattr(holder, name)
def dying(*arguments, **named):
    if when == "after":
        real(*arguments, **named)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(holder, name, dying)
FeedReplay(open_lake(Path(home)), RELAXED, [TAKEN], CALENDAR).run("killed")
"""


@pytest.mark.parametrize(
    ("owner", "name", "when"),
    [
        ("increment_lanes:IncrementLanes", "propose_instead", "after"),
        ("increment_batch", "commit_with_stamp", "before"),
        ("increment_batch", "commit_with_stamp", "after"),
        ("increment_lanes:IncrementLanes", "_replace", "before"),
        ("increment_lanes:IncrementLanes", "_move", "after"),
        ("replay_feed", "settle", "before"),
    ],
)
def test_killed_anywhere_and_run_again_every_row_is_told_once(
    tmp_path: Path, changes: CustomerChanges, owner: str, name: str, when: str
) -> None:
    lake = open_lake(tmp_path)
    catch_up(lake, changes)
    verdicts(lake)
    dead = subprocess.run([sys.executable, "-c", KILL, str(tmp_path), owner, name, when], check=False)
    assert dead.returncode == -signal.SIGKILL
    replay(lake).run("again")
    assert customers(lake) == ["good", "odd1", "odd2"]
    assert len(IncrementLanes(lake.proofs, TABLE.id).of_day(TAKEN.first_day)) == 1
    own, taken = verdicts(lake)
    assert (own.good_rows, taken.quarantined_rows) == (3, 1)
