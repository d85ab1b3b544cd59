"""bronze/raw_fx_rates: rates exactly as published, empty days that are empty, and late days that are never so."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import pytest

from pricing_lake.bronze.raw_fx_rates import raw_fx_rates
from pricing_lake.contracts.bronze_fx import RAW_FX_RATES
from pricing_lake.errors import SourceUnavailableError
from pricing_lake.lake.publish import publish
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.resources.fx import FxResource
from pricing_lake.sources.fx import ECB_ADDRESS, FULL_DOCUMENT, RECENT_DOCUMENT, EcbRates
from pricing_lake_tests.bronze.fx_lake import FxLake, failure_of
from pricing_lake_tests.images.image_server import ImageServer, status
from pricing_lake_tests.sources.ecb import WEEK, running_server, serve, serve_history
from pricing_lake_tests.table_asset.tiny_table import lake_resource


@pytest.fixture
def server() -> Iterator[ImageServer]:
    with running_server() as server:
        yield server


@pytest.fixture
def fx(tmp_path: Path) -> FxLake:
    return FxLake(tmp_path)


def days(first: str, last: str) -> list[PartitionWindow]:
    start = datetime.combine(date.fromisoformat(first), datetime.min.time(), UTC)
    count = (date.fromisoformat(last) - date.fromisoformat(first)).days + 1
    starts = [start + timedelta(days=number) for number in range(count)]
    return [PartitionWindow(moment, moment + timedelta(days=1), moment.date().isoformat()) for moment in starts]


def publish_days(fx: FxLake, url: str, first: str, last: str) -> None:
    """Publish as one run would, without Dagster around it, whose retries would wait for minutes."""
    windows, lake = days(first, last), fx.lake
    produce = raw_fx_rates.producer(lake, windows, SimpleNamespace(fx=FxResource(url=url)))
    publish(lake, RAW_FX_RATES, windows, produce, "run")


def test_a_week_arrives_exactly_as_published(fx: FxLake, server: ImageServer) -> None:
    assert fx.run(serve(server, WEEK), "2026-03-04", "2026-03-09").success
    rows = {(str(row["as_of_date"]), row["ccy"]): row["rate"] for row in fx.rows()}
    assert rows == {(day, ccy): Decimal(rate) for day, rates in WEEK.items() for ccy, rate in rates}
    assert {row["base_ccy"] for row in fx.rows()} == {"EUR"}
    assert server.hits[f"/{RECENT_DOCUMENT}"] == 1


def test_a_weekend_is_published_empty(fx: FxLake, server: ImageServer) -> None:
    assert fx.run(serve(server, WEEK), "2026-03-07", "2026-03-08").success
    verdicts = fx.verdicts(["2026-03-07", "2026-03-08"])
    assert {day: (verdict.passed, verdict.source_rows) for day, verdict in verdicts.items()} == {
        "2026-03-07": (True, 0),
        "2026-03-08": (True, 0),
    }


def test_a_late_day_fails_the_run_and_publishes_nothing(fx: FxLake, server: ImageServer) -> None:
    with pytest.raises(SourceUnavailableError, match="no rates of 2026-03-10 yet"):
        publish_days(fx, serve(server, WEEK), "2026-03-09", "2026-03-10")
    assert fx.verdicts(["2026-03-10"]) == {}
    assert fx.rows() == []


def test_dirt_is_set_aside_by_name_and_the_day_goes_on(fx: FxLake, server: ImageServer) -> None:
    good = [(f"C{chr(65 + number)}D", "1.5") for number in range(26)]
    dirt = [("GBP", "-0.87"), ("USD", "1.1"), ("USD", "1.2"), ("CAD", "1.5"), ("EUR", "1")]
    url = serve(server, {"2026-03-09": [*good, *dirt]})
    assert fx.run(url, "2026-03-09").success
    verdict = fx.verdicts(["2026-03-09"])["2026-03-09"]
    assert verdict.reasons == {"rate_not_positive": 1, "ccy_repeated": 1, "ccy_is_base": 1}
    counts = (verdict.source_rows, verdict.good_rows, verdict.quarantined_rows, verdict.duplicate_rows)
    assert counts == (31, 27, 3, 1)


@pytest.mark.parametrize(
    ("ccy", "rate", "reason"),
    [
        ("usd", "1.1", "ccy_malformed"),
        ("USDX", "1.1", "ccy_malformed"),
        ("USD", "0", "rate_not_positive"),
        ("USD", "N/A", "rate_unparseable"),
        ("USD", "", "rate_unparseable"),
        ("USD", "NaN", "rate_unparseable"),
        ("USD", "1.123456789", "rate_out_of_range"),
        ("USD", "12345678901", "rate_out_of_range"),
    ],
)
def test_every_kind_of_bad_rate_has_its_reason(
    fx: FxLake, server: ImageServer, ccy: str, rate: str, reason: str
) -> None:
    url = serve(server, {"2026-03-09": [("JPY", "183.21"), (ccy, rate)]})
    publish_days(fx, url, "2026-03-09", "2026-03-09")
    assert fx.verdicts(["2026-03-09"])["2026-03-09"].reasons == {reason: 1}
    assert [row["ccy"] for row in fx.rows()] == ["JPY"]


def test_a_day_with_too_much_dirt_is_refused(fx: FxLake, server: ImageServer) -> None:
    result = fx.run(serve(server, {"2026-03-09": [(f"C{n}", "1.5") for n in range(4)]}), "2026-03-09")
    assert not result.success
    assert [rule.rule for rule in fx.verdicts(["2026-03-09"])["2026-03-09"].broken] == ["bad_share"]


def test_a_day_without_the_dollar_is_published_with_a_warning(fx: FxLake, server: ImageServer) -> None:
    assert fx.run(serve(server, {"2026-03-09": [("JPY", "183.21")]}), "2026-03-09").success
    results = fx.verdicts(["2026-03-09"])["2026-03-09"].results
    assert [result.rule for result in results if not result.passed] == ["usd_missing"]


def test_running_again_changes_nothing_and_a_correction_replaces(fx: FxLake, server: ImageServer) -> None:
    for _ in range(2):
        fx.run(serve(server, WEEK), "2026-03-09")
    assert len(fx.lake.table(RAW_FX_RATES).snapshots()) == 1
    fx.run(serve(server, {**WEEK, "2026-03-09": [("USD", "1.16")]}), "2026-03-09")
    assert [(row["ccy"], row["rate"]) for row in fx.rows()] == [("USD", Decimal("1.16"))]


def test_switched_off_every_day_is_empty(fx: FxLake) -> None:
    assert fx.run("off", "2026-03-09").success
    assert fx.verdicts(["2026-03-09"])["2026-03-09"].passed
    assert fx.rows() == []


def test_a_wrong_address_is_one_clear_line_and_is_not_retried(fx: FxLake, server: ImageServer) -> None:
    server.answers[f"/{RECENT_DOCUMENT}"] = status(404)
    result = fx.run(server.url(""), "2026-03-09")
    assert failure_of(result).strip().endswith("answered 404; check FX_URL")
    assert not result.filter_events(lambda event: event.is_step_up_for_retry)


def test_a_real_month_is_the_same_day_by_day_and_in_one_range(tmp_path: Path, server: ImageServer) -> None:
    """From the last Turkish lira of six zeros to the first of none, over Christmas and the New Year."""
    url = serve_history(server, "2004-01-02", "2005-06-30")
    month = [window.key for window in days("2004-12-15", "2005-01-14")]
    hashes = []
    for name, runs in (("daily", [(day, day) for day in month]), ("range", [(month[0], month[-1])])):
        fx = FxLake(tmp_path / name)
        for first, last in runs:
            publish_days(fx, url, first, last)
        found = fx.verdicts(month)
        assert all(verdict.passed and not verdict.quarantined_rows for verdict in found.values())
        hashes.append({day: verdict.content_hash for day, verdict in found.items()})
    assert hashes[0] == hashes[1]
    assert len(hashes[0]) == 31
    assert server.hits[f"/{FULL_DOCUMENT}"] == len(month) + 1
    rows = fx.rows()
    lira = {str(row["as_of_date"]): (row["ccy"], row["rate"]) for row in rows if row["ccy"] in ("TRL", "TRY")}
    assert lira["2004-12-31"] == ("TRL", Decimal("1836200"))
    assert lira["2005-01-03"][0] == "TRY"
    assert len({row["as_of_date"] for row in rows}) == 23


def test_each_run_asks_anew_however_long_the_process_lives(fx: FxLake, server: ImageServer) -> None:
    """One code location, one resource object, many days: a document of yesterday must not answer for today."""
    resources = {"lake": lake_resource(fx.home), "fx": FxResource(url=serve(server, WEEK))}
    asset = raw_fx_rates.definition(fx.calendar, "lake", 7)
    for day in ("2026-03-06", "2026-03-09"):
        tags = {"dagster/partition": day}
        assert dg.materialize([asset], instance=fx.instance, resources=resources, tags=tags).success
    assert server.hits[f"/{RECENT_DOCUMENT}"] == 2


def test_the_bank_has_an_address_of_its_own() -> None:
    source = FxResource(url="ecb").source()
    assert isinstance(source, EcbRates)
    assert source.address == ECB_ADDRESS


def test_the_asset_is_one_of_the_lakes(fx: FxLake) -> None:
    asset = raw_fx_rates.definition(fx.calendar, "lake", 7)
    assert asset.key == dg.AssetKey(["bronze", "raw_fx_rates"])
    assert raw_fx_rates.resources == {"lake", "fx"}
