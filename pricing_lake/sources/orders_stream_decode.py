"""JSON messages to typed Arrow rows: in bulk where that is safe, down to the single message that cannot be read.

Knows no Kafka. What bulk means and when it is safe is in `orders_stream_bulk`.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa

from pricing_lake.sources.orders_stream_bulk import MOST_MESSAGES, Failure, Spliced, is_clear, splice
from pricing_lake.sources.orders_stream_fields import MALFORMED, Decoded, Judged, MalformedError, joined
from pricing_lake.sources.orders_stream_json import TooDeepError, read_object

GROUP_BYTES = 16 << 20
"""Messages are parsed in groups of at most so many bytes, unless a single one is larger."""
_THREADS = 4
_FEW = 16
"""So few messages are read one at a time rather than parsed together again."""
_WORTH = 32
"""About so many messages are read one at a time while a parse fails and is made up for."""


def decode_json(payloads: Sequence[bytes]) -> Decoded:
    """Decode each message by itself: what becomes of it does not depend on its neighbours.

    A message is refused as `message_malformed` or `<field>_unparseable` or `<field>_out_of_range`; missing fields are
    null, unknown ones are left out. At most four threads of pyarrow are busy.
    """
    with ThreadPoolExecutor(min(_THREADS, pa.cpu_count()), "decode-orders") as pool:
        return joined(list(pool.map(lambda bounds: _Group(payloads, *bounds).decoded(), _groups(payloads))))


def rows_if_sound(payload: bytes) -> pa.Table | None:
    """The row of one message as the bulk parser has it; None when it has none."""
    if payload[:1] != b"{" or not is_clear(payload):
        return None
    rows = splice([payload]).rows(0, 1)
    return None if isinstance(rows, Failure) else rows


def _groups(payloads: Sequence[bytes]) -> Iterator[tuple[int, int]]:
    """Cut the messages where a group would get too many or too large."""
    ends = np.cumsum(np.fromiter(map(len, payloads), np.int64, len(payloads)))
    start = 0
    while start < len(payloads):
        before = ends[start - 1] if start else 0
        fits = int(np.searchsorted(ends, before + GROUP_BYTES, side="right"))
        stop = min(start + MOST_MESSAGES, max(fits, start + 1))
        yield start, stop
        start = stop


class _Group:
    """Neighbouring messages that are parsed together as far as that works."""

    def __init__(self, payloads: Sequence[bytes], start: int, stop: int) -> None:
        self._payloads = payloads
        self._range = range(start, stop)
        self._places: list[int] = []
        self._parts: list[Decoded] = []
        self._failures = 0
        self._settled = 0

    def decoded(self) -> Decoded:
        spliced = self._spliced()
        alone = sorted(set(self._range).difference(self._places)) if len(self._places) < len(self._range) else []
        self._one_at_a_time(alone)
        self._together(spliced)
        whole = joined(self._parts)
        order = np.argsort(whole.positions)
        rows = whole.rows.combine_chunks()
        return Decoded(
            rows if len(self._parts) == 1 else rows.take(order),
            whole.positions[order],
            tuple(sorted(whole.refused, key=lambda one: one.position)),
        )

    def _spliced(self) -> Spliced:
        """The messages that can be parsed together, which are nearly always all."""
        self._places = [place for place in self._range if self._payloads[place][:1] == b"{"]
        spliced = splice([self._payloads[place] for place in self._places])
        if not is_clear(spliced.text):
            self._places = [place for place in self._places if is_clear(self._payloads[place])]
            spliced = splice([self._payloads[place] for place in self._places])
        return spliced

    def _together(self, spliced: Spliced) -> None:
        """Parse all, and around what does not parse: beside the culprit where pyarrow tells it, else half by half."""
        waiting = [(0, len(self._places))]
        while waiting:
            start, stop = waiting.pop()
            if stop - start <= _FEW or self._failures * _WORTH > self._settled + MOST_MESSAGES // 8:
                self._one_at_a_time(self._places[start:stop])
                continue
            rows = spliced.rows(start, stop)
            if not isinstance(rows, Failure):
                self._take(Decoded(rows, np.array(self._places[start:stop], dtype=np.int64), ()), stop - start)
                continue
            self._failures += 1
            if rows.culprit is None:
                middle = (start + stop) // 2
                waiting += [(middle, stop), (start, middle)]
            else:
                waiting += [(rows.culprit + 1, stop), (rows.culprit, rows.culprit + 1), (start, rows.culprit)]

    def _one_at_a_time(self, places: Sequence[int]) -> None:
        if not places:
            return
        judged = Judged()
        for place in places:
            try:
                judged.take(place, read_object(self._payloads[place]))
            except MalformedError as error:
                judged.refuse(place, MALFORMED, error.error)
            except TooDeepError:
                # pyarrow reads any depth. Its word on this message alone is what its word in a group would have been.
                rows = rows_if_sound(self._payloads[place])
                if rows is None:
                    judged.refuse(place, MALFORMED, "nested too deeply")
                else:
                    self._take(Decoded(rows, np.array([place]), ()), 0)
        self._take(judged.decoded(), len(places))

    def _take(self, part: Decoded, settled: int) -> None:
        self._parts.append(part)
        self._settled += settled
