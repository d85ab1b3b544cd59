"""Claim: Kafka's order messages are decoded and validated 1.8 times as fast as with orjson, and lose none of them.

Run from the project folder: `python -m benchmarks.decode_orders`. A million JSON messages of about 180 bytes, as a
Kafka client hands them over, become typed rows that the contract of `bronze/raw_orders_stream` has judged. Every
variant ends in the same split; some messages are broken where the variant says so.
"""

import contextlib
import datetime as dt
import decimal
import io
import json
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import compress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.benchmark import Benchmark
from benchmarks.comparison import Goal, ratio
from benchmarks.mapped_table import open_mapped, write_mapped
from benchmarks.variants import Work
from pricing_lake.contracts.bronze_orders import RAW_ORDERS_STREAM
from pricing_lake.contracts.split import split_rows
from pricing_lake.sources.orders_stream_decode import decode_json
from pricing_lake.sources.orders_stream_fields import FIELDS, ROWS

CLEAN, RARE, OFTEN = "clean", "1 in 10,000 broken", "1 in 100 broken"
BROKEN_EVERY = {CLEAN: None, RARE: 10_000, OFTEN: 100}
OURS, ORJSON = "ours", "orjson, from_pylist"
TEXTS = pa.schema([(name, pa.string()) for name in FIELDS.names])
BEGIN = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)

Decode = Callable[[Sequence[bytes]], tuple[pa.Table, np.ndarray | slice]]
"""Messages to fields, and which messages those are of."""


