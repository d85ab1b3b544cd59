"""A real Kafka broker for tests and benchmarks: one node (KRaft), loopback only, its data gone when the block ends.

Nothing here knows orders; kafka_topics.py fills topics, kafka_jars.py has the jars.
"""

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka.admin import AdminClient

from pricing_lake_tests.services.kafka_jars import java_program, kafka_libs

START_SECONDS = 60
STOP_SECONDS = 20
HEAP = "-Xmx384m"
# Serial collector and first compiler: a broker of tests starts often and lives seconds.
JAVA_OPTIONS = (HEAP, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")
LOGGING = ("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dorg.slf4j.simpleLogger.showDateTime=true")
SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "auto.create.topics.enable": "false",
    "num.partitions": "1",
    "default.replication.factor": "1",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "1",
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "400",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "log.cleaner.backoff.ms": "200",
    "log.retention.ms": "-1",
    "log.retention.check.interval.ms": "500",
    "log.initial.task.delay.ms": "0",
    "file.delete.delay.ms": "100",
    "log.segment.delete.delay.ms": "100",
    "message.max.bytes": "20000000",
    "replica.fetch.max.bytes": "20000000",
}
"""What waits in production (rebalance, retention, cleaner, a killed broker) waits here as little as Kafka allows.

Messages are kept for ever unless a topic sets `retention.ms`: tests write messages with times of long ago.
"""


@dataclass
class KafkaBroker:
    """A broker on data of its own. It may be stopped, killed and started again; ports and cluster id stay."""

    java: str
    libs: Path
    home: Path
    port: int
    settings: Mapping[str, str] = field(default_factory=dict)
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def bootstrap(self) -> str:
        """Return the address that clients are given."""
        return f"127.0.0.1:{self.port}"

    @property
    def cluster_id(self) -> str:
        """Return the id that the broker's data was formatted with, as the broker tells it."""
        return str(AdminClient({"bootstrap.servers": self.bootstrap}).list_topics(timeout=10).cluster_id)

    @property
    def log(self) -> Path:
        """Return the file of what the broker said, over all its starts."""
        return self.home / "log"

    def start(self) -> None:
        """Start on the data that is there and return when the broker answers.

        Raises RuntimeError with the end of its log when it ends or is silent for START_SECONDS.
        """
        if self._process:
            raise RuntimeError("the Kafka broker is already running")
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command("kafka.Kafka", str(self.home / "properties")), cwd=self.home, stdout=log, stderr=log
            )
        self._wait_for_answer(self._process)

    def stop(self) -> None:
        """Shut down in an orderly way; data stays. Nothing happens when it does not run."""
        process, self._process = self._process, None
        if process:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def kill(self) -> None:
        """End it at once (SIGKILL), as a lost machine would; data stays as it lies."""
        process, self._process = self._process, None
        if process:
            process.kill()
            process.wait()

    def format(self, controller_port: int) -> None:
        """Write the settings and give the empty data folder a new random cluster id."""
        properties = SETTINGS | {
            "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
            "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://127.0.0.1:{controller_port}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}",
            "log.dirs": str(self.home / "data"),
            **self.settings,
        }
        path = self.home / "properties"
        path.write_text("".join(f"{name}={value}\n" for name, value in properties.items()))
        cluster_id = self._tool("random-uuid")
        self._tool("format", "--cluster-id", cluster_id, "--config", str(path))

    def _tool(self, *arguments: str) -> str:
        command = self._command("kafka.tools.StorageTool", *arguments)
        done = subprocess.run(command, cwd=self.home, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"Kafka's storage tool failed: {(done.stderr or done.stdout).strip()}")
        return done.stdout.strip()

    def _command(self, main_class: str, *arguments: str) -> list[str]:
        return [self.java, *JAVA_OPTIONS, *LOGGING, "-cp", f"{self.libs}/*", main_class, *arguments]

    def _wait_for_answer(self, process: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            time.sleep(0.02)
        self.kill()
        raise RuntimeError(f"the Kafka broker does not answer: {self.log.read_text(errors='replace')[-2000:]}")


@contextmanager
def running_broker(settings: Mapping[str, str] | None = None) -> Iterator[KafkaBroker]:
    """Start an empty broker with a cluster id of its own; stop it and delete its data at the end.

    `settings` are added to server.properties. Raises KafkaMissingError when Java or the jars are missing.
    """
    java, libs = java_program(), kafka_libs()
    home = Path(tempfile.mkdtemp(prefix="pricing-lake-kafka-"))
    port, controller_port = _free_ports()
    broker = KafkaBroker(java, libs, home, port, settings or {})
    try:
        broker.format(controller_port)
        broker.start()
        yield broker
    finally:
        broker.stop()
        shutil.rmtree(home)


def _free_ports() -> tuple[int, int]:
    """Return two ports that are free now; both are held until the second is known, so that they differ."""
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]
