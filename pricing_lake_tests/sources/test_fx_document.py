"""Parsing the rates document: every shape the ECB sends, and everything it never sends."""

from datetime import date

import pytest

from pricing_lake.errors import PricingLakeError, SourceDataError, SourceSchemaError, SourceUnavailableError
from pricing_lake.sources.fx_document import SCHEMA, parse_rates
from pricing_lake_tests.sources.ecb import WEEK, rates_xml

ADDRESS = "https://rates.example/eurofxref-hist-90d.xml"


def test_rates_are_the_text_of_the_document() -> None:
    document = parse_rates(rates_xml(WEEK), ADDRESS)
    assert (document.first_day, document.last_day) == (date(2026, 3, 4), date(2026, 3, 9))
    assert document.rates.schema == SCHEMA
    monday = document.between(date(2026, 3, 7), date(2026, 3, 9)).to_pylist()
    assert monday == [
        {"as_of_date": date(2026, 3, 9), "ccy": "USD", "rate": "1.1599", "base_ccy": "EUR"},
        {"as_of_date": date(2026, 3, 9), "ccy": "JPY", "rate": "183.21", "base_ccy": "EUR"},
        {"as_of_date": date(2026, 3, 9), "ccy": "GBP", "rate": "0.87", "base_ccy": "EUR"},
    ]


def test_the_daily_document_has_the_same_shape() -> None:
    document = parse_rates(rates_xml({"2026-03-09": WEEK["2026-03-09"]}), ADDRESS)
    assert document.first_day == document.last_day == date(2026, 3, 9)


def test_malformed_values_are_handed_on() -> None:
    days = {"2026-03-09": [("USD", "-1.1"), ("usd", "abc"), ("USD", "")]}
    body = rates_xml(days).replace(b'<Cube currency="usd" ', b"<Cube ").replace(b' rate=""', b"")
    rows = parse_rates(body, ADDRESS).rates.to_pylist()
    assert [(row["ccy"], row["rate"]) for row in rows] == [("USD", "-1.1"), (None, "abc"), ("USD", None)]


def test_a_day_without_rates_is_not_a_day_of_the_document() -> None:
    assert parse_rates(rates_xml({**WEEK, "2026-03-10": []}), ADDRESS).last_day == date(2026, 3, 9)


BOMB = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<Envelope xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref"><Cube><Cube time="2026-03-09">
<Cube currency="USD" rate="&b;"/></Cube></Cube></Envelope>"""
OUTSIDE = rates_xml({}).replace(b"<Cube></Cube>", b'<Cube currency="USD" rate="1.1"/>')


@pytest.mark.parametrize(
    ("body", "error", "why"),
    [
        (BOMB, SourceDataError, "declares a DOCTYPE"),
        (b"<!DOCTYPE html><html><body>down for maintenance</body></html>", SourceDataError, "declares a DOCTYPE"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', SourceDataError, "declares a DOCTYPE"),
        (rates_xml(WEEK)[:-40], SourceUnavailableError, "not well-formed XML"),
        (b"", SourceUnavailableError, "not well-formed XML"),
        (b"Service Unavailable", SourceUnavailableError, "not well-formed XML"),
        (rates_xml(WEEK).replace(b"</Cube>", b"", 1), SourceUnavailableError, "not well-formed XML"),
        (rates_xml(WEEK).replace(b"1.1601", b"\xff\xfe"), SourceUnavailableError, "not well-formed XML"),
        (rates_xml(WEEK, "http://other.example/rates"), SourceSchemaError, "no rates in the namespace"),
        (rates_xml({}), SourceSchemaError, "no rates in the namespace"),
        (rates_xml({"2026-02-30": [("USD", "1.1")]}), SourceDataError, "'2026-02-30', which is no date"),
        (OUTSIDE, SourceDataError, "a rate of USD outside any day"),
    ],
)
def test_what_is_no_rates_document_is_one_clear_line(body: bytes, error: type[PricingLakeError], why: str) -> None:
    with pytest.raises(error, match=why) as caught:
        parse_rates(body, ADDRESS)
    assert ADDRESS in str(caught.value)
    assert "\n" not in str(caught.value)
