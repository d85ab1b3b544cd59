"""Which verdicts and lanes housekeeping deletes: old ones that newer ones replaced, never the latest word on a day."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pricing_lake.contracts.bronze_customers import RAW_SNOWFLAKE_CUSTOMERS
from pricing_lake.contracts.model import Retention
from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.chores.old_proofs import old_proofs, remove_proofs
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.increment import collect
from pricing_lake.lake.increment_lanes import IncrementLanes
from pricing_lake.lake.publish import publish
from pricing_lake.lake.quarantine import ErrorLanes
from pricing_lake.lake.reader import PublishedPartitions
from pricing_lake.lake.settle import settle
from pricing_lake.lake.verdicts import Verdict, VerdictStore, now_utc
from pricing_lake.lake.window import PartitionWindow
from pricing_lake_tests.lake.change_feed import CALENDAR, CustomerChanges, at
from pricing_lake_tests.lake.chores.ageing import age, everything_in, in_days
from pricing_lake_tests.lake.conftest import day, sales


def deliver(lake: Lake, bad: int) -> Verdict:
    rows = sales(day(1), 20)
    rows = rows.set_column(4, "condition", [["mint"] * bad + ["good"] * (20 - bad)])
    return publish(lake, SALES_HISTORY, [day(1)], lambda _: Candidate(rows), "run").verdicts[0]


@pytest.fixture
def lanes(lake: Lake, tmp_path: Path) -> Path:
    """A day that was published three times, each with a lane, and a lane of a run that died before its verdict."""
    for bad in (1, 2, 3):
        deliver(lake, bad)
    ErrorLanes(lake.proofs).write(SALES_HISTORY.id, day(1).key, "died", ['{"reasons": []}'])
    return tmp_path / "warehouse" / "_errors"


def test_replaced_proofs_go_when_they_are_old_and_the_latest_stays(lake: Lake, lanes: Path) -> None:
    age(everything_in(lanes), 100)
    assert old_proofs(lake.proofs, SALES_HISTORY, in_days(89)).verdicts == ()
    found = old_proofs(lake.proofs, SALES_HISTORY, in_days(91))
    assert (len(found.verdicts), len(found.lanes)) == (2, 3)
    remove_proofs(lake.proofs, found)
    [latest] = VerdictStore(lake.proofs).newest_first(SALES_HISTORY.id)
    assert latest.quarantined_rows == 3
    assert len(list(ErrorLanes(lake.proofs).read(SALES_HISTORY.id, day(1).key, latest.batch_id))) == 3
    assert PublishedPartitions(lake, SALES_HISTORY, [day(1)]).read(day(1)).num_rows == 17
    assert old_proofs(lake.proofs, SALES_HISTORY, in_days(91)) == old_proofs(lake.proofs, SALES_HISTORY, in_days(0))


def test_young_lanes_stay_with_or_without_a_verdict(lake: Lake, lanes: Path) -> None:
    assert old_proofs(lake.proofs, SALES_HISTORY, now_utc()).lanes == ()


def test_a_lane_that_a_kept_verdict_leads_to_stays(lake: Lake, lanes: Path) -> None:
    """Its verdict was replaced, but not long enough ago."""
    age(everything_in(lanes), 100)
    kept = {verdict.batch_id for verdict in VerdictStore(lake.proofs).newest_first(SALES_HISTORY.id)}
    doomed = old_proofs(lake.proofs, SALES_HISTORY, now_utc()).lanes
    assert len(doomed) == 1
    assert not [lane for lane in doomed if any(batch in lane for batch in kept)]


def test_what_a_feed_set_aside_stays_as_long_as_its_rows(lake: Lake, tmp_path: Path) -> None:
    feed = replace(RAW_SNOWFLAKE_CUSTOMERS, retention=Retention(days=400))
    changes = CustomerChanges(tmp_path / "changes.db")
    changes.change("bad", at(2), email="no address")
    changes.now = at(3)
    collect(lake, feed, changes.feed(), CALENDAR, "run", 100)
    window = PartitionWindow.of_day(at(3).date())
    settle(lake, feed, [window], "close")
    age(everything_in(tmp_path / "warehouse"), 300)
    assert old_proofs(lake.proofs, feed, window.end + timedelta(days=399)).lanes == ()
    [lane] = old_proofs(lake.proofs, feed, window.end + timedelta(days=401)).lanes
    assert "/dt=2026-03-03/increments/" in lane
    assert len(IncrementLanes(lake.proofs, feed.id).of_day(window.first_day)) == 1
    assert old_proofs(lake.proofs, RAW_SNOWFLAKE_CUSTOMERS, window.end + timedelta(days=9_999)).lanes == ()
