"""Backfills of a feed's days respect its stamp: in whatever order past days run, it never goes back nor rows double."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import pytest

from pricing_lake.contracts.bronze_customers import RAW_SNOWFLAKE_CUSTOMERS
from pricing_lake.lake.settle import settle
from pricing_lake.lake.verdicts import Verdict, VerdictStore
from pricing_lake.lake.watermark import parse_stamp, stamp_of
from pricing_lake.lake.window import PartitionWindow
from pricing_lake_tests.bronze.orders_lake import OrdersLake, today
from pricing_lake_tests.lake.change_feed import CustomerChanges, at
from pricing_lake_tests.sources.mock_kafka import mock_kafka
from pricing_lake_tests.sources.order_messages import order
from pricing_lake_tests.table_asset.test_feed import CALENDAR, KEY, collect, materialize, rows
from pricing_lake_tests.table_asset.tiny_table import lake_resource

FIRST = date(2026, 3, 1)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def stamp(home: Path) -> str:
    return stamp_of(lake_resource(home).open().table(RAW_SNOWFLAKE_CUSTOMERS)) or ""


@pytest.mark.parametrize(
    "ranges",
    [[(1, 4), (1, 4)], [(4, 4), (3, 3), (2, 2), (1, 1)], [(2, 3), (1, 4), (2, 2)]],
    ids=["twice", "backwards", "overlapping"],
)
def test_a_backfill_of_past_days_moves_the_stamp_forward_only(
    tmp_path: Path, instance: dg.DagsterInstance, ranges: Sequence[tuple[int, int]]
) -> None:
    changes = CustomerChanges(tmp_path / "changes.db")
    for number in range(1, 5):
        changes.change(f"c{number}", at(number))
    changes.now = at(6)
    stamps = []
    for number, (first, last) in enumerate(ranges):
        days = [(FIRST + timedelta(days=day - 1)).isoformat() for day in (first, last)]
        changes.now = at(6, 12, number)
        assert materialize(tmp_path, changes, instance, days[0], days[1]).success
        stamps.append(parse_stamp(stamp(tmp_path)))
    assert stamps == sorted(stamps)
    assert stamps[0] > at(4), "the first run catches up, whichever day was asked for"
    assert rows(tmp_path) == ["c1", "c2", "c3", "c4"]


def test_a_past_day_that_grew_late_is_filled_by_its_backfill_without_touching_the_stamp(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    changes = CustomerChanges(tmp_path / "changes.db")
    changes.change("c2", at(2))
    changes.now = at(6)
    materialize(tmp_path, changes, instance, "2026-03-01", "2026-03-04")
    before = stamp(tmp_path)
    changes.change("late", at(3))
    assert materialize(tmp_path, changes, instance, "2026-03-03", "2026-03-03").success
    assert rows(tmp_path) == ["c2", "late"]
    assert stamp(tmp_path) == before


def page(instance: dg.DagsterInstance) -> dict[str, str]:
    """What the gate's Partitions page shows."""
    check = dg.AssetCheckKey(KEY, "gate")
    state = instance.event_log_storage.get_asset_check_state([(check, CALENDAR.days)])[check]
    return {day: s.value for s, part in state.subsets.items() for day in part.subset_value.get_partition_keys()}


def verdict(home: Path, day: str) -> Verdict:
    return VerdictStore(lake_resource(home).open().proofs).latest(RAW_SNOWFLAKE_CUSTOMERS.id, [day])[day]


