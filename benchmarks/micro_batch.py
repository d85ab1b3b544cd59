"""Claim: orders of a real Kafka broker become committed snapshots at 100,000 messages a second.

Run `python -m benchmarks.micro_batch [MESSAGES] [MESSAGES_PER_BATCH]` from the project's root; Java and Kafka's jars
must be installed (`make setup-services`). The broker and a bare consumer beside it show what of the time is Kafka's.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from confluent_kafka import Consumer, TopicPartition
from rich.console import Console
from rich.table import Table

from benchmarks.decode_orders import BEGIN, message
from benchmarks.sales_day import new_lake
from pricing_lake.contracts.bronze_orders import RAW_ORDERS_STREAM
from pricing_lake.lake.increment import collect
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.resources.orders_feed import OrdersFeed
from pricing_lake.sources.orders_stream import OrdersStream, OrdersStreamSettings
from pricing_lake_tests.services.kafka_broker import running_broker
from pricing_lake_tests.services.kafka_topics import Message, create_topic, produce

MESSAGES, PER_BATCH, PARTITIONS = 1_000_000, 250_000, 4
TOPIC = "orders"
GOAL = 100_000
CALENDAR = PartitionWindow(BEGIN, BEGIN + timedelta(days=400), "calendar")


def messages(count: int) -> Iterator[Message]:
    """The messages of `decode_orders`, spread over the partitions."""
    for number in range(count):
        yield Message(message(number), partition=number % PARTITIONS)


def consume_alone(bootstrap: str, count: int) -> float:
    """Seconds that a consumer of the same client takes to be handed every message, doing nothing with them."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "alone", "enable.auto.commit": False})
    consumer.assign([TopicPartition(TOPIC, partition, 0) for partition in range(PARTITIONS)])
    started, received = time.perf_counter(), 0
    while received < count:
        received += len(consumer.consume(50_000, timeout=5))
    seconds = time.perf_counter() - started
    consumer.close()
    return seconds


def collect_into_lake(bootstrap: str, home: Path, per_batch: int) -> tuple[float, int]:
    """Seconds and snapshots of bringing the whole topic into a new table."""
    lake = new_lake(home)
    lake.table(RAW_ORDERS_STREAM)
    settings = OrdersStreamSettings(bootstrap, TOPIC, max_messages=per_batch)
    feed = OrdersFeed(OrdersStream(settings))
    started = time.perf_counter()
    done = collect(lake, RAW_ORDERS_STREAM, feed, CALENDAR, "benchmark", 1_000)
    seconds = time.perf_counter() - started
    assert sum(one.quarantined for one in done) == 0
    rows = lake.table(RAW_ORDERS_STREAM).scan(selected_fields=("offset",)).to_arrow().num_rows
    assert rows == sum(one.added for one in done)
    return seconds, len(done)


def main() -> None:
    """Fill a topic, read it both ways, print the rates."""
    count, per_batch = (int(word) for word in (*sys.argv[1:], *map(str, (MESSAGES, PER_BATCH)[len(sys.argv) - 1 :])))
    shown = Table("what", "seconds", "messages per second", title=f"{count:,} orders of {len(message(0))} bytes")
    with running_broker() as broker, tempfile.TemporaryDirectory() as folder:
        create_topic(broker.bootstrap, TOPIC, PARTITIONS)
        produce(broker.bootstrap, TOPIC, messages(count))
        alone = consume_alone(broker.bootstrap, count)
        shown.add_row("confluent-kafka consumer alone", f"{alone:.2f}", f"{count / alone:,.0f}")
        for turn in range(3):
            seconds, commits = collect_into_lake(broker.bootstrap, Path(folder) / str(turn), per_batch)
            met = "PASS" if count / seconds >= GOAL else "MISS"
            shown.add_row(
                f"ours: {commits} batches, read to committed snapshot",
                f"{seconds:.2f}",
                f"{count / seconds:,.0f} {met}",
            )
    Console().print(shown)


if __name__ == "__main__":
    main()
