"""SmartGo behind a web service; the wire format is in docs/smartgo_rest.md. Pages, rows and HTTP are next door.

Casting to the contract is the caller's part.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime

import pyarrow as pa

from pricing_lake.errors import ChangesUnknownError, ConfigurationError, SourceDataError
from pricing_lake.sources.adbc import ReadOptions
from pricing_lake.sources.changed_days import ChangedDay
from pricing_lake.sources.json_over_http import HttpOptions, JsonClient
from pricing_lake.sources.smartgo_mapping import SmartGoMapping
from pricing_lake.sources.smartgo_rest_pages import Page, SalesEndpoint, window_query
from pricing_lake.sources.smartgo_rest_rows import FIELD_TYPE, SCHEMA, as_batch, fields_of, missing_fields
from pricing_lake.sources.smartgo_rest_url import RestLogin, parse_rest_url
from pricing_lake.sources.smartgo_source import SalesRead, SourceFacts
from pricing_lake.sources.window import Control, Window

MAX_PAGES = 10_000


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

    @contextmanager
    def read(self, window: Window) -> Iterator[SalesRead]:
        """Ask for the first page; the others are asked for as the batches are taken."""
        with self._endpoint() as endpoint:
            pages = endpoint.pages(window)
            first = next(pages)
            fields = dict.fromkeys(fields_of(first.sales), FIELD_TYPE)
            control = Control(first.total, None, columns=fields, unread=self._mapping.unread(fields))
            yield SalesRead(SCHEMA, control, self._batches(endpoint, first, pages))

    def changed_days(self, since: datetime, until: datetime) -> list[ChangedDay]:
        """Return what the service's own endpoint says; ChangesUnknownError when it has none."""
        with self._endpoint() as endpoint:
            path = f"{endpoint.path}/changed-days"
            answer = endpoint.client.get(path, window_query(Window(since, until), ("since", "until")))
        if answer is None:
            raise ChangesUnknownError(
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
        """Ask for the first page of the last 24 hours; the columns are those that its sales have, if it has any."""
        now = datetime.now(UTC)
        with self._endpoint() as endpoint:
            sent = time.time()
            page, headers = endpoint.page(window_query(Window(now - timedelta(days=1), now)))
            answered = time.time()
        return SourceFacts(
            dialect="rest",
            server_version=headers.get("Server", "unknown"),
            latency_seconds=answered - sent,
            clock_skew_seconds=_clock(headers) - (sent + answered) / 2,
            table_rows_estimate=None,
            missing_columns=missing_fields(page.sales, self._mapping),
        )

    @contextmanager
    def _endpoint(self) -> Iterator[SalesEndpoint]:
        with JsonClient(self._login.address, self._login.token, self._options) as client:
            yield SalesEndpoint(client, self._mapping.table_name.name, self._max_pages)

    def _batches(self, endpoint: SalesEndpoint, first: Page, others: Iterator[Page]) -> Iterator[pa.RecordBatch]:
        page: Page | None = first
        while page is not None:
            if page.sales:
                yield as_batch(page.sales, self._mapping, endpoint.address)
            page = next(others, None)


def rest_shop(url: str, mapping: SmartGoMapping, options: ReadOptions) -> RestShop:
    """Return the shop behind `https://…`; nothing is asked yet. See `parse_rest_url` for what it raises.

    A statement's time is the time that one page may take.
    """
    http = HttpOptions(
        connect_timeout_seconds=options.connect_timeout_seconds, total_seconds=options.statement_timeout_seconds
    )
    return RestShop(parse_rest_url(url), mapping, http)


def _clock(headers: Mapping[str, str]) -> float:
    """Return the service's clock to the second, in seconds since 1970, or NaN when it does not tell."""
    try:
        return parsedate_to_datetime(headers["Date"]).timestamp()
    except (KeyError, ValueError, TypeError):
        return float("nan")
