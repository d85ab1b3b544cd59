"""SmartGo behind a web service: pages of sales by cursor, every value as it was sent. The wire format is in the docs.

HTTP itself is next door; casting to the contract is the caller's part.
"""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pyarrow as pa

from pricing_lake.errors import ConfigurationError, SourceDataError, SourceSchemaError
from pricing_lake.sources.adbc import ReadOptions
from pricing_lake.sources.json_over_http import HttpOptions, JsonClient
from pricing_lake.sources.smartgo_mapping import COLUMNS, SmartGoMapping
from pricing_lake.sources.smartgo_rest_url import RestLogin, parse_rest_url
from pricing_lake.sources.smartgo_source import ChangedDay, SalesRead, SourceFacts
from pricing_lake.sources.window import Control, Window

MAX_PAGES = 10_000
SCHEMA = pa.schema([(name, pa.string()) for name in COLUMNS])
"""Text only: a number is the text that stood in the document."""


@dataclass(frozen=True)
class Page:
    """One page of a window; `next` is the cursor of the page after it, None on the last."""

    sales: list[dict[str, Any]]
    next: str | None
    total: int


class RestShop:
    """The sales that one service tells; see `SmartGoSource`. `{base}/{table of the mapping}` is its endpoint.

    Over HTTP no snapshot can be had: the service's `total` is what the pages are held against, so that a
    window that changes while it is read is an error and never a silent loss.
    """

    name = "smartgo"

    def __init__(
        self, login: RestLogin, mapping: SmartGoMapping, options: HttpOptions, max_pages: int = MAX_PAGES
    ) -> None:
        if mapping.table_name.schema:
            raise ConfigurationError(f"fix SMARTGO mapping: table {mapping.table} must be one plain name for a service")
        self._login = login
        self._mapping = mapping
        self._options = options
        self._max_pages = max_pages
        self._path = mapping.table_name.name

    @contextmanager
    def read(self, window: Window) -> Iterator[SalesRead]:
        """Ask for the first page; the others are asked for as the batches are taken."""
        with self._client() as client:
            pages = self._pages(client, window)
            first = next(pages)
            yield SalesRead(SCHEMA, Control(first.total, None), self._batches(first, pages))

    def changed_days(self, since: datetime, until: datetime) -> list[ChangedDay]:
        """Return what the service's own endpoint says."""
        window = Window(since, until)
        path = f"{self._path}/changed-days"
        with self._client() as client:
            answer = client.get(path, {"since": _iso(window.lo), "until": _iso(window.hi)})
        if answer is None:
            raise ConfigurationError(
                f"{self._login.address} has no endpoint {path}: the shop cannot tell which days changed, "
                "so run again the days that may have"
            )
        try:
            days = [ChangedDay(date.fromisoformat(item["day"]), int(item["rows"])) for item in answer.document["days"]]
        except (TypeError, KeyError, ValueError):
            raise SourceDataError(
                f'{self._login.address}/{path} must answer {{"days": [{{"day": "2026-11-01", "rows": 3}}]}}: mend it'
            ) from None
        return sorted(days)

    def probe(self) -> SourceFacts:
        """Ask for the first page of the last day; the columns are those that its sales have, if it has any."""
        now = datetime.now(UTC)
        window = Window(now - timedelta(days=1), now)
        with self._client() as client:
            sent = time.time()
            page, headers = self._page(client, _query(window))
            answered = time.time()
        return SourceFacts(
            dialect="rest",
            server_version=headers.get("Server", "unknown"),
            latency_seconds=answered - sent,
            clock_skew_seconds=_clock(headers) - (sent + answered) / 2,
            table_rows_estimate=None,
            missing_columns=tuple(self._missing(page.sales)),
        )

    def _client(self) -> JsonClient:
        return JsonClient(self._login.address, self._login.token, self._options)

    def _pages(self, client: JsonClient, window: Window) -> Iterator[Page]:
        """Give the pages of a window, sure that they are its pages: no cursor twice, one total, that many sales."""
        query = _query(window)
        cursors: set[str] = set()
        received, total = 0, None
        for _ in range(self._max_pages):
            page, _headers = self._page(client, query)
            received += len(page.sales)
            total = page.total if total is None else total
            if page.total != total:
                raise self._contradiction(f"said first {total:,}, then {page.total:,} sales for one window")
            if received > total or (page.next is None and received < total):
                raise self._contradiction(f"said {total:,} sales and sent {received:,}")
            yield page
            if page.next is None:
                return
            if page.next in cursors:
                raise self._contradiction("repeated a cursor, so that its pages would never end")
            cursors.add(page.next)
            query["cursor"] = page.next
        raise self._contradiction(f"has more than {self._max_pages:,} pages for one window")

    def _page(self, client: JsonClient, query: Mapping[str, str]) -> tuple[Page, Mapping[str, str]]:
        answer = client.get(self._path, query)
        if answer is None:
            raise ConfigurationError(f"{self._login.address} has no endpoint {self._path}: correct SMARTGO_URL")
        page = _as_page(answer.document)
        if page is None:
            raise self._contradiction('must answer {"sales": [{…}], "next": "cursor" or null, "total": 0}')
        return page, answer.headers

    def _batches(self, first: Page, others: Iterator[Page]) -> Iterator[pa.RecordBatch]:
        page: Page | None = first
        while page is not None:
            if page.sales:
                yield self._batch(page.sales)
            page = next(others, None)

    def _batch(self, sales: list[dict[str, Any]]) -> pa.RecordBatch:
        missing = self._missing(sales)
        if missing:
            raise SourceSchemaError(
                f"no sale from {self._login.address}/{self._path} has a {', '.join(missing)}; "
                f"they have {', '.join(sorted(sales[0]))}: fix SMARTGO mapping"
            )
        fields = [self._mapping.columns[name] for name in COLUMNS]
        columns = [_text_array([_as_text(sale.get(field)) if field else None for sale in sales]) for field in fields]
        return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)

    def _missing(self, sales: list[dict[str, Any]]) -> list[str]:
        """Return the mapped fields that not one of the sales has; of no sales nothing can be told."""
        known = set().union(*sales)
        return [name for name in self._mapping.columns.values() if name and name not in known] if sales else []

    def _contradiction(self, what: str) -> SourceDataError:
        return SourceDataError(f"{self._login.address}/{self._path} {what}: read the day again, or mend the service")


