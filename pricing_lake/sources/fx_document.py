"""The ECB's rates document: XML in, a table of day, currency and rate out. Fetches nothing and judges no rate."""

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from pricing_lake.errors import SourceDataError, SourceSchemaError, SourceUnavailableError

NAMESPACE = "http://www.ecb.int/vocabulary/2002-08-01/eurofxref"
BASE_CURRENCY = "EUR"
SCHEMA = pa.schema(
    [("as_of_date", pa.date32()), ("ccy", pa.string()), ("rate", pa.string()), ("base_ccy", pa.string())]
)
"""Rates as the document writes them, per unit of the base currency; only the day is typed, for it decides the place."""

_CUBE = f"{{{NAMESPACE}}}Cube"


@dataclass(frozen=True)
class RatesDocument:
    """One document: the rates it holds (`SCHEMA`), and the first and last day that has any."""

    address: str
    rates: pa.Table
    first_day: date
    last_day: date

    def between(self, first: date, last: date) -> pa.Table:
        """Return the rates of the days from `first` to `last`, both included, in the document's order."""
        days = self.rates.column("as_of_date")
        return self.rates.filter(
            pc.and_(pc.greater_equal(days, pa.scalar(first)), pc.less_equal(days, pa.scalar(last)))
        )


def parse_rates(body: bytes, address: str) -> RatesDocument:
    """Return the rates of a daily, 90-day or full document: all three have one shape.

    Raises SourceUnavailableError when the XML breaks off or is none (cut on the way, or an error page in its place),
    SourceSchemaError when it holds no rates in the ECB's namespace, SourceDataError when it declares a DOCTYPE or
    when a rate belongs to no day.
    """
    cubes = _Cubes(address)
    parser = ET.XMLParser(target=cubes)  # noqa: S314 - `_Cubes.doctype` refuses what entities need
    try:
        parser.feed(body)
        parser.close()
    except ET.ParseError as error:
        raise SourceUnavailableError(
            f"{address} is not well-formed XML ({error}): it was cut on the way or is an error page; try again later"
        ) from error
    if not cubes.days:
        raise SourceSchemaError(f"{address} holds no rates in the namespace {NAMESPACE}; check FX_URL")
    return RatesDocument(address, cubes.table(), min(cubes.days), max(cubes.days))


class _Cubes:
    """Target of ElementTree's parser. A Cube with a time is a day; a Cube inside it is a currency with its rate.

    Nothing but these rows is kept: the full history has 200,000 of them.
    """

    def __init__(self, address: str) -> None:
        self.days: list[date] = []
        self._address = address
        self._currencies: list[str | None] = []
        self._rates: list[str | None] = []
        self._open: list[date | None] = []

    def doctype(self, name: str, public_id: str | None, system: str | None) -> None:
        """Refuse: entities are declared in a DOCTYPE, and rates need none."""
        raise SourceDataError(
            f"{self._address} declares a DOCTYPE, which rates never do: a web page or an attack; check FX_URL"
        )

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Take a day or a rate."""
        day = self._open[-1] if self._open else None
        if tag == _CUBE and "time" in attributes:
            day = self._day(attributes["time"])
        elif tag == _CUBE and attributes:
            if day is None:
                raise SourceDataError(
                    f"{self._address} has a rate of {attributes.get('currency')} outside any day; check FX_URL"
                )
            self.days.append(day)
            self._currencies.append(attributes.get("currency"))
            self._rates.append(attributes.get("rate"))
        self._open.append(day)

    def end(self, tag: str) -> None:
        """Leave the day when its Cube ends."""
        self._open.pop()

    def close(self) -> None:
        """Nothing is left to do."""

    def table(self) -> pa.Table:
        """Return what was taken, as `SCHEMA`."""
        base = [BASE_CURRENCY] * len(self.days)
        return pa.table([self.days, self._currencies, self._rates, base], schema=SCHEMA)

    def _day(self, text: str) -> date:
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise SourceDataError(f"{self._address} has a Cube of {text!r}, which is no date; check FX_URL") from None
