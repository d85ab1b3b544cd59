"""The order topic as a feed of its table: batches by stored offsets, dead letters sent before anything is committed."""

import hashlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pyarrow as pa

from pricing_lake.contracts.cast import REASON_COLUMN
from pricing_lake.contracts.split import REASONS
from pricing_lake.errors import SourceDataError
from pricing_lake.lake.feed import Increment
from pricing_lake.lake.gate import Candidate
from pricing_lake.sources.orders_stream import NAME, OrdersBatch, OrdersStream
from pricing_lake.sources.orders_stream_messages import DeadLetter, letter_rows
from pricing_lake.sources.orders_stream_offsets import BatchPlan, Offsets

_PLACE = ("topic", "partition", "offset", "message_ts", "message_key")


@dataclass(frozen=True)
class OrdersFeed:
    """See `lake.feed.Feed`; it is read once, and disconnects then.

    `resume_at` is used only when the stored offsets cannot be read on from.
    """

    stream: OrdersStream
    resume_at: Mapping[int, int] = field(default_factory=dict)

    def increments(self, stamp: str | None) -> Iterator[Increment]:
        """Batches up to the end that the topic has now; what arrives meanwhile is for the next run.

        While one batch is committed the next one is read already; it is dropped when that commit fails.
        """
        stored = None if stamp is None else Offsets.from_json(stamp)
        with self.stream, ThreadPoolExecutor(1) as ahead:
            first = self._plan(stored)
            left = sum(self.stream.lag(first.since).values())
            waiting = ahead.submit(self._read, first)
            while left > 0:
                plan, batch = waiting.result()
                if plan.is_empty:
                    return
                left -= sum(batch.until.by_partition[p] - start for p, start in plan.since.next)
                if left > 0:
                    waiting = ahead.submit(lambda until: self._read(self.stream.plan(until)), batch.until)
                yield _increment(self.stream, plan, batch)
                self.stream.commit_group_offsets(batch.until)

    def again(self, start: datetime, end: datetime) -> Increment | None:
        """Nothing: every message was read once, whatever day its event is of."""
        return None

    def reaches(self) -> datetime | None:
        """Everything: a day that ended before the run began is read to the end that the topic had then."""
        return None

    def _read(self, plan: BatchPlan) -> tuple[BatchPlan, OrdersBatch]:
        return plan, self.stream.read(plan)

    def _plan(self, stored: Offsets | None) -> BatchPlan:
        try:
            return self.stream.plan(stored)
        except SourceDataError:
            if not self.resume_at:
                raise
            return self.stream.plan(stored, self.resume_at)


def _increment(stream: OrdersStream, plan: BatchPlan, batch: OrdersBatch) -> Increment:
    """One batch, named after where it begins."""
    since = plan.since.to_json()
    taken = datetime.now(UTC)

    def set_aside(quarantined: pa.Table, run_id: str) -> pa.Table:
        known = {(letter.partition, letter.offset): letter for letter in batch.poison}
        letters = _letters(batch, quarantined, known)
        stream.send_letters(letters, run_id)
        kept = letter_rows(letters, taken.date(), run_id)
        return kept.append_column(REASONS, quarantined.column(REASONS))

    return Increment(
        name=f"{plan.since.topic} {hashlib.blake2b(since.encode(), digest_size=8).hexdigest()}",
        candidate=Candidate(_with_poison(batch), source_system=NAME, expected_rows=batch.received),
        taken=taken,
        stamp=batch.until.to_json(),
        commits_alone=True,
        set_aside=set_aside,
    )


def _letters(
    batch: OrdersBatch, quarantined: pa.Table, poison: Mapping[tuple[int, int], DeadLetter]
) -> list[DeadLetter]:
    """A letter per quarantined row, in order: that of the decoder where it made one, else of the broken contract."""
    letters = batch.letters_of(quarantined)
    return [poison.get((letter.partition, letter.offset), letter) for letter in letters]


def _with_poison(batch: OrdersBatch) -> pa.Table:
    """The batch's rows, and for every message that gave none its place and the reason."""
    usable = batch.rows.append_column(REASON_COLUMN, pa.nulls(batch.rows.num_rows, pa.string()))
    if not batch.poison:
        return usable
    told = [
        {**{name: getattr(letter, name) for name in _PLACE}, REASON_COLUMN: letter.reason} for letter in batch.poison
    ]
    return pa.concat_tables([usable, pa.Table.from_pylist(told, usable.schema)])
