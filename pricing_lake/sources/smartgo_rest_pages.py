"""The pages of one window of sales, by cursor, and the certainty that they are all of its pages and no more."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pricing_lake.errors import ConfigurationError, SourceDataError
from pricing_lake.sources.json_over_http import JsonClient
from pricing_lake.sources.smartgo_rest_rows import Sale
from pricing_lake.sources.window import Window

MOST_DIGITS = 15


@dataclass(frozen=True)
class Page:
    """One page; `next` is the cursor of the page after it, None on the last. `total` is of the whole window."""

    sales: list[Sale]
    next: str | None
    total: int


@dataclass(frozen=True)
class SalesEndpoint:
    """The endpoint `path` of one service. A window of more than `max_pages` pages is taken for an endless one."""

    client: JsonClient
    path: str
    max_pages: int

    @property
    def address(self) -> str:
        """Return the endpoint's address for messages, without secrets."""
        return f"{self.client.address}/{self.path}"

    def pages(self, window: Window) -> Iterator[Page]:
        """Give the window's pages, at least one.

        Raises SourceDataError when a cursor comes twice, the total changes, the sales are not as many, or
        the pages do not end; after that nothing that was given may be used.
        """
        query = window_query(window)
        cursors: set[str] = set()
        received, total = 0, None
        for _ in range(self.max_pages):
            page, _headers = self.page(query)
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
        raise self._contradiction(f"has more than {self.max_pages:,} pages for one window")

    def page(self, query: Mapping[str, str]) -> tuple[Page, Mapping[str, str]]:
        """Return one page and its headers."""
        answer = self.client.get(self.path, query)
        if answer is None:
            raise ConfigurationError(f"{self.client.address} has no endpoint {self.path}: correct SMARTGO_URL")
        page = _as_page(answer.document)
        if page is None:
            raise self._contradiction('must answer {"sales": [{…}], "next": "cursor" or null, "total": 0}')
        return page, answer.headers

    def _contradiction(self, what: str) -> SourceDataError:
        return SourceDataError(f"{self.address} {what}: read the day again, or mend the service")


def window_query(window: Window, names: tuple[str, str] = ("sold_from", "sold_to")) -> dict[str, str]:
    """Return both bounds under these names, in ISO 8601 with a Z."""
    return {
        name: bound.isoformat().replace("+00:00", "Z")
        for name, bound in zip(names, (window.lo, window.hi), strict=True)
    }


def _as_page(document: Any) -> Page | None:
    """Return the page that a document is, or None when it is none."""
    if not isinstance(document, dict) or not {"sales", "next", "total"} <= document.keys():
        return None
    sales, cursor, total = document["sales"], document["next"], document["total"]
    is_list = isinstance(sales, list) and all(isinstance(sale, dict) for sale in sales)
    is_count = isinstance(total, str) and total.isascii() and total.isdecimal() and len(total) <= MOST_DIGITS
    if not (is_list and is_count and (cursor is None or isinstance(cursor, str))):
        return None
    return Page(sales, cursor, int(total))
