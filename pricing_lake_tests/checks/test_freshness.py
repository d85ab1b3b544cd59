"""checks/freshness: the newest rate's age as of each day, so that a dead provider is seen and a backfill is not."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from pricing_lake.checks.freshness import RateAge, rate_ages
from pricing_lake_tests.bronze.fx_lake import KEY, FxLake
from pricing_lake_tests.images.image_server import ImageServer
from pricing_lake_tests.sources.ecb import WEEK, running_server, serve

CHECK = "rates_keep_coming"
# Easter Sunday is 5 April 2026; 2 April is the Thursday before.
EASTER = {day: [("USD", "1.16")] for day in ("2026-03-30", "2026-03-31", "2026-04-01", "2026-04-02", "2026-04-07")}


@pytest.fixture
def server() -> Iterator[ImageServer]:
    with running_server() as server:
        yield server


@pytest.fixture
def fx(tmp_path: Path) -> FxLake:
    return FxLake(tmp_path)


def outcomes(result: dg.ExecuteInProcessResult) -> dict[str | None, tuple[bool, str | None]]:
    found = [one for one in result.get_asset_check_evaluations() if one.check_name == CHECK]
    return {one.partition: (one.passed, one.description) for one in found}


def page(fx: FxLake) -> dict[str, str]:
    """What the check's Partitions page shows."""
    key = dg.AssetCheckKey(KEY, CHECK)
    state = fx.instance.event_log_storage.get_asset_check_state([(key, fx.calendar.days)])[key]
    return {
        day: status.value for status, part in state.subsets.items() for day in part.subset_value.get_partition_keys()
    }


def ages(fx: FxLake, *days: str) -> dict[str, int]:
    found = rate_ages(fx.lake, [date.fromisoformat(day) for day in days], fx.calendar.start)
    return {age.day.isoformat(): age.days for age in found}


def test_easter_is_no_reason_to_worry(fx: FxLake, server: ImageServer) -> None:
    result = fx.run(serve(server, EASTER), "2026-04-01", "2026-04-07")
    assert result.success
    assert ages(fx, "2026-04-01", "2026-04-06", "2026-04-07") == {"2026-04-01": 0, "2026-04-06": 4, "2026-04-07": 0}
    assert page(fx) == {f"2026-04-0{day}": "SUCCEEDED" for day in range(1, 8)}


def test_a_provider_that_died_is_seen_day_by_day(fx: FxLake, server: ImageServer) -> None:
    """The provider skips nine days and goes on: every day in between was published empty, and rightly so."""
    gap = {"2026-03-06": [("USD", "1.16")], "2026-03-16": [("USD", "1.17")]}
    result = fx.run(serve(server, gap), "2026-03-06", "2026-03-16")
    assert result.success
    seen = outcomes(result)
    assert seen["2026-03-10"] == (True, "as of 2026-03-10 the newest rate is of 2026-03-06, 4 days old")
    passed, text = seen["2026-03-11"]
    assert not passed
    assert text == (
        "as of 2026-03-11 the newest rate is of 2026-03-06, 5 days old; see whether the provider still publishes"
    )
    severities = {
        one.partition: one.severity for one in result.get_asset_check_evaluations() if one.check_name == CHECK
    }
    assert severities["2026-03-13"] is dg.AssetCheckSeverity.WARN
    assert severities["2026-03-14"] is dg.AssetCheckSeverity.ERROR
    assert seen["2026-03-16"][0]
    assert page(fx) == {
        **{f"2026-03-{day:02}": "SUCCEEDED" for day in (6, 7, 8, 9, 10, 16)},
        **{f"2026-03-{day:02}": "FAILED" for day in range(11, 16)},
    }
    aggregate, text = seen[None]
    assert not aggregate
    assert text
    assert text.startswith("2026-03-14: ")


def test_a_backfill_is_judged_as_of_its_own_days(fx: FxLake, server: ImageServer) -> None:
    """Rates of March, looked at many months later, are as fresh as they were in March."""
    assert fx.run(serve(server, WEEK), "2026-03-09").success
    assert ages(fx, "2026-03-09") == {"2026-03-09": 0}
    assert page(fx) == {"2026-03-09": "SUCCEEDED"}


def test_days_that_the_lake_lacks_are_told_from_days_that_the_provider_lacks(fx: FxLake, server: ImageServer) -> None:
    url = serve(server, {**WEEK, "2026-03-16": [("USD", "1.17")]})
    fx.run(url, "2026-03-06")
    passed, text = outcomes(fx.run(url, "2026-03-15"))["2026-03-15"]
    assert not passed
    assert text == (
        "as of 2026-03-15 the newest rate is of 2026-03-06, 9 days old; "
        "8 days in between are not published: materialize them first"
    )


def test_a_young_lake_is_not_blamed_for_what_was_before_it(fx: FxLake, server: ImageServer) -> None:
    url = serve(server, {"2026-02-27": [("USD", "1.16")], "2026-03-20": [("USD", "1.17")]})
    fx.run(url, "2026-03-02", "2026-03-09")
    assert ages(fx, "2026-03-02", "2026-03-05", "2026-03-09") == {
        "2026-03-02": 1,
        "2026-03-05": 4,
        "2026-03-09": 8,
    }
    assert page(fx)["2026-03-05"] == "SUCCEEDED"
    assert page(fx)["2026-03-06"] == "FAILED"


def test_it_is_not_looked_for_for_ever(fx: FxLake, server: ImageServer) -> None:
    url = serve(server, {"2026-03-09": [("USD", "1.16")], "2026-05-04": [("USD", "1.17")]})
    fx.run(url, "2026-03-09")
    result = fx.run(url, "2026-04-30")
    assert outcomes(result)["2026-04-30"][0] is False
    assert "more than 32 days old" in str(outcomes(result)["2026-04-30"][1])


def test_where_rates_are_switched_off_none_are_expected(fx: FxLake) -> None:
    result = fx.run("off", "2026-03-09")
    assert outcomes(result)["2026-03-09"] == (True, "FX_URL is off: no rates are expected")


@pytest.mark.parametrize(
    ("days", "passed", "severity"),
    [
        (0, True, dg.AssetCheckSeverity.WARN),
        (4, True, dg.AssetCheckSeverity.WARN),
        (5, False, dg.AssetCheckSeverity.WARN),
        (7, False, dg.AssetCheckSeverity.WARN),
        (8, False, dg.AssetCheckSeverity.ERROR),
    ],
)
def test_it_warns_above_four_days_and_fails_above_seven(
    days: int, passed: bool, severity: dg.AssetCheckSeverity
) -> None:
    outcome = RateAge(date(2026, 3, 9), date(2026, 3, 1), days, 0).outcome
    assert (outcome.passed, outcome.severity) == (passed, severity)
