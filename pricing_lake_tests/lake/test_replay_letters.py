"""Replay of the order stream's dead letters: decoded and judged as today, each message once, the offsets left alone."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import polars as pl
import pytest
from confluent_kafka.schema_registry import SchemaRegistryClient, header_schema_id_serializer
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from pricing_lake.contracts.bronze_orders import RAW_ORDERS_STREAM
from pricing_lake.errors import CommitConflictError, ConfigurationError, SourceUnavailableError
from pricing_lake.lake.increment_lanes import IncrementLanes
from pricing_lake.lake.lane_letters import Letter, ReadLetters, Reread
from pricing_lake.lake.publish import Publication
from pricing_lake.lake.replay import ReplayedDay
from pricing_lake.lake.replay_feed import FeedReplay
from pricing_lake.lake.rollback import Rollback, target_of
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.table_asset.feed import reach_of
from pricing_lake_tests.bronze.orders_lake import CALENDAR, DAY, OrdersLake, today
from pricing_lake_tests.dying import Step, dies
from pricing_lake_tests.sources.mock_kafka import MockKafka
from pricing_lake_tests.sources.order_messages import ORDER, order
from pricing_lake_tests.sources.schema_registry import SchemaRegistry, schema_registry
from pricing_lake_tests.sources.test_orders_stream_formats import AVRO_ORDER, JSON_SCHEMA, avro_schema
from pricing_lake_tests.yesterday import judged_by

STRICT = (RAW_ORDERS_STREAM, "status_unknown", pl.col("status") == "SHIPPED")
"""Yesterday's rule refuses every order of these tests but the shipped ones."""
SENT: tuple[bytes | None, ...] = (
    order(order_id="a"),
    order(order_id="shipped", status="SHIPPED"),
    b"\xff\x00{",
    order(order_id="b", amount="0.10", note="märz"),
    order(status="LOST"),
    None,
    order(order_id="c"),
)
REGAINED, ASIDE = ["a", "b", "c"], {2: "message_malformed", 4: "status_unknown", 5: "message_tombstone"}
SENT_AT = datetime(2026, 3, 1, 12, 30, 15, 123_000, UTC)


@pytest.fixture
def lake(tmp_path: Path, kafka: MockKafka) -> OrdersLake:
    return OrdersLake(tmp_path, kafka.bootstrap, f"orders-{uuid4().hex[:8]}")


@pytest.fixture
def stale(lake: OrdersLake, kafka: MockKafka) -> OrdersLake:
    """Both days are run; the lane of today holds what yesterday's rule refused, and what nobody can use."""
    kafka.send(lake.topic, *SENT, key=b"k\xff", timestamp=int(SENT_AT.timestamp() * 1_000))
    with judged_by(*STRICT):
        lake.run_both_days()
    assert order_ids(lake) == ["shipped"]
    return lake


def order_ids(lake: OrdersLake) -> list[str]:
    return sorted(str(row["order_id"]) for row in lake.rows())


def replay_of(lake: OrdersLake, letters: ReadLetters | None = None) -> FeedReplay:
    """A replay that has no broker to ask."""
    read = letters or lake.resource(bootstrap_servers="").letters()
    taken = PartitionWindow.of_day(date.fromisoformat(today()))
    return FeedReplay(lake.lake, RAW_ORDERS_STREAM, [taken], reach_of(CALENDAR.days.start), letters=read)


def replay(lake: OrdersLake) -> tuple[Publication, ReplayedDay]:
    publication, [day] = replay_of(lake).run("replay")
    return publication, day


def in_lane(lake: OrdersLake) -> list[str]:
    return IncrementLanes(lake.lake.proofs, RAW_ORDERS_STREAM.id).of_day(date.fromisoformat(today()))


def everything_once(lake: OrdersLake, sent: int = len(SENT)) -> bool:
    """Every message is in the table or among the letters, and in one of them only."""
    lake.run_both_days()
    return dict(lake.places()) == {(0, offset): 1 for offset in range(sent)}


def test_letters_that_pass_today_become_rows_as_if_they_had_passed_at_once(stale: OrdersLake, tmp_path: Path) -> None:
    stamp = stale.stamp
    publication, day = replay(stale)
    assert (day.regained, day.reasons) == (3, Counter(ASIDE.values()))
    assert order_ids(stale) == sorted([*REGAINED, "shipped"])
    assert stale.stamp == stamp
    assert publication.changed == {DAY, today()}
    fresh = OrdersLake(tmp_path / "fresh", stale.bootstrap, stale.topic)
    fresh.run_both_days()
    assert stale.rows() == fresh.rows()


def test_verdicts_and_the_table_of_dead_letters_say_what_is_true_afterwards(stale: OrdersLake) -> None:
    assert Counter(row["reason"] for row in stale.letters())["status_unknown"] == 4
    replay(stale)
    assert (stale.verdict(DAY).good_rows, stale.verdict(today()).quarantined_rows) == (4, 3)
    assert Counter(stale.verdict(today()).reasons) == Counter(ASIDE.values())
    assert stale.run_letters(today()).success
    assert {row["offset"]: row["reason"] for row in stale.letters()} == ASIDE


