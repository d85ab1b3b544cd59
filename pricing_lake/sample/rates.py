"""Made-up exchange rates for the days of a sample, as files of the shape that the ECB publishes. No rate is real."""

import math
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from pricing_lake.sample.sales import CURRENCIES

DOCUMENTS = ("eurofxref-hist-90d.xml", "eurofxref-hist.xml")
"""Whoever reads rates asks for the first one, and for the second when that does not reach back far enough."""
_SATURDAY = 5
_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01"'
    ' xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">\n'
    "<gesmes:subject>Made-up rates of a sample shop</gesmes:subject>\n"
    "<Cube>\n{days}\n</Cube>\n</gesmes:Envelope>\n"
)


def write_rates(folder: Path, first_day: date, last_day: date) -> None:
    """Write the documents into `folder`: rates of each weekday, and of `first_day`, so that no sale lacks one.

    A day has the same rates in every sample.
    """
    folder.mkdir(parents=True, exist_ok=True)
    days = (last_day - timedelta(days=back) for back in range((last_day - first_day).days + 1))
    fixings = [day for day in days if day.weekday() < _SATURDAY or day == first_day]
    text = _ENVELOPE.format(days="\n".join(map(_day, fixings)))
    for name in DOCUMENTS:
        (folder / name).write_text(text, encoding="utf-8")


def _day(day: date) -> str:
    rates = "".join(f'<Cube currency="{code}" rate="{rate:.4f}"/>' for code, rate in _rates(day))
    return f'<Cube time="{day}">{rates}</Cube>'


def _rates(day: date) -> Iterator[tuple[str, float]]:
    """Units per euro: near what the sample's prices were made with, up and down by a few per cent."""
    for place, currency in enumerate(CURRENCIES):
        if currency.per_euro != 1:
            season = 0.02 * math.sin(day.toordinal() / 29 + place)
            weather = 0.004 * math.sin(day.toordinal() / 3 + 2 * place)
            yield currency.code, currency.per_euro * (1 + season + weather)