def message(number: int) -> bytes:
    """One event of a shop's orders."""
    event = {
        "order_id": f"o-{number:08d}",
        "event_ts": (BEGIN + dt.timedelta(milliseconds=83 * number)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "tenant_id": ("acme", "bolt", "crow")[number % 3],
        "customer_id": f"c-{number % 99_991}",
        "product_id": f"p-{number % 50_000}",
        "category": f"category {number % 40}",
        "amount": f"{number % 100_000 / 100:.2f}",
        "currency": "EUR",
        "status": ("PLACED", "PAID", "SHIPPED", "CANCELLED")[number % 4],
    }
    return json.dumps(event, separators=(",", ":")).encode()


def make_input(folder: Path, count: int) -> None:
    """The same messages three times, some of them cut short in two, with what Kafka tells of each."""
    sound = [message(number) for number in range(count)]
    number = np.arange(count)
    kafka = pa.table(
        {
            "topic": pa.repeat(pa.scalar("orders"), count),
            "partition": pa.array(number % 8, pa.int32()),
            "offset": pa.array(number // 8),
            "message_ts": pa.array(np.datetime64("2026-03-01T00:00:00", "us") + number * 83_000).cast(
                pa.timestamp("us", "UTC")
            ),
            "message_key": pa.array([f"o-{one:08d}" for one in number], pa.string()),
        }
    )
    for name, every in BROKEN_EVERY.items():
        values = [one[:-20] if every and place % every == every // 2 else one for place, one in enumerate(sound)]
        write_mapped(folder / name, kafka.append_column("value", pa.array(values, pa.binary())))


def judged(name: str, decode: Decode, folder: Path, _: Path) -> Work:
    """Decode, put Kafka's columns beside the fields, and split by the contract."""
    received = open_mapped(folder / name)
    messages = received.column("value").to_pylist()
    kafka = received.drop_columns(["value"]).combine_chunks()
    every = BROKEN_EVERY[name]
    broken = len(range(every // 2, len(messages), every)) if every else 0

    def work() -> None:
        fields, chosen = decode(messages)
        ours = kafka if isinstance(chosen, slice) else kafka.take(pa.array(chosen))
        columns = dict(zip(ours.column_names, ours.columns, strict=True))
        columns |= dict(zip(fields.column_names, fields.columns, strict=True))
        split = split_rows(RAW_ORDERS_STREAM, pa.table([columns[one] for one in ROWS.names], names=ROWS.names))
        assert split.good.num_rows == len(messages) - broken, split.reasons

    return work


def with_us(messages: Sequence[bytes]) -> tuple[pa.Table, np.ndarray | slice]:
    """Typed in bulk, every message checked to be exactly one row."""
    decoded = decode_json(messages)
    return decoded.rows, decoded.positions if decoded.refused else slice(None)


def one_by_one(loads: Callable[[bytes], Any], messages: Sequence[bytes]) -> tuple[list[Any], np.ndarray | slice]:
    """What a parser makes of each message, without those it refuses."""
    with contextlib.suppress(ValueError):
        return [loads(one) for one in messages], slice(None)
    parsed: list[Any] = []
    for one in messages:
        try:
            parsed.append(loads(one))
        except ValueError:
            parsed.append(None)
    sound = np.array([one is not None for one in parsed])
    return list(compress(parsed, sound)), np.flatnonzero(sound)


def dicts(loads: Callable[[bytes], Any], messages: Sequence[bytes]) -> tuple[pa.Table, np.ndarray | slice]:
    """Dictionaries to columns of text, which the contract casts."""
    parsed, chosen = one_by_one(loads, messages)
    return pa.Table.from_pylist(parsed, TEXTS), chosen


def with_orjson(name: str, folder: Path, out: Path) -> Work:
    """What most consumers do."""
    import orjson

    return judged(name, partial(dicts, orjson.loads), folder, out)


def with_msgspec(name: str, folder: Path, out: Path) -> Work:
    """A typed structure per message: exact amounts and times without a second look."""
    import msgspec

    kinds = {"amount": decimal.Decimal, "event_ts": dt.datetime}
    struct = msgspec.defstruct("Event", [(one, kinds.get(one, str)) for one in FIELDS.names])
    loads = msgspec.json.Decoder(struct).decode

    def decode(messages: Sequence[bytes]) -> tuple[pa.Table, np.ndarray | slice]:
        parsed, chosen = one_by_one(loads, messages)
        return pa.table([column(parsed, field) for field in FIELDS], schema=FIELDS), chosen

    return judged(name, decode, folder, out)


def column(parsed: Iterable[Any], field: pa.Field) -> pa.Array:
    """One attribute of every structure."""
    return pa.array([getattr(one, field.name) for one in parsed], field.type)


def with_polars(name: str, folder: Path, out: Path) -> Work:
    """Lines in bulk as text; nothing sees to it that a message is a row, and one that is broken stops all."""
    import polars as pl

    def decode(messages: Sequence[bytes]) -> tuple[pa.Table, slice]:
        frame = pl.read_ndjson(io.BytesIO(b"\n".join(messages)), schema=dict.fromkeys(FIELDS.names, pl.String))
        return frame.to_arrow(), slice(None)

    return judged(name, decode, folder, out)


def with_stdlib(name: str, folder: Path, out: Path) -> Work:
    """Without any package."""
    return judged(name, partial(dicts, json.loads), folder, out)


def goals(rows: int) -> Sequence[Goal]:
    """What the project promises of its stream."""
    return (
        ratio(OURS, ORJSON, "seconds", 1 / 1.8),
        ratio(f"{OURS}: {RARE}", f"{ORJSON}: {RARE}", "seconds", 1.0),
        ratio(OURS, ORJSON, "growth_mb", 1.0),
        Goal("seconds per million messages", 2.0, lambda took: took[OURS].seconds / rows * 1e6),
    )


BENCHMARK = Benchmark(
    module="benchmarks.decode_orders",
    rows=1_000_000,
    passes=5,
    make_input=make_input,
    variants={
        OURS: partial(judged, CLEAN, with_us),
        ORJSON: partial(with_orjson, CLEAN),
        "msgspec, typed": partial(with_msgspec, CLEAN),
        "polars, read_ndjson": partial(with_polars, CLEAN),
        "json, from_pylist": partial(with_stdlib, CLEAN),
        f"{OURS}: {RARE}": partial(judged, RARE, with_us),
        f"{ORJSON}: {RARE}": partial(with_orjson, RARE),
        f"{OURS}: {OFTEN}": partial(judged, OFTEN, with_us),
        f"{ORJSON}: {OFTEN}": partial(with_orjson, OFTEN),
    },
    goals=goals,
)

if __name__ == "__main__":
    BENCHMARK.main()