def rest_shop(url: str, mapping: SmartGoMapping, options: ReadOptions) -> RestShop:
    """Return the shop behind `https://…`; nothing is asked yet. See `parse_rest_url` for what it raises.

    A statement's time is the time that one page may take.
    """
    http = HttpOptions(
        connect_timeout_seconds=options.connect_timeout_seconds, total_seconds=options.statement_timeout_seconds
    )
    return RestShop(parse_rest_url(url), mapping, http)


def _query(window: Window) -> dict[str, str]:
    return {"sold_from": _iso(window.lo), "sold_to": _iso(window.hi)}


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _as_page(document: Any) -> Page | None:
    """Return the page that a document is, or None when it is none."""
    if not isinstance(document, dict) or not {"sales", "next", "total"} <= document.keys():
        return None
    sales, cursor, total = document["sales"], document["next"], document["total"]
    is_list = isinstance(sales, list) and all(isinstance(sale, dict) for sale in sales)
    is_count = isinstance(total, str) and total.isascii() and total.isdecimal() and len(total) < 16
    if not (is_list and is_count and (cursor is None or isinstance(cursor, str))):
        return None
    return Page(sales, cursor, int(total))


def _as_text(value: Any) -> str | None:
    """Return a value of JSON as text: numbers are text already; what is nested stays JSON."""
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _text_array(values: list[str | None]) -> pa.StringArray:
    """Return text, with U+FFFD for each half of a character, which JSON can escape and UTF-8 cannot write."""
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:
        return pa.array([None if value is None else _readable(value) for value in values], pa.string())


def _readable(value: str) -> str:
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _clock(headers: Mapping[str, str]) -> float:
    """Return the service's clock to the second, in seconds since 1970, or NaN when it does not tell."""
    try:
        return parsedate_to_datetime(headers["Date"]).timestamp()
    except (KeyError, ValueError, TypeError):
        return float("nan")
