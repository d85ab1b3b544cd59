"""bronze/raw_orders_dlq: every message that could not be used, once, by reason and day, as its topic has it too."""

import base64
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from pricing_lake.bronze.raw_orders_dlq import raw_orders_dlq
from pricing_lake.contracts.bronze_orders import RAW_ORDERS_DLQ
from pricing_lake_tests.bronze.fx_lake import failure_of
from pricing_lake_tests.bronze.orders_lake import DAY, OrdersLake, today
from pricing_lake_tests.dying import Step, dies
from pricing_lake_tests.sources.mock_kafka import MockKafka
from pricing_lake_tests.sources.order_messages import order

MARCH = int(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp() * 1_000)


@pytest.fixture
def lake(tmp_path: Path, kafka: MockKafka) -> OrdersLake:
    return OrdersLake(tmp_path, kafka.bootstrap, f"orders-{uuid4().hex[:8]}")


POISON = {
    "message_tombstone": None,
    "message_malformed": b"\xff\x00{",
    "amount_unparseable": order(amount="x"),
    "customer_id_missing": order(customer_id=None),
    "status_unknown": order(status="LOST", note="kept"),
    "event_ts_outside_partition": order(event_ts="2020-01-01T00:00:00Z"),
}
"""What the decoder cannot read, and what only the contract refuses."""


def test_each_poison_is_a_row_by_reason_and_day_with_its_whole_message(lake: OrdersLake, kafka: MockKafka) -> None:
    kafka.send(lake.topic, order(), *POISON.values(), key=b"k", timestamp=MARCH)
    lake.run_both_days()
    assert [row["reason"] for row in lake.letters()] == list(POISON)
    tombstone, malformed, _, refused, *_ = lake.letters()
    run_id = refused["run_id"]
    assert refused == {
        "day": date.fromisoformat(today()),
        "topic": lake.topic,
        "partition": 0,
        "offset": 4,
        "reason": "customer_id_missing",
        "error": "breaks the contract: customer_id_missing",
        "message_ts": datetime(2026, 3, 1, 12, tzinfo=UTC),
        "message_key": "k",
        "message": POISON["customer_id_missing"].decode(),  # type: ignore[union-attr]
        "message_is_base64": False,
        "run_id": run_id,
    }
    assert (tombstone["message"], tombstone["message_is_base64"]) == (None, False)
    assert base64.b64decode(malformed["message"]) == POISON["message_malformed"]
    partitions = lake.lake.table(RAW_ORDERS_DLQ).inspect.partitions().column("partition").to_pylist()
    assert {partition["reason"] for partition in partitions} == set(POISON)
    assert run_id in {record.run_id for record in lake.instance.get_runs()}


def test_the_topic_has_the_same_letters_with_headers_that_say_why(lake: OrdersLake, kafka: MockKafka) -> None:
    kafka.send(lake.topic, *POISON.values(), timestamp=MARCH, headers=[("trace", b"7")])
    lake.run_both_days()
    sent = {message.key(): message for message in kafka.everything(f"{lake.topic}.dlq")}
    rows = {f"{row['topic']}-{row['partition']}-{row['offset']}".encode(): row for row in lake.letters()}
    assert sent.keys() == rows.keys()
    for key, row in rows.items():
        headers = dict(sent[key].headers() or ())
        assert headers["trace"] == b"7"
        assert headers["dlq.reason"] == row["reason"].encode()
        assert headers["dlq.error"] == row["error"].encode()
        assert headers["dlq.run_id"] == row["run_id"].encode()
        assert headers["dlq.timestamp"] == b"2026-03-01T12:00:00+00:00"
    assert [sent[key].value() for key in rows] == list(POISON.values())


def test_the_verdict_of_the_streams_day_counts_them_by_the_same_reasons(lake: OrdersLake, kafka: MockKafka) -> None:
    kafka.send(lake.topic, order(), *POISON.values())
    lake.run_both_days()
    verdict = lake.verdict(today())
    assert verdict.quarantined_rows == len(POISON) == len(lake.letters())
    assert set(POISON) <= set(verdict.reasons)
    assert lake.verdict(today(), RAW_ORDERS_DLQ).good_rows == len(POISON)


def test_run_again_nothing_is_committed_and_nothing_doubled(lake: OrdersLake, kafka: MockKafka) -> None:
    kafka.send(lake.topic, order(), *POISON.values())
    lake.run_both_days()
    snapshots = len(lake.lake.table(RAW_ORDERS_DLQ).snapshots())
    assert lake.collect().success
    lake.run_both_days()
    assert len(lake.lake.table(RAW_ORDERS_DLQ).snapshots()) == snapshots
    assert len(lake.letters()) == len(POISON)


def test_letters_of_several_batches_and_a_later_run_of_the_day_come_together(
    lake: OrdersLake, kafka: MockKafka
) -> None:
    kafka.send(lake.topic, *[b"{"] * 7)
    assert lake.collect(batch_messages=3).success
    lake.run_both_days()
    kafka.send(lake.topic, *[b"["] * 2)
    lake.run_both_days()
    assert [row["offset"] for row in lake.letters()] == list(range(9))


def test_a_deleted_dead_letter_topic_takes_nothing_from_the_table(lake: OrdersLake, kafka: MockKafka) -> None:
    """The table reads what the commit put in force, never the topic: here the topic is another one by then."""
    kafka.send(lake.topic, b"{")
    assert lake.collect(dlq_topic=f"gone-{lake.topic}").success
    lake.run_both_days()
    assert [row["offset"] for row in lake.letters()] == [0]


def test_a_day_of_letters_waits_until_the_streams_day_is_settled(lake: OrdersLake, kafka: MockKafka) -> None:
    """What is not settled may still grow: a table of it would look whole and would not be."""
    kafka.send(lake.topic, b"{")
    assert lake.collect().success
    assert "raw_orders_stream" in failure_of(lake.run_letters(today()))
    assert lake.run(today()).success
    assert lake.run_letters(today()).success
    assert len(lake.letters()) == 1


def test_switched_off_every_day_is_empty(tmp_path: Path) -> None:
    off = OrdersLake(tmp_path, "", "orders")
    assert off.run(DAY).success
    verdict = off.verdict(DAY, RAW_ORDERS_DLQ)
    assert (verdict.passed, verdict.source_rows, off.letters()) == (True, 0, [])


PROGRAM = """
from pathlib import Path
from pricing_lake_tests.bronze.orders_lake import OrdersLake, today
home, bootstrap, topic = sys.argv[5:]
OrdersLake(Path(home), bootstrap, topic).run_letters(today())
"""
PUBLISH = "pricing_lake.lake.publish"


@pytest.mark.parametrize(
    "step",
    [
        Step(PUBLISH, "split_rows"),
        Step(PUBLISH, "stage_files"),
        Step(PUBLISH, "replace_windows", "before"),
        Step(PUBLISH, "replace_windows"),
    ],
    ids=str,
)
def test_killed_while_it_is_written_and_run_again_each_letter_is_there_once(
    lake: OrdersLake, kafka: MockKafka, step: Step
) -> None:
    kafka.send(lake.topic, order(), *POISON.values())
    lake.run_both_days()
    kafka.send(lake.topic, b"[")
    assert lake.collect().success
    dies(PROGRAM, step, str(lake.home), lake.bootstrap, lake.topic)
    lake.run_both_days()
    assert dict(lake.places()) == {(0, offset): 1 for offset in range(len(POISON) + 2)}


def test_the_asset_is_one_of_the_lakes() -> None:
    assert raw_orders_dlq.resources == {"lake"}
