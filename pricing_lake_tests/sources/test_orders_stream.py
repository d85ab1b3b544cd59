"""The stream against a cluster over sockets: plans, batches, typed rows, what is set aside, and how far we are."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import pytest

from pricing_lake.contracts.bronze_orders import RAW_ORDERS_STREAM
from pricing_lake.contracts.split import split_rows
from pricing_lake.errors import (
    ConfigurationError,
    ContractError,
    SourceDataError,
    SourceSchemaError,
    SourceUnavailableError,
)
from pricing_lake.sources.orders_stream import OrdersStream, OrdersStreamSettings
from pricing_lake.sources.orders_stream_broker import Timeouts
from pricing_lake.sources.orders_stream_fields import ROWS
from pricing_lake.sources.orders_stream_offsets import BatchPlan, Offsets
from pricing_lake_tests.sources.mock_kafka import MockKafka
from pricing_lake_tests.sources.order_messages import order

MARCH = int(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp() * 1_000)


@pytest.fixture
def topic() -> str:
    return f"orders-{uuid4().hex[:8]}"


def moved(offsets: Offsets, **changes: object) -> Offsets:
    return Offsets(**{**vars(offsets), **changes})


def test_a_message_is_a_row_in_the_columns_and_types_of_the_contract(kafka: MockKafka, topic: str) -> None:
    kafka.send(topic, order(), key=b"o-1", timestamp=MARCH, partition=2)
    with kafka.stream(topic) as stream:
        batch = stream.read(stream.plan(None))
    assert batch.rows.schema.equals(ROWS)
    assert batch.rows.column_names == list(RAW_ORDERS_STREAM.names)
    assert batch.rows.to_pylist() == [
        {
            "topic": topic,
            "partition": 2,
            "offset": 0,
            "message_ts": datetime(2026, 3, 1, 12, tzinfo=UTC),
            "message_key": "o-1",
            "order_id": "o-1",
            "event_ts": datetime(2026, 3, 1, 12, tzinfo=UTC),
            "tenant_id": "acme",
            "customer_id": "c-1",
            "product_id": "p-1",
            "category": "shoes",
            "amount": Decimal("12.50"),
            "currency": "EUR",
            "status": "PAID",
        }
    ]
    assert split_rows(RAW_ORDERS_STREAM, batch.rows).good.num_rows == 1
    assert (batch.received, batch.poison) == (1, ())


def test_batches_follow_each_other_until_nothing_is_left_and_give_every_message_once(
    kafka: MockKafka, topic: str
) -> None:
    for partition in range(4):
        names = [f"{partition}-{number}" for number in range(partition * 37)]
        kafka.send(topic, *(order(order_id=name) for name in names), partition=partition)
    seen, stored, batches = [], None, 0
    with kafka.stream(topic, max_messages=50) as stream:
        assert stream.lag(None) == {0: 0, 1: 37, 2: 74, 3: 111}
        while not (plan := stream.plan(stored)).is_empty:
            batch = stream.read(plan)
            assert batch.received == plan.most_messages <= 50
            assert batch.until == plan.until
            seen += batch.rows.column("order_id").to_pylist()
            stored = Offsets.from_json(batch.until.to_json())
            batches += 1
        assert stream.lag(stored) == {0: 0, 1: 0, 2: 0, 3: 0}
    assert batches == 5
    assert sorted(seen) == sorted(f"{partition}-{number}" for partition in range(4) for number in range(partition * 37))


def test_the_same_plan_read_again_gives_the_same_batch_though_the_topic_grew(kafka: MockKafka, topic: str) -> None:
    kafka.send(topic, *(order(order_id=f"o-{number}") for number in range(20)), b"{")
    with kafka.stream(topic) as stream:
        plan = stream.plan(None)
        first = stream.read(plan)
        kafka.send(topic, order(order_id="later"))
        again = stream.read(plan)
    assert again.rows.equals(first.rows)
    assert (again.poison, again.until) == (first.poison, first.until)


def test_an_empty_plan_reads_nothing(kafka: MockKafka, topic: str) -> None:
    kafka.send(topic, order())
    with kafka.stream(topic) as stream:
        until = stream.read(stream.plan(None)).until
        batch = stream.read(stream.plan(until))
    assert (batch.received, batch.rows.num_rows, batch.poison, batch.until) == (0, 0, (), until)
    assert batch.rows.schema.equals(ROWS)


def test_large_messages_end_a_batch_early_and_nothing_of_them_is_lost(kafka: MockKafka, topic: str) -> None:
    kafka.send(topic, *(order(order_id=f"o-{number}", note="x" * 900) for number in range(3_000)))
    seen, stored, sizes = [], None, []
    with kafka.stream(topic, max_bytes=500_000) as stream:
        while not (plan := stream.plan(stored)).is_empty:
            batch = stream.read(plan)
            stored = batch.until
            sizes.append(batch.received)
            seen += batch.rows.column("order_id").to_pylist()
    assert seen == [f"o-{number}" for number in range(3_000)]
    assert max(sizes) <= 1_000


def test_every_kind_of_unusable_message_is_set_aside_with_its_reason(kafka: MockKafka, topic: str) -> None:
    kafka.send(topic, None, b"", b"{}", order(amount="x"), order(), key=b"k", timestamp=MARCH)
    kafka.send(topic, order(), timestamp=253_402_300_800_000)
    with kafka.stream(topic) as stream:
        batch = stream.read(stream.plan(None))
    assert batch.rows.column("offset").to_pylist() == [2, 4]
    assert batch.received == 6
    assert [(one.offset, one.reason, one.message) for one in batch.poison] == [
        (0, "message_tombstone", None),
        (1, "message_malformed", b""),
        (3, "amount_unparseable", order(amount="x")),
        (5, "message_ts_out_of_range", order()),
    ]
    assert [one.message_ts for one in batch.poison] == [datetime(2026, 3, 1, 12, tzinfo=UTC)] * 3 + [None]
    assert batch.poison[0].identity == f"{topic}-0-0"


def test_a_key_that_is_no_text_costs_no_order(kafka: MockKafka, topic: str) -> None:
    kafka.send(topic, order(), key=b"\xff\x00")
    kafka.send(topic, order())
    with kafka.stream(topic) as stream:
        rows = stream.read(stream.plan(None)).rows
    assert rows.column("message_key").to_pylist() == ["base64:/wA=", None]


def test_rows_that_the_contract_refuses_become_letters_with_their_whole_message(kafka: MockKafka, topic: str) -> None:
    bad = order(status="LOST", amount="-1", note="kept")
    kafka.send(topic, order(), b"{", bad, order(customer_id=None))
    with kafka.stream(topic) as stream:
        batch = stream.read(stream.plan(None))
    split = split_rows(RAW_ORDERS_STREAM, batch.rows)
    assert split.good.num_rows == 1
    letters = batch.letters_of(split.quarantined)
    assert [(one.offset, one.reason, one.message) for one in letters] == [
        (2, "amount_negative", bad),
        (3, "customer_id_missing", order(customer_id=None)),
    ]
    assert letters[0].error == "breaks the contract: amount_negative, status_unknown"
    elsewhere = split.quarantined.set_column(2, "offset", [[70, 71]])
    with pytest.raises(ContractError, match="no message 0-70 of"):
        batch.letters_of(elsewhere)


def test_reading_on_from_offsets_of_something_else_is_refused_and_says_how_to_resume(
    kafka: MockKafka, topic: str
) -> None:
    kafka.send(topic, order(), order())
    with kafka.stream(topic) as stream:
        until = stream.read(stream.plan(None)).until
        for stored, complaint in (
            (moved(until, cluster_id="old"), "the cluster was old and now is mockCluster"),
            (moved(until, next=((0, 9), (1, 0), (2, 0), (3, 0))), "partition 0 ends at 2, before the stored offset 9"),
            (moved(until, next=(*until.next, (4, 0))), r"partitions \[4\] are gone"),
        ):
            for call in (stream.plan, stream.lag):
                with pytest.raises(SourceDataError, match=f"{complaint}.*resume_at {{") as caught:
                    call(stored)
                assert "\n" not in str(caught.value)
        with pytest.raises(SourceDataError, match="of topic other"):
            stream.plan(moved(until, topic="other"))
        gone = stream.plan(moved(until, next=((0, 9), (1, 0), (2, 0), (3, 0))), {0: 1})
        assert gone.ranges == {0: (1, 2)}
        everywhere = stream.plan(moved(until, cluster_id="old"), dict.fromkeys(range(4), 0))
        assert everywhere.ranges == {0: (0, 2)}
        assert everywhere.until.cluster_id == until.cluster_id
        with pytest.raises(ConfigurationError, match="cannot resume at 3; it holds 0 to 2"):
            stream.plan(until, {0: 3})
        with pytest.raises(ConfigurationError, match="no partition 7"):
            stream.plan(until, {7: 0})


def test_messages_deleted_before_they_were_read_are_counted_and_not_passed_over(kafka: MockKafka, topic: str) -> None:
    kafka.send(topic, order(), order())
    with kafka.stream(topic) as stream:
        read_two = stream.read(stream.plan(None)).until
        plan = stream.plan(read_two.advanced({0: 2}), {0: 1})
        # The mock keeps five megabytes of a partition.
        kafka.send(topic, *(order(note="x" * 100_000) for _ in range(100)))
        with pytest.raises(SourceDataError, match="messages were deleted unread") as caught:
            stream.plan(read_two)
        low = stream.plan(None).ranges[0][0]
        assert 2 < low < 102
        assert f"partition 0 begins at {low}, after the stored offset 2: {low - 2} messages" in str(caught.value)
        assert f'resume_at {{"0": {low}}}' in str(caught.value)
        assert stream.plan(read_two, {0: low}).ranges == {0: (low, 102)}
        with pytest.raises(SourceUnavailableError, match="deleted while they were read"):
            stream.read(plan)


def test_partitions_that_are_new_begin_at_their_first_message(kafka: MockKafka, topic: str) -> None:
    kafka.send(topic, order(), partition=3)
    with kafka.stream(topic) as stream:
        until = stream.plan(None).until
        plan = stream.plan(moved(until, next=until.next[:3]))
    assert plan.ranges == {3: (0, 1)}


def test_a_plan_beyond_the_end_does_not_wait_for_ever(kafka: MockKafka, topic: str) -> None:
    kafka.send(topic, order())
    with kafka.stream(topic, timeouts=Timeouts(answer=5, idle=0.6, identity=0.05)) as stream:
        plan = stream.plan(None)
        longer = BatchPlan(plan.since, plan.until.advanced({0: 5}))
        with pytest.raises(SourceUnavailableError, match=r"nothing came for 1 s from partitions \[0\]"):
            stream.read(longer)
        assert stream.read(plan).received == 1


def test_a_plan_of_another_topic_is_refused(kafka: MockKafka, topic: str) -> None:
    kafka.send(topic, order())
    with kafka.stream(topic) as stream:
        plan = stream.plan(None)
        other = BatchPlan(moved(plan.since, topic="other"), moved(plan.until, topic="other"))
        with pytest.raises(ConfigurationError, match="the plan is of topic other"):
            stream.read(other)


def test_a_topic_that_is_not_there_is_said_so(kafka: MockKafka, topic: str) -> None:
    with kafka.stream(topic) as stream, pytest.raises(SourceSchemaError, match="does not exist"):
        stream.plan(None)


def test_a_cluster_that_does_not_answer_is_tried_again(topic: str) -> None:
    settings = OrdersStreamSettings("127.0.0.1:1", topic, timeouts=Timeouts(answer=0.5, identity=0.05))
    with OrdersStream(settings) as stream, pytest.raises(SourceUnavailableError, match="check ORDERS_KAFKA_BOOTSTRAP"):
        stream.plan(None)


def test_why_a_cluster_does_not_answer_is_told(kafka: MockKafka, topic: str) -> None:
    properties = {"security.protocol": "ssl"}
    with (
        kafka.stream(topic, properties=properties, timeouts=Timeouts(answer=1, identity=0.05)) as stream,
        pytest.raises(SourceUnavailableError, match=r"ssl://127.0.0.1:\d+/bootstrap: "),
    ):
        stream.plan(None)


def test_group_offsets_are_shown_and_never_read(kafka: MockKafka, topic: str) -> None:
    kafka.send(topic, order(), order())
    with kafka.stream(topic) as stream:
        until = stream.read(stream.plan(None)).until
        assert stream.commit_group_offsets(until) == ""
        assert stream.plan(None).ranges == {0: (0, 2)}


def test_the_probe_tells_what_is_there_and_what_is_not(kafka: MockKafka, topic: str) -> None:
    kafka.send(topic, order(), order(), partition=1)
    with kafka.stream(topic) as stream:
        facts = stream.probe()
    assert (facts.brokers, facts.partitions, facts.messages) == (1, 4, 2)
    assert facts.cluster_id.startswith("mockCluster")
    assert facts.missing_topics == (f"{topic}.dlq",)
    assert facts.schema_types is None
    assert 0 <= facts.latency_seconds < 10
    with kafka.stream("nowhere", dlq_topic=topic) as stream:
        assert stream.probe().missing_topics == ("nowhere",)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"bootstrap_servers": ""}, "must both be set"),
        ({"dlq_topic": "orders"}, "need their own topic"),
        ({"max_messages": 0}, "at least 1"),
        ({"value_format": "avro"}, "needs ORDERS_SCHEMA_REGISTRY_URL"),
        ({"properties": {"isolation.level": "read_uncommitted"}}, "must not set isolation.level"),
    ],
)
def test_unusable_settings_are_refused_before_anything_is_opened(changes: dict[str, object], complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        OrdersStreamSettings(**{"bootstrap_servers": "host:9092", "topic": "orders", **changes})


def test_properties_that_the_client_refuses_are_named_without_their_values() -> None:
    properties = {
        "sasl.mechanism": "Rumpelstilzchen",
        "sasl.password": "hunter2",
        "security.protocol": "sasl_plaintext",
    }
    settings = OrdersStreamSettings("host:9092", "orders", properties=properties)
    assert "hunter2" not in repr(settings)
    for refused in (properties, {"no.such.property": "Rumpelstilzchen"}):
        with pytest.raises(ConfigurationError, match=next(iter(refused))) as caught:
            OrdersStream(OrdersStreamSettings("host:9092", "orders", properties=refused))
        assert "Rumpel" not in str(caught.value)