def test_rows_say_their_source_even_when_every_message_so_far_was_set_aside(lake: OrdersLake, kafka: MockKafka) -> None:
    kafka.send(lake.topic, order())
    with judged_by(*STRICT):
        lake.run_both_days()
    replay(lake)
    stored = lake.lake.table(RAW_ORDERS_STREAM).scan().to_arrow()
    assert stored.column("_source_system").to_pylist() == ["orders_kafka"]


def test_a_second_replay_finds_nothing_to_do(stale: OrdersLake) -> None:
    replay(stale)
    commits, lane = len(stale.commits()), in_lane(stale)
    publication, day = replay(stale)
    assert (day.changed, publication.snapshot_id, publication.changed) == (False, None, frozenset())
    assert (len(stale.commits()), in_lane(stale)) == (commits, lane)


def test_a_dry_run_tells_the_same_and_writes_nothing(stale: OrdersLake) -> None:
    commits, lane = len(stale.commits()), in_lane(stale)
    [planned] = replay_of(stale).plan()
    assert (len(stale.commits()), in_lane(stale)) == (commits, lane)
    assert planned == replay(stale)[1]


def test_a_reason_that_is_another_today_is_told_with_what_is_wrong_today(lake: OrdersLake, kafka: MockKafka) -> None:
    """It was refused by a rule alone; today the decoder would not even read it, and the rule is as it was."""
    kafka.send(lake.topic, order(status="LOST", customer_id=None))
    with judged_by(RAW_ORDERS_STREAM, "status_unknown", pl.col("status") == "LOST"):
        lake.run_both_days()
    assert [row["reason"] for row in lake.letters()] == ["customer_id_missing"]
    _, day = replay(lake)
    assert (day.regained, day.changed) == (0, True)
    assert everything_once(lake, 1)
    assert [row["error"] for row in lake.letters()] == ["breaks the contract: customer_id_missing, status_unknown"]


def test_messages_of_days_that_the_lake_did_not_have_find_their_own_day(lake: OrdersLake, kafka: MockKafka) -> None:
    """The rows of one lane belong to several days; those that were settled are settled anew."""
    kafka.send(lake.topic, order(order_id="x"), order(order_id="y", event_ts="2026-02-28T10:00:00Z"))
    with judged_by(*STRICT):
        lake.run_both_days()
        assert lake.run("2026-02-28").success
    publication, _ = replay(lake)
    assert publication.changed == {"2026-02-28", DAY, today()}
    assert (lake.verdict("2026-02-28").good_rows, lake.verdict(DAY).good_rows) == (1, 1)


def test_what_the_topic_gets_afterwards_is_read_on_from_the_same_offsets(stale: OrdersLake, kafka: MockKafka) -> None:
    replay(stale)
    kafka.send(stale.topic, order(order_id="after"), b"{")
    assert everything_once(stale, len(SENT) + 2)
    assert order_ids(stale) == ["a", "after", "b", "c", "shipped"]


class Meanwhile:
    """Reads letters, and lets another run commit before it is done."""

    def __init__(self, lake: OrdersLake, action: Any) -> None:
        self.read, self.action = lake.resource(bootstrap_servers="").letters(), action
        self.source_system = self.read.source_system

    def __call__(self, letters: Sequence[Letter]) -> Reread:
        self.action()
        return self.read(letters)


def test_a_collect_that_commits_meanwhile_makes_the_replay_lose_and_loses_nothing_itself(
    stale: OrdersLake, kafka: MockKafka
) -> None:
    """It sets aside a message on the very day whose lane the replay has read."""
    kafka.send(stale.topic, b"{", order(order_id="more"))
    with pytest.raises(CommitConflictError, match="another run committed meanwhile"):
        replay_of(stale, Meanwhile(stale, stale.collect)).run("slower")
    assert order_ids(stale) == ["more", "shipped"]
    assert replay(stale)[1].regained == 3
    assert everything_once(stale, len(SENT) + 2)


def test_of_two_replays_at_once_one_lands(stale: OrdersLake) -> None:
    with pytest.raises(CommitConflictError):
        replay_of(stale, Meanwhile(stale, lambda: replay(stale))).run("slower")
    assert replay(stale)[1].changed is False
    assert everything_once(stale)


def test_rolled_back_the_letters_are_aside_again_and_can_be_replayed_again(stale: OrdersLake) -> None:
    stamp = stale.stamp
    replay(stale)
    before = target_of(stale.lake.table(RAW_ORDERS_STREAM), None)
    Rollback(stale.lake, RAW_ORDERS_STREAM, before.snapshot_id).run("back")
    assert (order_ids(stale), len(in_lane(stale)), stale.stamp) == (["shipped"], 6, stamp)
    assert replay(stale)[1].regained == 3
    assert everything_once(stale)


