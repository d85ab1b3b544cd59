"""bronze/raw_orders_stream: each message once, its offsets in the commit that brings it, whatever dies meanwhile."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest
from confluent_kafka import Consumer, TopicPartition

from pricing_lake.bronze.raw_orders_stream import raw_orders_stream
from pricing_lake.contracts.bronze_orders import RAW_ORDERS_STREAM
from pricing_lake.errors import CommitConflictError, SourceUnavailableError
from pricing_lake.lake.increment import publish_increment
from pricing_lake.lake.watermark import STAMP, stamp_of
from pricing_lake.table_asset.feed import reach_of
from pricing_lake_tests.bronze.fx_lake import failure_of
from pricing_lake_tests.bronze.orders_lake import CALENDAR, DAY, OrdersLake, today
from pricing_lake_tests.dying import Step, dies
from pricing_lake_tests.sources.mock_kafka import MockKafka, mock_kafka
from pricing_lake_tests.sources.order_messages import order

MARCH = int(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp() * 1_000)


@pytest.fixture
def lake(tmp_path: Path, kafka: MockKafka) -> OrdersLake:
    return OrdersLake(tmp_path, kafka.bootstrap, f"orders-{uuid4().hex[:8]}")


def numbered(count: int, first: int = 0) -> list[bytes]:
    return [order(order_id=f"o-{number}") for number in range(first, first + count)]


def order_ids(lake: OrdersLake) -> list[str]:
    return [str(row["order_id"]) for row in lake.rows()]


class TestBatches:
    def test_a_message_is_a_row_of_the_day_it_tells_of(self, lake: OrdersLake, kafka: MockKafka) -> None:
        kafka.send(lake.topic, order(event_ts="2026-03-02T00:00:00+02:00"), key=b"o-1", timestamp=MARCH, partition=2)
        assert lake.run(DAY).success
        assert lake.rows() == [
            {
                "topic": lake.topic,
                "partition": 2,
                "offset": 0,
                "message_ts": datetime(2026, 3, 1, 12, tzinfo=UTC),
                "message_key": "o-1",
                "order_id": "o-1",
                "event_ts": datetime(2026, 3, 1, 22, tzinfo=UTC),
                "tenant_id": "acme",
                "customer_id": "c-1",
                "product_id": "p-1",
                "category": "shoes",
                "amount": Decimal("12.50"),
                "currency": "EUR",
                "status": "PAID",
            }
        ]
        assert (lake.verdict(DAY).passed, lake.verdict(DAY).good_rows) == (True, 1)

    def test_batches_follow_each_other_each_with_its_offsets_in_its_own_commit(
        self, lake: OrdersLake, kafka: MockKafka
    ) -> None:
        kafka.send(lake.topic, *numbered(25), partition=0)
        kafka.send(lake.topic, *numbered(5, first=25), partition=3)
        assert lake.collect(batch_messages=12).success
        assert order_ids(lake) == [f"o-{number}" for number in range(30)]
        commits = lake.commits()
        assert [commit["pricing.source-rows"] for commit in commits] == ["12", "12", "6"]
        assert lake.stamp is not None
        assert lake.stamp["next"] == {"0": 25, "1": 0, "2": 0, "3": 5}
        assert commits[-1][STAMP] == stamp_of(lake.lake.table(RAW_ORDERS_STREAM))
        assert len({commit[STAMP] for commit in commits}) == 3

    def test_what_arrives_later_is_taken_later_and_nothing_is_taken_twice(
        self, lake: OrdersLake, kafka: MockKafka
    ) -> None:
        kafka.send(lake.topic, *numbered(3))
        assert lake.collect().success
        kafka.send(lake.topic, *numbered(2, first=3))
        for _ in range(2):
            assert lake.run(DAY).success
            assert lake.collect().success
        assert order_ids(lake) == [f"o-{number}" for number in range(5)]
        assert len(lake.commits()) == 2, "a run that finds nothing commits nothing"

    def test_a_settled_day_that_gets_another_event_is_settled_and_recorded_again(
        self, lake: OrdersLake, kafka: MockKafka
    ) -> None:
        kafka.send(lake.topic, *numbered(3))
        assert lake.run(DAY).success
        kafka.send(lake.topic, order(order_id="late"))
        result = lake.collect()
        assert [event.partition for event in result.all_events if event.is_step_materialization] == [DAY]
        assert lake.verdict(DAY).good_rows == 4

    def test_dashboards_see_how_far_the_lake_is(self, lake: OrdersLake, kafka: MockKafka) -> None:
        kafka.send(lake.topic, *numbered(4))
        group = f"group-{lake.topic}"
        assert lake.collect(group_id=group, batch_messages=2).success
        dashboard = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": group})
        [seen] = dashboard.committed([TopicPartition(lake.topic, 0)], timeout=10)
        dashboard.close()
        assert seen.offset == 4

    def test_switched_off_every_day_is_empty(self, tmp_path: Path) -> None:
        off = OrdersLake(tmp_path, "", "orders")
        off.run_both_days()
        assert off.collect().success
        assert (off.rows(), off.letters(), off.stamp, off.verdict(DAY).passed) == ([], [], None, True)

    def test_a_topic_that_is_not_there_is_one_clear_line_and_is_not_retried(self, lake: OrdersLake) -> None:
        for result in (lake.collect(), lake.run(DAY)):
            assert "does not exist; create it, or correct ORDERS_TOPIC" in failure_of(result)
            assert not result.filter_events(lambda event: event.is_step_up_for_retry)

    def test_the_asset_is_one_of_the_lakes(self) -> None:
        assert raw_orders_stream.resources == {"lake", "orders_stream"}
        assert raw_orders_stream.pool == "orders_stream"


class TestPoison:
    def test_a_producer_whose_every_message_is_poison_still_moves_the_offsets(
        self, lake: OrdersLake, kafka: MockKafka
    ) -> None:
        kafka.send(lake.topic, *[b"{"] * 50)
        assert lake.collect().success
        assert lake.stamp is not None
        assert lake.stamp["next"]["0"] == 50
        kafka.send(lake.topic, order())
        assert lake.run(DAY).success
        assert order_ids(lake) == ["o-1"]

    def test_messages_outside_the_lakes_days_are_poison_and_stop_nothing(
        self, lake: OrdersLake, kafka: MockKafka
    ) -> None:
        early, late = order(event_ts="2020-01-01T00:00:00Z"), order(event_ts="2900-01-01T00:00:00Z")
        kafka.send(lake.topic, early, order(), late)
        lake.run_both_days()
        assert [row["offset"] for row in lake.rows()] == [1]
        assert {row["reason"] for row in lake.letters()} == {"event_ts_outside_partition"}

    def test_letters_that_no_broker_confirms_stop_the_offsets(self, tmp_path: Path) -> None:
        """The cluster is gone between the reading and the letters."""
        with mock_kafka() as kafka:
            lake = OrdersLake(tmp_path, kafka.bootstrap, "orders")
            kafka.send("orders", order(), b"{")
            increment = next(lake.resource().feed().increments(None))
        del kafka
        reach = reach_of(CALENDAR.days.start)
        with pytest.raises(SourceUnavailableError, match=r"dead letters to orders\.dlq were not"):
            publish_increment(lake.lake, RAW_ORDERS_STREAM, increment, reach, "run", after=None)
        assert (lake.rows(), lake.stamp, lake.commits()) == ([], None, [])


class TestOffsetsThatCannotBeReadOn:
    def test_messages_deleted_unread_are_loud_and_resume_at_goes_on(self, lake: OrdersLake, kafka: MockKafka) -> None:
        kafka.send(lake.topic, *numbered(2))
        assert lake.collect().success
        # The stand-in keeps five megabytes of a partition.
        kafka.send(lake.topic, *(order(order_id=f"n-{number}", note="x" * 100_000) for number in range(100)))
        kept = lake.stamp
        for result in (lake.collect(), lake.run(DAY)):
            text = failure_of(result)
            assert "messages were deleted unread" in text
            assert not result.filter_events(lambda event: event.is_step_up_for_retry)
        low = int(text.rpartition('{"0": ')[2].partition("}")[0])
        assert (lake.stamp, len(lake.rows())) == (kept, 2)
        assert lake.collect(resume_at={"0": low}).success
        assert order_ids(lake) == ["o-0", "o-1", *(f"n-{number}" for number in range(low - 2, 100))]
        kafka.send(lake.topic, order(order_id="after"))
        assert lake.collect(resume_at={"0": low}).success, "offsets that are well need no help, and take none"
        assert order_ids(lake)[-2:] == ["n-99", "after"]

    def test_another_cluster_is_loud_and_resume_at_goes_on(self, lake: OrdersLake, kafka: MockKafka) -> None:
        kafka.send(lake.topic, *numbered(3))
        assert lake.collect().success
        lake.write_stamp(cluster_id="the-old-one")
        kafka.send(lake.topic, *numbered(2, first=3))
        text = failure_of(lake.collect())
        assert "the cluster was the-old-one and now is mockCluster" in text
        assert "run it once with resume_at" in text
        assert lake.collect(resume_at={"0": 3, "1": 0, "2": 0, "3": 0}).success
        assert order_ids(lake) == [f"o-{number}" for number in range(5)]
        assert lake.stamp is not None
        assert lake.stamp["cluster_id"].startswith("mockCluster")

    def test_offsets_that_somebody_spoilt_are_one_clear_line(self, lake: OrdersLake, kafka: MockKafka) -> None:
        kafka.send(lake.topic, order())
        assert lake.collect().success
        lake.write_stamp(next="all of it")
        assert "cannot be read; restore them" in failure_of(lake.collect())


class TestTwoRuns:
    def test_of_two_runs_of_one_range_one_lands_though_the_other_read_further(
        self, lake: OrdersLake, kafka: MockKafka
    ) -> None:
        """The slower one has sent its letters and proposed its lane when the faster one commits."""
        kafka.send(lake.topic, order(order_id="a"), b"{")
        reach = reach_of(CALENDAR.days.start)
        faster = next(lake.resource().feed().increments(None))
        kafka.send(lake.topic, order(order_id="b"), b"[")
        slower = next(lake.resource().feed().increments(None))
        publish_increment(lake.lake, RAW_ORDERS_STREAM, faster, reach, "faster", after=None)
        with pytest.raises(CommitConflictError, match="another run moved the stamp"):
            publish_increment(lake.lake, RAW_ORDERS_STREAM, slower, reach, "slower", after=None)
        lake.run_both_days()
        assert order_ids(lake) == ["a", "b"]
        assert dict(lake.places()) == {(0, offset): 1 for offset in range(4)}

    def test_two_processes_that_collect_at_once_give_every_message_once(
        self, lake: OrdersLake, kafka: MockKafka
    ) -> None:
        """One of them commits the first batch in between the reading and the commit of the other."""
        kafka.send(lake.topic, *numbered(20), *[b"{"] * 5)
        lake.lake.table(RAW_ORDERS_STREAM)
        feed, reach = lake.resource(batch_messages=5).feed(), reach_of(CALENDAR.days.start)
        other = OrdersLake(lake.home, lake.bootstrap, lake.topic, {"batch_messages": 7})
        first = next(feed.increments(None))
        assert other.collect().success
        with pytest.raises(CommitConflictError):
            publish_increment(lake.lake, RAW_ORDERS_STREAM, first, reach, "slower", after=None)
        lake.run_both_days()
        assert dict(lake.places()) == {(0, offset): 1 for offset in range(25)}


PROGRAM = """
from pathlib import Path
from pricing_lake_tests.bronze.orders_lake import OrdersLake
home, bootstrap, topic, way = sys.argv[5:]
lake = OrdersLake(Path(home), bootstrap, topic, {"batch_messages": 10})
lake.collect() if way == "collect" else lake.run_both_days()
"""
BATCH, LANES = "pricing_lake.lake.increment_batch", "pricing_lake.lake.increment_lanes:IncrementLanes"
STREAM = "pricing_lake.sources.orders_stream:OrdersStream"
STEPS = (
    Step(STREAM, "read"),
    Step(STREAM, "read", nth=2),
    Step("pricing_lake.lake.increment", "split_rows"),
    Step(STREAM, "send_letters"),
    Step(LANES, "propose", "before"),
    Step(LANES, "propose"),
    Step(BATCH, "stage_files"),
    Step(BATCH, "commit_with_stamp", "before"),
    Step(BATCH, "commit_with_stamp"),
    Step(BATCH, "commit_with_stamp", nth=2),
    Step(LANES, "accept", "before", nth=3),
    Step(LANES, "accept", nth=3),
    Step("pricing_lake.lake.increment", "settle", "before", nth=2),
    Step(STREAM, "commit_group_offsets", "before"),
    Step(STREAM, "commit_group_offsets"),
    Step("pricing_lake.lake.verdicts:VerdictStore", "write", "before"),
    Step("pricing_lake.lake.verdicts:VerdictStore", "write", nth=2),
)


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_killed_anywhere_and_run_again_each_message_is_there_once(
    lake: OrdersLake, kafka: MockKafka, step: Step
) -> None:
    for partition in (0, 2):
        kafka.send(lake.topic, *numbered(6), b"{", order(status="LOST"), *numbered(6), partition=partition)
    way = "run" if step.owner.endswith("VerdictStore") else "collect"
    dies(PROGRAM, step, str(lake.home), lake.bootstrap, lake.topic, way)
    kafka.send(lake.topic, order(order_id="after"), partition=2)
    lake.run_both_days()
    whole = {(0, offset): 1 for offset in range(14)} | {(2, offset): 1 for offset in range(15)}
    assert dict(lake.places()) == whole
    assert sorted(row["reason"] for row in lake.letters()) == ["message_malformed"] * 2 + ["status_unknown"] * 2
    assert (lake.verdict(DAY).good_rows, lake.verdict(today()).quarantined_rows) == (25, 4)
    sent = {message.key() for message in kafka.everything(f"{lake.topic}.dlq")}
    assert sent == {f"{lake.topic}-{partition}-{offset}".encode() for partition in (0, 2) for offset in (6, 7)}
