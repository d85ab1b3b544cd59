"""The test broker itself: real Kafka, gone afterwards, and each thing the other tests rely on is what Kafka does."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from pricing_lake_tests.services import kafka_jars
from pricing_lake_tests.services.kafka_broker import KafkaBroker, running_broker
from pricing_lake_tests.services.kafka_jars import KafkaMissingError, fetch_kafka, java_program, kafka_libs
from pricing_lake_tests.services.kafka_topics import (
    Bounds,
    Message,
    add_partitions,
    bounds,
    create_topic,
    delete_records,
    produce,
    produce_aborted,
    produce_committed,
    recreate_topic,
    transaction,
)

pytestmark = pytest.mark.services


@pytest.fixture(scope="module")
def own_broker() -> Iterator[KafkaBroker]:
    """A broker that tests of this module may stop and kill."""
    with running_broker() as broker:
        yield broker


@pytest.fixture
def topic(own_broker: KafkaBroker) -> str:
    name = f"t-{uuid4()}"
    create_topic(own_broker.bootstrap, name)
    return name


def values(broker: KafkaBroker, topic: str, isolation: str = "read_committed", partition: int = 0) -> list[bytes]:
    """Return the values of one partition, from its beginning to its end."""
    consumer = Consumer(
        {
            "bootstrap.servers": broker.bootstrap,
            "group.id": str(uuid4()),
            "isolation.level": isolation,
            "enable.partition.eof": True,
        }
    )
    consumer.assign([TopicPartition(topic, partition, 0)])
    found: list[bytes] = []
    try:
        while True:
            message = consumer.poll(20)
            assert message is not None, "no message and no end within 20 s"
            error = message.error()
            if error is None:
                found.append(message.value() or b"")
            elif error.code() == KafkaError._PARTITION_EOF:
                return found
            else:
                raise KafkaException(error)
    finally:
        consumer.close()


def messages(*texts: str) -> list[Message]:
    return [Message(text.encode()) for text in texts]


class TestBroker:
    def test_it_is_the_pinned_kafka_on_loopback_and_is_gone_afterwards(self) -> None:
        with running_broker() as broker:
            command = [broker.java, "-cp", f"{broker.libs}/*", "kafka.Kafka", "--version"]
            told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            assert told.split()[0] == kafka_jars.kafka_version()
            assert broker.bootstrap.startswith("127.0.0.1:")
            assert broker.home.is_dir()
        assert not broker.home.exists()
        with socket.socket() as again:
            assert again.connect_ex(("127.0.0.1", broker.port)) != 0

    def test_new_data_is_another_cluster(self, own_broker: KafkaBroker) -> None:
        with running_broker() as other:
            assert len(own_broker.cluster_id) == 22
            assert other.cluster_id != own_broker.cluster_id

    @pytest.mark.parametrize("end", ["stop", "kill"])
    def test_a_restart_keeps_address_cluster_messages_and_group_offsets(
        self, own_broker: KafkaBroker, topic: str, end: str
    ) -> None:
        produce(own_broker.bootstrap, topic, messages("a", "b", "c"))
        group = Consumer({"bootstrap.servers": own_broker.bootstrap, "group.id": topic})
        group.commit(offsets=[TopicPartition(topic, 0, 2)], asynchronous=False)
        before = own_broker.bootstrap, own_broker.cluster_id
        getattr(own_broker, end)()
        with socket.socket() as dead:
            assert dead.connect_ex(("127.0.0.1", own_broker.port)) != 0
        own_broker.start()
        assert (own_broker.bootstrap, own_broker.cluster_id) == before
        assert values(own_broker, topic) == [b"a", b"b", b"c"]
        assert produce(own_broker.bootstrap, topic, messages("d")) == [3]
        (committed,) = group.committed([TopicPartition(topic, 0)], timeout=20)
        group.close()
        assert committed.offset == 2

    def test_a_broker_that_cannot_start_says_why(self) -> None:
        with (
            pytest.raises(RuntimeError, match="nonsense"),
            running_broker({"log.cleanup.policy": "nonsense"}),
        ):
            pass

    def test_it_is_started_once(self, own_broker: KafkaBroker) -> None:
        with pytest.raises(RuntimeError, match="already running"):
            own_broker.start()


class TestTopics:
    def test_a_topic_has_its_partitions_and_settings(self, own_broker: KafkaBroker) -> None:
        create_topic(own_broker.bootstrap, "compacted", 3, {"cleanup.policy": "compact"})
        assert bounds(own_broker.bootstrap, "compacted") == dict.fromkeys(range(3), Bounds(0, 0))
        add_partitions(own_broker.bootstrap, "compacted", 5)
        produce(own_broker.bootstrap, "compacted", [Message(b"x", b"k", partition=4)])
        assert bounds(own_broker.bootstrap, "compacted")[4] == Bounds(0, 1)

    def test_a_topic_is_not_made_by_asking_for_it(self, own_broker: KafkaBroker) -> None:
        with pytest.raises(KafkaException, match="Unknown topic"):
            produce(own_broker.bootstrap, "never-created", messages("a"), {"topic.metadata.propagation.max.ms": 200})
        assert "never-created" not in AdminClient({"bootstrap.servers": own_broker.bootstrap}).list_topics().topics

    def test_an_aborted_transaction_is_seen_only_by_who_reads_uncommitted(
        self, own_broker: KafkaBroker, topic: str
    ) -> None:
        assert produce_aborted(own_broker.bootstrap, topic, messages("lost 1", "lost 2")) == [0, 1]
        assert produce_committed(own_broker.bootstrap, topic, messages("kept")) == [3]
        assert bounds(own_broker.bootstrap, topic)[0] == Bounds(0, 5), "each transaction ends with a marker"
        assert values(own_broker, topic) == [b"kept"]
        assert values(own_broker, topic, "read_uncommitted") == [b"lost 1", b"lost 2", b"kept"]

    def test_an_open_transaction_hides_what_comes_after_it(self, own_broker: KafkaBroker, topic: str) -> None:
        with transaction(own_broker.bootstrap, topic) as opened:
            opened.add(messages("open"))
            produce(own_broker.bootstrap, topic, messages("after"))
            assert values(own_broker, topic) == []
            assert bounds(own_broker.bootstrap, topic)[0] == Bounds(0, 2)
            opened.commit()
        assert values(own_broker, topic) == [b"open", b"after"]

    def test_deleted_records_move_the_low_watermark(self, own_broker: KafkaBroker, topic: str) -> None:
        produce(own_broker.bootstrap, topic, messages(*"abcde"))
        delete_records(own_broker.bootstrap, topic, {0: 3})
        assert bounds(own_broker.bootstrap, topic)[0] == Bounds(3, 5)

    def test_retention_deletes_what_is_too_old_and_only_where_it_is_asked_for(self, own_broker: KafkaBroker) -> None:
        long_ago = [Message(b"old", timestamp=1_700_000_000_000)]
        for name, config in (("kept", {}), ("shortened", {"retention.ms": "1000"})):
            create_topic(own_broker.bootstrap, name, config=config)
            produce(own_broker.bootstrap, name, long_ago)
        deadline = time.monotonic() + 30
        while bounds(own_broker.bootstrap, "shortened")[0].low == 0 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert bounds(own_broker.bootstrap, "shortened")[0] == Bounds(1, 1)
        assert bounds(own_broker.bootstrap, "kept")[0] == Bounds(0, 1)

    def test_a_recreated_topic_begins_at_zero(self, own_broker: KafkaBroker, topic: str) -> None:
        produce(own_broker.bootstrap, topic, messages("old 1", "old 2"))
        recreate_topic(own_broker.bootstrap, topic, 2)
        assert bounds(own_broker.bootstrap, topic) == {0: Bounds(0, 0), 1: Bounds(0, 0)}
        assert produce(own_broker.bootstrap, topic, messages("new")) == [0]
        assert values(own_broker, topic) == [b"new"]


@pytest.fixture
def half_maven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program named `mvn` that brings some jars, then waits at a gate, then brings the broker's own."""
    gate = tmp_path / "gate"
    program = tmp_path / "bin" / "mvn"
    program.parent.mkdir()
    jar = f"kafka_2.13-{kafka_jars.kafka_version()}.jar"
    program.write_text(
        "#!/bin/sh\n"
        'for option; do case "$option" in -DoutputDirectory=*) to="${option#*=}";; esac; done\n'
        'mkdir -p "$to" && touch "$to/scala-library.jar"\n'
        f'touch "$to/{jar}" && touch "$to/started"\n'
        f"while [ ! -e {gate} ]; do sleep 0.05; done\n"
        f'grep -q fail {gate} && {{ echo "[ERROR] no route to the registry"; exit 1; }}\n'
        'touch "$to/kafka-clients.jar"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return gate


class TestJars:
    def test_nothing_fetched_is_told_with_the_command(self, tmp_path: Path) -> None:
        with pytest.raises(KafkaMissingError, match="make setup-services"):
            kafka_libs({"KAFKA_LIBS": str(tmp_path)})

    def test_the_cache_is_named_by_version(self, tmp_path: Path) -> None:
        folder = kafka_jars.libs_folder({"XDG_CACHE_HOME": str(tmp_path)})
        assert folder == tmp_path / "pricing-lake" / f"kafka-{kafka_jars.kafka_version()}"

    def test_missing_programs_name_their_package(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(KafkaMissingError, match=re.escape("(apt-get install default-jre-headless)")):
            java_program()
        with pytest.raises(KafkaMissingError, match=re.escape("(apt-get install maven)")):
            fetch_kafka({"KAFKA_LIBS": str(tmp_path / "libs")})

    def test_a_failed_fetch_leaves_nothing_that_looks_complete(self, tmp_path: Path, half_maven: Path) -> None:
        half_maven.write_text("fail")
        place = {"KAFKA_LIBS": str(tmp_path / "cache" / "libs")}
        with pytest.raises(KafkaMissingError, match="no route to the registry"):
            fetch_kafka(place)
        assert list((tmp_path / "cache").iterdir()) == []

    def test_a_killed_fetch_is_not_taken_for_complete_and_the_next_one_is(
        self, tmp_path: Path, half_maven: Path
    ) -> None:
        folder = tmp_path / "cache" / "libs"
        environment = os.environ | {"KAFKA_LIBS": str(folder)}
        fetch = [sys.executable, "-m", kafka_jars.__name__]
        with subprocess.Popen(fetch, env=environment, start_new_session=True) as killed:
            while not list(folder.parent.glob("**/started")):
                assert killed.poll() is None
            os.killpg(killed.pid, signal.SIGKILL)
        with pytest.raises(KafkaMissingError):
            kafka_libs(environment)
        half_maven.write_text("go")
        subprocess.run(fetch, env=environment, check=True, capture_output=True)
        assert (kafka_libs(environment) / "kafka-clients.jar").exists()

    def test_two_fetches_at_once_both_end_with_the_one_folder(self, tmp_path: Path, half_maven: Path) -> None:
        folder = tmp_path / "cache" / "libs"
        place = {"KAFKA_LIBS": str(folder)}
        found: list[Path] = []
        both = [threading.Thread(target=lambda: found.append(fetch_kafka(place))) for _ in range(2)]
        for one in both:
            one.start()
        while len(list(folder.parent.glob("**/started"))) < 2:
            assert any(one.is_alive() for one in both)
        half_maven.write_text("go")
        for one in both:
            one.join()
        assert found == [folder, folder]
        assert [path.name for path in folder.parent.iterdir()] == ["libs"]

    def test_another_thing_in_the_way_is_left_alone(self, tmp_path: Path, half_maven: Path) -> None:
        half_maven.write_text("go")
        (tmp_path / "libs").mkdir()
        (tmp_path / "libs" / "mine").touch()
        with pytest.raises(KafkaMissingError, match="move it away"):
            fetch_kafka({"KAFKA_LIBS": str(tmp_path / "libs")})
        assert (tmp_path / "libs" / "mine").exists()
