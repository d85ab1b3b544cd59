"""The European Central Bank's reference rates as a source: which document answers for a window, and when one is late.

Downloading, parsing and the calendar live next door; casting to the contract is the caller's part.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa

from pricing_lake.errors import SourceDataError, SourceUnavailableError
from pricing_lake.sources.fx_calendar import business_days
from pricing_lake.sources.fx_document import SCHEMA, RatesDocument, parse_rates
from pricing_lake.sources.fx_download import DownloadOptions
from pricing_lake.sources.fx_place import fetch, is_of_files, require_place
from pricing_lake.sources.window import Control, Window

ECB_ADDRESS = "https://www.ecb.europa.eu/stats/eurofxref"
"""Folder in which the ECB documents its rate files to lie."""
RECENT_DOCUMENT = "eurofxref-hist-90d.xml"
FULL_DOCUMENT = "eurofxref-hist.xml"
FIRST_FIXING = date(1999, 1, 4)
"""First day on which the euro had rates."""
NAME = "ecb"
FILES_NAME = "rates_files"
"""Of files nobody can say who published them."""
_LOOK = DownloadOptions(read_timeout_seconds=10, total_seconds=15, attempts=1)


@dataclass(frozen=True)
class RatesRead:
    """One window of rates being read; see `window.Read`."""

    schema: pa.Schema
    control: Control
    batches: Iterator[pa.RecordBatch]


@dataclass(frozen=True)
class RatesFacts:
    """What a look at the recent document found. A positive skew means that the server's clock is ahead of ours.

    `late` are the business days after `last_day` whose rates should be there: today's are due at 16:00 Frankfurt time,
    so today is none of them. The skew is None when the server does not tell the time, and in whole seconds.
    """

    document: str
    last_day: date
    late: tuple[date, ...]
    currencies: int
    latency_seconds: float
    clock_skew_seconds: float | None


class EcbRates:
    """Rates per euro as the ECB fixes them at about 16:00 Frankfurt time on TARGET business days.

    An object serves one run: each document is downloaded at most once, the full history only when a window begins
    before the recent document. A document found to be too old is dropped, so that a retry asks again.
    """

    def __init__(self, address: str = ECB_ADDRESS, options: DownloadOptions | None = None) -> None:
        require_place(address)
        self.address = address.rstrip("/")
        self.name = FILES_NAME if is_of_files(address) else NAME
        self._options = options or DownloadOptions()
        self._documents: dict[str, RatesDocument] = {}

    @contextmanager
    def read(self, window: Window) -> Iterator[RatesRead]:
        """Open the rates of the days that the window touches, as text, with the count of the document's own Cubes.

        No rows is an answer: a weekend, a holiday, or a day that the ECB skipped and went on after. A business day
        later than the document is none: SourceUnavailableError, for its rates may still come. Raises
        SourceDataError when a full history begins too late, and what `fetch` and `parse_rates` raise.
        """
        first, last = window.lo.date(), (window.hi - timedelta(microseconds=1)).date()
        document = self._covering(first)
        self._require_until(document, first, last)
        rates = document.between(first, last)
        yield RatesRead(SCHEMA, Control(rates.num_rows, None), iter(rates.to_batches()))

    def probe(self) -> RatesFacts:
        """Download the recent document, once and with little patience; raises what `fetch` and `parse_rates` do."""
        address = f"{self.address}/{RECENT_DOCUMENT}"
        sent = time.time()
        found = fetch(address, _LOOK)
        answered = time.time()
        rates = parse_rates(found.body, address)
        yesterday = datetime.now(UTC).date() - timedelta(days=1)
        told = found.server_time.timestamp() - int((sent + answered) / 2) if found.server_time else None
        return RatesFacts(
            document=address,
            last_day=rates.last_day,
            late=tuple(business_days(rates.last_day + timedelta(days=1), yesterday)),
            currencies=rates.between(rates.last_day, rates.last_day).num_rows,
            latency_seconds=answered - sent,
            clock_skew_seconds=told,
        )

    def _covering(self, first: date) -> RatesDocument:
        recent = self._document(RECENT_DOCUMENT)
        if first >= recent.first_day:
            return recent
        full = self._document(FULL_DOCUMENT)
        if business_days(max(first, FIRST_FIXING), full.first_day - timedelta(days=1)):
            raise SourceDataError(
                f"{full.address} begins on {full.first_day}, but rates exist since {FIRST_FIXING}; check FX_URL"
            )
        return full

    def _require_until(self, document: RatesDocument, first: date, last: date) -> None:
        late = business_days(max(first, document.last_day + timedelta(days=1)), last)
        if late:
            self._documents.clear()
            raise SourceUnavailableError(
                f"{document.address} ends on {document.last_day}: no rates of {late[0]} yet; they are due at 16:00 "
                "Frankfurt time, try again later"
            )

    def _document(self, name: str) -> RatesDocument:
        if name not in self._documents:
            address = f"{self.address}/{name}"
            self._documents[name] = parse_rates(fetch(address, self._options).body, address)
        return self._documents[name]
