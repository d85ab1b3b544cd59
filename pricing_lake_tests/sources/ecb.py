"""The ECB's rate files as a test writes them: hand-made ones, and the real history behind a date of one's choice."""

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from xml.sax.saxutils import quoteattr

import polars as pl
import pytest

from pricing_lake.sources.fx import FULL_DOCUMENT, RECENT_DOCUMENT
from pricing_lake.sources.fx_document import NAMESPACE
from pricing_lake_tests.images.image_server import ImageServer, status

HISTORY = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "ecb_fx" / "eurofxref_long_1999_2022.parquet"

# 6 March 2026 is a Friday, 9 March a Monday.
WEEK: dict[str, list[tuple[str, str]]] = {
    "2026-03-04": [("USD", "1.1612"), ("JPY", "182.9"), ("GBP", "0.8712")],
    "2026-03-05": [("USD", "1.1607"), ("JPY", "182.55"), ("GBP", "0.8709")],
    "2026-03-06": [("USD", "1.1601"), ("JPY", "183.0"), ("GBP", "0.8701")],
    "2026-03-09": [("USD", "1.1599"), ("JPY", "183.21"), ("GBP", "0.87")],
}

Days = Mapping[str, Iterable[tuple[str, str]]]


@contextmanager
def running_server() -> Iterator[ImageServer]:
    """A web server on loopback that answers with what a test puts into it."""
    with ImageServer() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def rates_xml(days: Days, namespace: str = NAMESPACE) -> bytes:
    """A document of the ECB's shape, newest day first."""
    cubes = "".join(
        f"<Cube time={quoteattr(day)}>"
        + "".join(f"<Cube currency={quoteattr(ccy)} rate={quoteattr(rate)}/>" for ccy, rate in days[day])
        + "</Cube>"
        for day in sorted(days, reverse=True)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" xmlns="{namespace}">'
        "<gesmes:subject>Reference rates</gesmes:subject>"
        "<gesmes:Sender><gesmes:name>European Central Bank</gesmes:name></gesmes:Sender>"
        f"<Cube>{cubes}</Cube></gesmes:Envelope>"
    ).encode()


def serve(server: ImageServer, days: Days, recent_from: str = "") -> str:
    """Answer with these days: all of them in the full document, those from `recent_from` in the recent one."""
    recent = {day: rates for day, rates in days.items() if day >= recent_from}
    server.answers[f"/{FULL_DOCUMENT}"] = status(200, rates_xml(days))
    server.answers[f"/{RECENT_DOCUMENT}"] = status(200, rates_xml(recent))
    return server.url("")


def serve_history(server: ImageServer, first: str, as_of: str) -> str:
    """Answer with the real rates from `first` as they stood on `as_of`; the recent document goes back 90 days."""
    recent_from = (date.fromisoformat(as_of) - timedelta(days=90)).isoformat()
    return serve(server, {day: rates for day, rates in history().items() if first <= day <= as_of}, recent_from)


@cache
def history() -> dict[str, list[tuple[str, str]]]:
    """Every real fixing from 1999 to 2022, rates as text."""
    if not HISTORY.is_file():
        pytest.skip("the real rates are not here: no ../shared/data/ecb_fx beside the project")
    days: dict[str, list[tuple[str, str]]] = {}
    for day, currency, rate in pl.read_parquet(HISTORY).select("date", "currency", "rate").iter_rows():
        days.setdefault(day.isoformat(), []).append((currency, f"{rate:.10g}"))
    return days
