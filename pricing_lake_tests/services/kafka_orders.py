"""Order events as messages and streams that read them, for tests against the real broker. Expects nothing."""

import json
from collections.abc import Mapping
from dataclasses import replace
from uuid import uuid4

import pyarrow as pa

from pricing_lake.sources.orders_stream import OrdersBatch, OrdersStream, OrdersStreamSettings
from pricing_lake.sources.orders_stream_broker import Timeouts
from pricing_lake.sources.orders_stream_offsets import BatchPlan, Offsets
from pricing_lake_tests.services.kafka_broker import KafkaBroker
from pricing_lake_tests.services.kafka_topics import Message, create_topic

QUICK = Timeouts(answer=5, idle=4, delivery=10, identity=5)
EVENT = {
    "event_ts": "2026-11-01T12:00:00Z",
    "tenant_id": "acme",
    "customer_id": "c-1",
    "product_id": "p-1",
    "category": "shoes",
    "amount": "12.50",
    "currency": "EUR",
    "status": "PLACED",
}


def order(order_id: str, partition: int = 0, key: bytes | None = None, padding: int = 0) -> Message:
    """Return one event of an order; `padding` is the length of a member that the lake leaves out."""
    event = {"order_id": order_id, **EVENT, **({"padding": "x" * padding} if padding else {})}
    return Message(json.dumps(event).encode(), key, partition)


def orders(*order_ids: str, partition: int = 0) -> list[Message]:
    return [order(order_id, partition) for order_id in order_ids]


def numbered(count: int, partition: int = 0, first: int = 0) -> list[Message]:
    return [order(f"{partition}-{number}", partition) for number in range(first, first + count)]


def new_topic(broker: KafkaBroker, partitions: int = 1, config: Mapping[str, str] | None = None) -> str:
    """Create a topic of a new name, and its dead-letter topic."""
    topic = f"orders-{uuid4()}"
    create_topic(broker.bootstrap, topic, partitions, config)
    return topic


def stream_of(broker: KafkaBroker, topic: str, **changes: object) -> OrdersStream:
    """Return a stream that gives up soon; `changes` are settings."""
    settings = OrdersStreamSettings(broker.bootstrap, topic, timeouts=QUICK)
    return OrdersStream(replace(settings, **changes))  # type: ignore[arg-type]


def order_ids(rows: pa.Table) -> list[str]:
    return [str(one) for one in rows.column("order_id").to_pylist()]


def places(rows: pa.Table) -> list[tuple[int, int]]:
    return list(zip(rows.column("partition").to_pylist(), rows.column("offset").to_pylist(), strict=True))


def read_next(stream: OrdersStream, stored: Offsets | None = None) -> OrdersBatch:
    return stream.read(stream.plan(stored))


def read_all(stream: OrdersStream, stored: Offsets | None = None) -> tuple[list[OrdersBatch], Offsets]:
    """Read batch after batch, each where the one before ended, until nothing is left."""
    batches: list[OrdersBatch] = []
    plan: BatchPlan = stream.plan(stored)
    while not plan.is_empty:
        batches.append(stream.read(plan))
        assert batches[-1].until != plan.since, "a batch that moves nothing would be read for ever"
        plan = stream.plan(batches[-1].until)
    return batches, plan.until
