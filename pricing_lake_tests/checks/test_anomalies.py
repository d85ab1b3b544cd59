"""checks/anomalies: each partition is judged as of its own day, young lakes have no baseline, refused days are none."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from pricing_lake.checks.anomalies import CHECK, anomaly_checks, usual_days
from pricing_lake.contracts.model import Severity
from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.verdicts import RuleResult, Verdict, VerdictStore
from pricing_lake.partitions import Calendar
from pricing_lake_tests.table_asset.tiny_table import CALENDAR as TINY_CALENDAR
from pricing_lake_tests.table_asset.tiny_table import TINY, lake_resource, tiny_asset

FIRST = date(2026, 1, 1)
CALENDAR = Calendar(FIRST, date(2026, 3, 31))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return lake_resource(tmp_path).open()


def published(lake: Lake, day: date, rows: int, *, passed: bool = True) -> None:
    result = RuleResult("count_law", Severity.CRITICAL, passed)
    verdict = Verdict(
        SALES_HISTORY.id, day.isoformat(), "b", "r", 1, datetime.now(UTC), (result,), good_rows=rows,
        figures={"null_share.brand": 0.1},
    )  # fmt: skip
    VerdictStore(lake.proofs).write(verdict)


def usual(lake: Lake, *days: date) -> dict[str, tuple[bool, str]]:
    return {key: (one.passed, one.description) for key, one in usual_days(lake, SALES_HISTORY, days).items()}


def after(days: int) -> date:
    return FIRST + timedelta(days=days)


def test_a_young_lake_has_no_baseline_and_says_so(lake: Lake) -> None:
    for number in range(8):
        published(lake, after(number), 100)
    found = usual(lake, after(0), after(6), after(7))
    assert found[after(6).isoformat()] == (True, "no baseline: 6 published days in the 28 before, 7 needed")
    assert found[after(7).isoformat()] == (True, "as on the 7 days before")


def test_a_day_is_judged_by_the_days_before_it_and_by_none_after(lake: Lake) -> None:
    """A backfill of January is not held against a March with ten times the rows."""
    for number in range(60):
        published(lake, after(number), 100 if number < 31 else 1_000)
    found = usual(lake, after(30), after(31), after(59))
    assert found[after(30).isoformat()][0]
    passed, text = found[after(31).isoformat()]
    assert not passed
    assert text.startswith("volume_z 90 (at most 4): 1,000 rows, 100 is the median of 28 days before")
    assert found[after(59).isoformat()][0]


def test_refused_and_empty_days_are_no_baseline_and_are_not_judged(lake: Lake) -> None:
    for number in range(20):
        published(lake, after(number), 0 if number % 2 else 100)
    published(lake, after(20), 100)
    published(lake, after(18), 100, passed=False)
    found = usual(lake, after(18), after(19), after(20))
    assert found[after(20).isoformat()] == (True, "as on the 9 days before")
    assert found[after(18).isoformat()] == found[after(19).isoformat()]
    assert "nothing is published" in found[after(18).isoformat()][1]


def test_the_verdicts_of_a_run_are_read_once_however_many_days_it_has(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(40):
        published(lake, after(number), 100)
    asked: list[str] = []
    real = VerdictStore._read

    def counted(self: VerdictStore, key: str) -> Verdict:
        asked.append(key)
        return real(self, key)

    monkeypatch.setattr(VerdictStore, "_read", counted)
    usual_days(lake, SALES_HISTORY, [after(number) for number in range(33, 40)])
    assert len(asked) == len(set(asked)) == 7 + 28


@pytest.mark.filterwarnings("ignore::dagster.PreviewWarning", "ignore::dagster.BetaWarning")
def test_a_range_run_has_an_outcome_per_day_and_an_unusual_one_warns(tmp_path: Path) -> None:
    [check] = anomaly_checks(TINY_CALENDAR, [TINY])
    keys = TINY_CALENDAR.days.get_partition_keys()
    amounts = {key: range(1, 101) for key in keys} | {keys[-1]: range(1, 6)}
    instance = dg.DagsterInstance.ephemeral()
    result = dg.materialize(
        [tiny_asset(), check],
        instance=instance,
        resources={"lake": lake_resource(tmp_path), "amounts": amounts},
        tags={"dagster/asset_partition_range_start": keys[0], "dagster/asset_partition_range_end": keys[-1]},
    )
    assert result.success
    found = {e.partition: e for e in result.get_asset_check_evaluations() if e.check_name == CHECK}
    assert {key: found[key].passed for key in keys} == {**dict.fromkeys(keys, True), keys[-1]: False}
    assert found[keys[-1]].severity is dg.AssetCheckSeverity.WARN
    assert "no baseline" in str(found[keys[0]].description)
    check_key = dg.AssetCheckKey(dg.AssetKey(["bronze", "tiny"]), CHECK)
    state = instance.event_log_storage.get_asset_check_state([(check_key, TINY_CALENDAR.days)])[check_key]
    page = {day: s.value for s, part in state.subsets.items() for day in part.subset_value.get_partition_keys()}
    assert page == {**dict.fromkeys(keys, "SUCCEEDED"), keys[-1]: "FAILED"}


def test_there_is_one_check_per_watched_table() -> None:
    keys = [key for check in anomaly_checks(CALENDAR) for key in check.check_keys]
    assert [key.asset_key.to_user_string() for key in keys] == [
        "silver/sales_history",
        "silver/orders",
        "gold/fact_orders",
    ]
