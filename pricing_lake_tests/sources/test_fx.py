"""Windows of rates: which document answers, what is an empty day, and what is a late one."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from pricing_lake.errors import ConfigurationError, SourceDataError, SourceUnavailableError
from pricing_lake.sources.fx import FULL_DOCUMENT, RECENT_DOCUMENT, EcbRates
from pricing_lake.sources.fx_calendar import business_days
from pricing_lake.sources.fx_download import DownloadOptions
from pricing_lake.sources.window import Window
from pricing_lake_tests.images.image_server import ImageServer, status
from pricing_lake_tests.sources.ecb import WEEK, history, rates_xml, running_server, serve, serve_history

QUICK = DownloadOptions(backoff_seconds=0.01, attempts=2)


@pytest.fixture
def server() -> Iterator[ImageServer]:
    with running_server() as server:
        yield server


def rates_of(source: EcbRates, day: str, days: int = 1) -> list[tuple[str, str, str]]:
    midnight = datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC)
    with source.read(Window(midnight, midnight + timedelta(days=days))) as read:
        rows = [row for batch in read.batches for row in batch.to_pylist()]
    assert len(rows) == read.control.rows
    return [(row["as_of_date"].isoformat(), row["ccy"], row["rate"]) for row in rows]


def test_a_day_and_a_stretch(server: ImageServer) -> None:
    source = EcbRates(serve(server, WEEK), QUICK)
    assert rates_of(source, "2026-03-06") == [("2026-03-06", *rate) for rate in WEEK["2026-03-06"]]
    assert {day for day, _, _ in rates_of(source, "2026-03-05", 5)} == {"2026-03-05", "2026-03-06", "2026-03-09"}


def test_a_run_downloads_each_document_once_and_the_full_one_only_when_needed(server: ImageServer) -> None:
    source = EcbRates(serve(server, WEEK, recent_from="2026-03-06"), QUICK)
    rates_of(source, "2026-03-06")
    rates_of(source, "2026-03-09")
    assert server.hits == {f"/{RECENT_DOCUMENT}": 1}
    for day in ("2026-03-04", "2026-03-05", "2026-03-06", "2026-03-09"):
        assert len(rates_of(source, day)) == 3
    assert server.hits == {f"/{RECENT_DOCUMENT}": 1, f"/{FULL_DOCUMENT}": 1}


@pytest.mark.parametrize("weekend", ["2026-03-07", "2026-03-08", "2026-03-14", "2026-03-15"])
def test_a_weekend_is_empty_before_and_after_the_next_fixing(server: ImageServer, weekend: str) -> None:
    assert rates_of(EcbRates(serve(server, WEEK), QUICK), weekend) == []


def test_good_friday_is_empty_though_the_document_ends_before(server: ImageServer) -> None:
    source = EcbRates(serve(server, {"2026-04-02": [("USD", "1.16")]}), QUICK)
    assert rates_of(source, "2026-04-03", 4) == []


def test_a_business_day_that_the_bank_skipped_is_empty(server: ImageServer) -> None:
    holed = {day: rates for day, rates in WEEK.items() if day != "2026-03-05"}
    assert rates_of(EcbRates(serve(server, holed), QUICK), "2026-03-05") == []


@pytest.mark.parametrize(("day", "days"), [("2026-03-10", 1), ("2026-03-09", 2), ("2026-03-07", 4)])
def test_a_business_day_after_the_document_is_late_and_never_empty(server: ImageServer, day: str, days: int) -> None:
    with pytest.raises(SourceUnavailableError, match="ends on 2026-03-09: no rates of 2026-03-10 yet"):
        rates_of(EcbRates(serve(server, WEEK), QUICK), day, days)


def test_a_retry_after_a_late_day_asks_again(server: ImageServer) -> None:
    source = EcbRates(serve(server, WEEK), QUICK)
    with pytest.raises(SourceUnavailableError):
        rates_of(source, "2026-03-10")
    server.answers[f"/{RECENT_DOCUMENT}"] = status(200, rates_xml({**WEEK, "2026-03-10": [("USD", "1.17")]}))
    assert rates_of(source, "2026-03-10") == [("2026-03-10", "USD", "1.17")]


def test_an_unreachable_bank_is_never_an_empty_day(server: ImageServer) -> None:
    server.answers[f"/{RECENT_DOCUMENT}"] = status(503)
    with pytest.raises(SourceUnavailableError, match="answered 503"):
        rates_of(EcbRates(server.url(""), QUICK), "2026-03-07")


def test_a_history_that_begins_too_late_is_refused(server: ImageServer) -> None:
    source = EcbRates(serve(server, WEEK), QUICK)
    with pytest.raises(SourceDataError, match="begins on 2026-03-04, but rates exist since 1999-01-04"):
        rates_of(source, "2026-03-03")


def test_before_the_euro_there_is_nothing(server: ImageServer) -> None:
    assert rates_of(EcbRates(serve(server, {"1999-01-04": [("USD", "1.1789")]}), QUICK), "1998-12-31") == []


def test_an_unusable_address_is_refused_before_anything_is_asked() -> None:
    with pytest.raises(ConfigurationError, match="FX_URL"):
        EcbRates("rates")


def test_currencies_come_and_go_in_the_real_history(server: ImageServer) -> None:
    source = EcbRates(serve_history(server, "2004-12-01", "2022-12-30"), QUICK)

    def quoted(day: str) -> set[str]:
        return {currency for _, currency, _ in rates_of(source, day)}

    # The Turkish lira lost six zeros and its code; Estonia joined; Russia and Iceland fell out, one came back.
    assert quoted("2004-12-31") - quoted("2005-01-03") == {"TRL"}
    assert quoted("2005-01-03") - quoted("2004-12-31") == {"TRY"}
    assert quoted("2010-12-31") - quoted("2011-01-03") == {"EEK"}
    assert quoted("2022-03-01") - quoted("2022-03-02") == {"RUB"}
    assert quoted("2008-12-09") - quoted("2008-12-10") == {"ISK"}
    assert quoted("2018-02-01") - quoted("2018-01-31") == {"ISK"}


def test_every_real_rate_survives_as_its_own_text(server: ImageServer) -> None:
    real = [(day, *rate) for day, rates in history().items() if "2004-12-01" <= day <= "2005-03-31" for rate in rates]
    source = EcbRates(serve_history(server, "2004-12-01", "2005-12-30"), QUICK)
    assert sorted(rates_of(source, "2004-12-01", 121)) == sorted(real)


def recent(last: date, count: int = 3) -> dict[str, list[tuple[str, str]]]:
    """The last business days up to `last`, with one rate fewer on each earlier one."""
    days = business_days(last - timedelta(days=30), last)[-count:]
    currencies = [("USD", "1.1"), ("JPY", "180"), ("GBP", "0.9")]
    return {day.isoformat(): currencies[: number + 1] for number, day in enumerate(days)}


def test_a_look_tells_the_newest_day_and_how_old_it_is(server: ImageServer) -> None:
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    facts = EcbRates(serve(server, recent(yesterday))).probe()
    newest = business_days(yesterday - timedelta(days=30), yesterday)[-1]
    assert (facts.last_day, facts.late, facts.currencies) == (newest, (), 3)
    assert 0 < facts.latency_seconds < 5
    assert facts.clock_skew_seconds is not None
    assert abs(facts.clock_skew_seconds) < 5
    assert server.hits == {f"/{RECENT_DOCUMENT}": 1}


def test_a_look_names_the_days_that_are_late(server: ImageServer) -> None:
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    *_, first_late, second_late = business_days(yesterday - timedelta(days=30), yesterday)
    facts = EcbRates(serve(server, recent(first_late - timedelta(days=1)))).probe()
    assert facts.late == (first_late, second_late)


def test_a_look_has_little_patience() -> None:
    begun = time.monotonic()
    with pytest.raises(SourceUnavailableError, match="cannot be read"):
        EcbRates("http://127.0.0.1:9").probe()
    assert time.monotonic() - begun < 5
