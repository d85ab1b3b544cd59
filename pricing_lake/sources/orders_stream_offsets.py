"""How far a topic has been read, as a value, and the stretch of it that one batch takes. Talks to no broker."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

from pricing_lake.errors import ConfigurationError, SourceDataError


@dataclass(frozen=True)
class Offsets:
    """Per partition the offset of the next message to be read, and which topic of which cluster they count.

    `topic_id` tells a topic from one of the same name that was deleted before; empty when the broker does not say.
    """

    topic: str
    cluster_id: str
    topic_id: str
    next: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        partitions = [partition for partition, _ in self.next]
        if any(first >= second for first, second in pairwise(partitions)):
            raise ConfigurationError(f"offsets of {self.topic} must name each partition once, in order: {partitions}")
        if any(number < 0 for pair in self.next for number in pair):
            raise ConfigurationError(f"offsets of {self.topic} must not be negative: {dict(self.next)}")

    @classmethod
    def of(cls, topic: str, cluster_id: str, topic_id: str, positions: Mapping[int, int]) -> Self:
        """Offsets from a mapping in any order."""
        return cls(topic, cluster_id, topic_id, tuple(sorted(positions.items())))

    @property
    def by_partition(self) -> dict[int, int]:
        """The next offset of each partition."""
        return dict(self.next)

    def advanced(self, positions: Mapping[int, int]) -> Self:
        """The same offsets with some partitions further on. Raises SourceDataError for one that would go back."""
        known = self.by_partition
        back = {p: (known[p], offset) for p, offset in positions.items() if offset < known.get(p, 0)}
        if back:
            raise SourceDataError(f"offsets of {self.topic} would go back (from, to): {back}; they were not moved")
        return self.of(self.topic, self.cluster_id, self.topic_id, known | dict(positions))

    def to_json(self) -> str:
        """One line of JSON; equal offsets give equal text."""
        offsets = {str(partition): offset for partition, offset in self.next}
        told = {"topic": self.topic, "cluster_id": self.cluster_id, "topic_id": self.topic_id, "next": offsets}
        return json.dumps(told, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Offsets from what `to_json` wrote. Raises ConfigurationError when somebody changed it into something else."""
        try:
            told = json.loads(text)
            topic, cluster_id, topic_id = (told[name] for name in ("topic", "cluster_id", "topic_id"))
            positions = {int(partition): offset for partition, offset in told["next"].items()}
        except (ValueError, TypeError, KeyError, AttributeError):
            raise ConfigurationError(f"stored offsets {text[:200]!r} cannot be read; restore them") from None
        texts = all(type(one) is str for one in (topic, cluster_id, topic_id))
        if not texts or not all(type(one) is int for one in positions.values()):
            raise ConfigurationError(f"stored offsets {text[:200]!r} have values of wrong types; restore them")
        return cls.of(topic, cluster_id, topic_id, positions)


@dataclass(frozen=True)
class Watermarks:
    """Offsets that a partition can be read from (`low`) and up to (`high`, the first one not yet committed)."""

    low: int
    high: int


@dataclass(frozen=True)
class BatchPlan:
    """A half-open stretch per partition, from `since` to `until`; both name the same partitions."""

    since: Offsets
    until: Offsets

    @property
    def ranges(self) -> dict[int, tuple[int, int]]:
        """Start and end of each partition that has something to read."""
        ends = self.until.by_partition
        return {partition: (start, ends[partition]) for partition, start in self.since.next if start < ends[partition]}

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to read."""
        return not self.ranges

    @property
    def most_messages(self) -> int:
        """How many messages there can be at most; transaction markers and compaction leave gaps."""
        return sum(end - start for start, end in self.ranges.values())


def fair_shares(lags: Mapping[int, int], most: int) -> dict[int, int]:
    """Share `most` messages among partitions: nobody gets more than its lag, and what one leaves the others get."""
    shares = {}
    waiting = sorted((lag, partition) for partition, lag in lags.items())
    for place, (lag, partition) in enumerate(waiting):
        shares[partition] = min(lag, most // (len(waiting) - place))
        most -= shares[partition]
    return shares


def starts(
    stored: Offsets | None, now: Offsets, watermarks: Mapping[int, Watermarks], resume: Mapping[int, int]
) -> Offsets:
    """Where each partition is to be read from: `resume` where it says so, else as stored, else from the beginning.

    `now` names the topic as the broker knows it. Raises SourceDataError when reading on would silently skip or repeat
    messages: another cluster or topic, offsets beyond the end, offsets that retention has deleted; it says what to
    resume at. Raises ConfigurationError for a `resume` that names no partition or an offset that is not there.
    """
    _require_there(now.topic, watermarks, resume)
    if stored is not None:
        strange = [*_other_topic(stored, now, watermarks, resume), *_out_of_range(stored, watermarks, resume)]
        if strange:
            raise SourceDataError(
                f"topic {now.topic} cannot be read on: {'; '.join(strange)}. {_advice(stored, watermarks, strange)}"
            )
    known = {} if stored is None else stored.by_partition
    first = {p: resume.get(p, known.get(p, marks.low)) for p, marks in watermarks.items()}
    return Offsets.of(now.topic, now.cluster_id, now.topic_id or (stored.topic_id if stored else ""), first)


def _require_there(topic: str, watermarks: Mapping[int, Watermarks], resume: Mapping[int, int]) -> None:
    for partition, offset in resume.items():
        marks = watermarks.get(partition)
        if marks is None:
            raise ConfigurationError(f"topic {topic} has no partition {partition} to resume; it has {[*watermarks]}")
        if not marks.low <= offset <= marks.high:
            raise ConfigurationError(
                f"partition {partition} of {topic} cannot resume at {offset}; it holds {marks.low} to {marks.high}"
            )


def _other_topic(
    stored: Offsets, now: Offsets, watermarks: Mapping[int, Watermarks], resume: Mapping[int, int]
) -> Iterable[str]:
    """Reasons why the stored offsets count other messages; to resume after that means to name every partition."""
    if stored.topic != now.topic:
        yield f"the stored offsets are of topic {stored.topic}"
    if set(resume) >= set(watermarks):
        return
    if stored.cluster_id != now.cluster_id:
        yield f"the cluster was {stored.cluster_id or 'unnamed'} and now is {now.cluster_id or 'unnamed'}"
    if stored.topic_id and now.topic_id and stored.topic_id != now.topic_id:
        yield "the topic was deleted and created again"
    lost = sorted(set(stored.by_partition) - set(watermarks))
    if lost:
        yield f"partitions {lost} are gone"


def _out_of_range(stored: Offsets, watermarks: Mapping[int, Watermarks], resume: Mapping[int, int]) -> Iterable[str]:
    for partition, offset in stored.next:
        marks = watermarks.get(partition)
        if marks is None or partition in resume:
            continue
        if offset > marks.high:
            yield f"partition {partition} ends at {marks.high}, before the stored offset {offset}"
        if offset < marks.low:
            yield (
                f"partition {partition} begins at {marks.low}, after the stored offset {offset}: "
                f"{marks.low - offset:,} messages were deleted unread"
            )


def _advice(stored: Offsets, watermarks: Mapping[int, Watermarks], strange: Iterable[str]) -> str:
    partitions = sorted(watermarks)
    if all(reason.startswith("partition ") for reason in strange):
        partitions = [p for p, o in stored.next if not watermarks[p].low <= o <= watermarks[p].high]
    told = json.dumps({str(partition): watermarks[partition].low for partition in partitions})
    return f"To go on from the first messages that are still there, run it once with resume_at {told}"