def test_a_day_that_was_not_read_to_its_end_is_refused_alone_and_says_how_far_it_was_read(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    """Two minutes past midnight the reader stays five minutes behind: rows of 23:58 are not read yet."""
    changes = CustomerChanges(tmp_path / "changes.db")
    changes.change("c2", at(2))
    changes.change("c3", at(3, 9))
    changes.change("unread", at(3, 23, 58))
    changes.now = at(4, 0, 2)
    result = materialize(tmp_path, changes, instance, "2026-03-02", "2026-03-03")
    assert not result.success
    assert "2026-03-03 23:57:00 UTC" in verdict(tmp_path, "2026-03-03").explain()
    assert page(instance) == {"2026-03-02": "SUCCEEDED", "2026-03-03": "FAILED"}
    assert not result.filter_events(lambda event: event.is_step_up_for_retry)
    changes.now = at(4, 0, 6)
    assert materialize(tmp_path, changes, instance, "2026-03-03", "2026-03-03").success
    assert (page(instance)["2026-03-03"], rows(tmp_path)) == ("SUCCEEDED", ["c2", "c3", "unread"])


def test_a_day_that_was_not_read_to_its_end_stays_refused_when_a_collect_changes_it(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    """What is collected between the days does not close a day; whoever asks for it again does."""
    changes = CustomerChanges(tmp_path / "changes.db")
    changes.change("c3", at(3, 9))
    changes.change("unread", at(3, 23, 58))
    changes.now = at(4, 0, 2)
    assert not materialize(tmp_path, changes, instance, "2026-03-03", "2026-03-03").success
    changes.now = at(4, 0, 4)
    assert collect(tmp_path, changes, instance).success
    assert (rows(tmp_path), verdict(tmp_path, "2026-03-03").passed) == (["c3", "unread"], False)
    changes.now = at(4, 0, 10)
    assert materialize(tmp_path, changes, instance, "2026-03-03", "2026-03-03").success
    assert verdict(tmp_path, "2026-03-03").good_rows == 2


def test_a_quiet_evening_is_read_though_no_row_moves_the_stamp(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    """Nothing is committed of an empty open end, so the stamp alone would say that the day is not read."""
    changes = CustomerChanges(tmp_path / "changes.db")
    changes.change("c3", at(3, 9))
    changes.now = at(3, 10)
    assert collect(tmp_path, changes, instance).success
    before = stamp(tmp_path)
    changes.now = at(4, 0, 6)
    assert materialize(tmp_path, changes, instance, "2026-03-03", "2026-03-03").success
    assert (stamp(tmp_path), parse_stamp(before) < at(3, 10)) == (before, True)


def test_a_past_day_that_was_read_to_its_end_stays_so_when_rows_come_late(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    changes = CustomerChanges(tmp_path / "changes.db")
    changes.change("c3", at(3, 23, 40))
    changes.now = at(4, 0, 6)
    assert materialize(tmp_path, changes, instance, "2026-03-03", "2026-03-03").success
    changes.change("late", at(3, 23, 50))
    changes.now = at(4, 0, 20)
    assert collect(tmp_path, changes, instance).success
    assert (verdict(tmp_path, "2026-03-03").passed, verdict(tmp_path, "2026-03-03").good_rows) == (True, 2)


RUN = """
import sys
from pathlib import Path
import dagster as dg
from pricing_lake_tests.lake.change_feed import CustomerChanges, at
from pricing_lake_tests.table_asset.test_feed import materialize
home, first, last = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
(home / first).mkdir()
with dg.DagsterInstance.local_temp(str(home / first)) as instance:
    result = materialize(home, CustomerChanges(home / "changes.db", at(6)), instance, first, last)
print("ok" if result.success else "failed", sum(event.is_step_up_for_retry for event in result.all_events))
"""


def test_two_runs_of_overlapping_ranges_at_once_end_as_one(tmp_path: Path) -> None:
    """Each in its own process, with no pool between them: the slower one loses its commit and is tried again."""
    changes = CustomerChanges(tmp_path / "changes.db")
    for number in range(200):
        changes.change(f"c{number:03}", at(1 + number % 5, number % 24, number % 60))
    changes.change("bad", at(3), email="no address")
    lake_resource(tmp_path).open().table(RAW_SNOWFLAKE_CUSTOMERS)
    started = [
        subprocess.Popen(
            [sys.executable, "-c", RUN, str(tmp_path), *days], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        for days in (("2026-03-01", "2026-03-04"), ("2026-03-02", "2026-03-05"))
    ]
    told = [process.communicate(timeout=120)[0].decode().split()[-2:] for process in started]
    assert [words[0] for words in told] == ["ok", "ok"], told
    assert rows(tmp_path) == [f"c{number:03}" for number in range(200)]
    days = [f"2026-03-0{number}" for number in range(1, 6)]
    assert [verdict(tmp_path, day).good_rows for day in days] == [40] * 5
    lake = lake_resource(tmp_path).open()
    collected = settle(lake, RAW_SNOWFLAKE_CUSTOMERS, [PartitionWindow.of_day(at(6).date())], "close")
    assert dict(collected[0].reasons) == {"email_malformed": 1}


def test_ranges_over_the_order_topic_twice_and_overlapping_take_each_message_once(tmp_path: Path) -> None:
    """The first one reads everything, also messages of days that nobody asked for; no range moves the offsets back."""
    with mock_kafka() as kafka:
        lake = OrdersLake(tmp_path, kafka.bootstrap, "orders")
        for day in (28, 28, 1, 2, 3):
            month = "02" if day == 28 else "03"
            kafka.send("orders", order(event_ts=f"2026-{month}-{day:02}T23:59:59Z"), b"{")
        stamps = []
        for first, last in (("2026-03-01", "2026-03-02"), ("2026-03-01", "2026-03-02"), ("2026-02-28", "2026-03-03")):
            tags = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
            assert lake.run_stream(tags).success
            stamps.append(lake.stamp)
        assert stamps == [stamps[0]] * 3
        kafka.send("orders", order(event_ts="2026-03-01T00:00:00Z"))
        assert lake.run_stream(tags).success
        counts = [lake.verdict(day).good_rows for day in ("2026-02-28", "2026-03-01", "2026-03-02", "2026-03-03")]
        assert (counts, len(lake.rows())) == ([2, 2, 1, 1], 6)
        assert lake.run(today()).success
        assert dict(lake.places()) == {(0, offset): 1 for offset in range(11)}