PROGRAM = """
from pathlib import Path
from pricing_lake_tests.bronze.orders_lake import OrdersLake
from pricing_lake_tests.lake.test_replay_letters import replay
home, bootstrap, topic = sys.argv[5:]
replay(OrdersLake(Path(home), bootstrap, topic))
"""
BATCH, LANES = "pricing_lake.lake.increment_batch", "pricing_lake.lake.increment_lanes:IncrementLanes"


@pytest.mark.parametrize(
    "step",
    [
        Step("pricing_lake.lake.replay_feed", "rejudge_letters"),
        Step(LANES, "propose"),
        Step(LANES, "propose_instead"),
        Step(BATCH, "stage_files"),
        Step(BATCH, "commit_with_stamp", "before"),
        Step(BATCH, "commit_with_stamp"),
        Step(LANES, "_move"),
        Step(LANES, "_move", nth=2),
        Step(LANES, "_replace", "before"),
        Step(LANES, "_replace"),
        Step("pricing_lake.lake.replay_feed", "settle", "before"),
        Step("pricing_lake.lake.verdicts:VerdictStore", "write"),
    ],
    ids=str,
)
@pytest.mark.parametrize("goes_on", ["replay", "collect"])
def test_killed_between_any_two_steps_and_run_again_each_message_is_there_once(
    stale: OrdersLake, kafka: MockKafka, step: Step, goes_on: str
) -> None:
    stamp = stale.stamp
    dies(PROGRAM, step, str(stale.home), stale.bootstrap, stale.topic)
    if goes_on == "collect":
        kafka.send(stale.topic, order(order_id="after"))
        assert stale.collect().success
    else:
        assert stale.stamp == stamp
    replay(stale)
    sent = len(SENT) + (goes_on == "collect")
    assert everything_once(stale, sent)
    assert set(REGAINED) <= set(order_ids(stale))
    assert {row["offset"]: row["reason"] for row in stale.letters()} == ASIDE


class TestFormats:
    @pytest.fixture
    def registry(self) -> Iterator[SchemaRegistry]:
        with schema_registry() as served:
            yield served

    def sent(self, lake: OrdersLake, kafka: MockKafka, registry: SchemaRegistry) -> dict[str, str]:
        """Three orders of which the lake made letters, for its format was the wrong one; returns the right one's."""
        client = SchemaRegistryClient({"url": registry.address})
        context = SerializationContext(lake.topic, MessageField.VALUE)
        write = AvroSerializer(client, avro_schema())
        kafka.send(lake.topic, *(write({**AVRO_ORDER, "order_id": name}, context) for name in "xyz"))
        lake.run_both_days()
        assert (order_ids(lake), len(lake.letters())) == ([], 3)
        return {"value_format": "avro", "schema_registry_url": registry.address, "bootstrap_servers": ""}

    def test_messages_that_were_read_in_the_wrong_format_are_read_in_the_right_one(
        self, lake: OrdersLake, kafka: MockKafka, registry: SchemaRegistry
    ) -> None:
        right = self.sent(lake, kafka, registry)
        replay_of(lake, lake.resource(**right).letters()).run("replay")
        assert order_ids(lake) == ["x", "y", "z"]
        assert everything_once(lake, 3)

    def test_a_schema_named_in_a_header_is_kept_with_the_letter(
        self, lake: OrdersLake, kafka: MockKafka, registry: SchemaRegistry
    ) -> None:
        headers: list[tuple[str, bytes]] = []
        conf = {"schema.id.serializer": header_schema_id_serializer}
        write = JSONSerializer(JSON_SCHEMA, SchemaRegistryClient({"url": registry.address}), conf=conf)
        kafka.send(lake.topic, write(ORDER, SerializationContext(lake.topic, "value", headers)), headers=headers)
        right = {"value_format": "json_schema", "schema_registry_url": registry.address}
        lake.settings = right
        with judged_by(*STRICT):
            lake.run_both_days()
        assert len(lake.letters()) == 1
        replay(lake)
        assert order_ids(lake) == ["o-1"]

    def test_without_a_registry_it_is_one_clear_line_and_nothing_changes(
        self, lake: OrdersLake, kafka: MockKafka, registry: SchemaRegistry
    ) -> None:
        right = self.sent(lake, kafka, registry)
        lane = in_lane(lake)
        with pytest.raises(ConfigurationError, match="ORDERS_VALUE_FORMAT=avro needs ORDERS_SCHEMA_REGISTRY_URL"):
            replay_of(lake, lake.resource(**{**right, "schema_registry_url": ""}).letters()).run("replay")
        away = lake.resource(**{**right, "schema_registry_url": "http://127.0.0.1:9"}).letters()
        with pytest.raises(SourceUnavailableError, match="the schema registry does not answer"):
            replay_of(lake, away).run("replay")
        assert (in_lane(lake), order_ids(lake)) == (lane, [])


def test_a_feed_that_only_appends_needs_somebody_who_decodes(lake: OrdersLake) -> None:
    with pytest.raises(ConfigurationError, match="messages as received"):
        FeedReplay(lake.lake, RAW_ORDERS_STREAM, [], reach_of(CALENDAR.days.start))
