"""Brings a lake up to date as an operator would: range runs over contiguous trading days, then the months they fill.

Dagster skips whatever lies downstream of a failed step, for the whole range. So runs are planned over trading days
only, and where a day is refused all the same, a second pass takes the good days around it.
"""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import dagster as dg

from pricing_lake.contracts.bronze import RAW_SMARTGO_SALES
from pricing_lake.contracts.marts_operations import DATA_QUALITY_DAILY
from pricing_lake.contracts.model import Grain, Layer
from pricing_lake.contracts.quality import QUALITY
from pricing_lake.definitions import table_assets
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.verdicts import VerdictStore
from pricing_lake.resources import resources_for
from pricing_lake.sources.smartgo import open_smartgo
from pricing_lake.sources.window import Window
from pricing_lake.stage import Stage, load_stage, write_settings
from pricing_lake.table_asset.column_schema import asset_key
from pricing_lake_tests.services.online_retail import FIRST_DAY, LAST_DAY

PROJECT = Path(__file__).resolve().parents[2]
LONGEST_RANGE = 7
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


TABLES = [asset.contract for asset in table_assets() if asset.contract.layer is not Layer.GOLD]
"""Facts and dimensions have a test of their own: `test_retail_orders`."""
DAY_TABLES = [asset_key(table) for table in TABLES if table.every is Grain.DAY]
MONTH_TABLES = [asset_key(table) for table in TABLES if table.every is Grain.MONTH]
SALES = [asset_key(RAW_SMARTGO_SALES)]
QUALITY_TABLES = [asset_key(table) for table in (*QUALITY, DATA_QUALITY_DAILY)]


def settled_stage(home: Path, smartgo_url: str) -> Stage:
    """The stage of a lake in `home` whose days are the shop's nine months. Ignores the caller's environment."""
    settings = {
        "SMARTGO_URL": smartgo_url,
        "PRICING_LAKE_START_DATE": FIRST_DAY.isoformat(),
        "PRICING_LAKE_END_DATE": LAST_DAY.isoformat(),
    }
    write_settings(home, settings)
    return load_stage({"PRICING_LAKE_HOME": str(home)})


def sqlite_instance(stage: Stage) -> dg.DagsterInstance:
    """The instance that `pricing-lake` and Dagit use: SQLite, with the project's `dagster.yaml`."""
    stage.dagster_home.mkdir(parents=True, exist_ok=True)
    shutil.copy(PROJECT / "dagster.yaml", stage.dagster_home)
    return dg.DagsterInstance.from_config(str(stage.dagster_home))


def lake_of(stage: Stage) -> Lake:
    """The lake that the stage's runs write."""
    lake: Lake = resources_for(stage)["lake"].open()  # type: ignore[attr-defined]  # a LakeResource
    return lake


def trading_days(smartgo_url: str, first: date, last: date) -> list[date]:
    """Days from `first` to `last` that the shop itself says it has sales of."""
    span = Window(Window.of_day(first).lo, Window.of_day(last).hi)
    changed = open_smartgo(smartgo_url).changed_days(span.lo, span.hi)
    return [found.day for found in changed if first <= found.day <= last]


def calendar_days(first: date, last: date) -> list[date]:
    """Every day from `first` to `last`."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def stretches(days: Iterable[date]) -> Iterator[list[date]]:
    """Contiguous days together, at most LONGEST_RANGE of them."""
    stretch: list[date] = []
    for day in sorted(days):
        if stretch and (day - stretch[-1] > timedelta(days=1) or len(stretch) == LONGEST_RANGE):
            yield stretch
            stretch = []
        stretch.append(day)
    if stretch:
        yield stretch


@dataclass(frozen=True)
class Operator:
    """Runs one lake's graph on one Dagster instance, in this process."""

    stage: Stage
    definitions: dg.Definitions
    instance: dg.DagsterInstance

    def fill(self, days: Sequence[date]) -> list[date]:
        """Bring trading `days` through every day table; returns those that were refused.

        A refused day is left out, and the days beside it in its range run again: what is published already stays
        untouched. Its verdict and its quarantined rows still reach the quality tables.
        """
        refused: list[date] = []
        for stretch in stretches(days):
            if self.run_days(DAY_TABLES, stretch).success:
                continue
            bad = self.refused_days(stretch)
            if not bad:
                raise RuntimeError(f"the run over {stretch[0]} to {stretch[-1]} failed, and no day was refused")
            for good in stretches(day for day in stretch if day not in bad):
                self._expect_success(self.run_days(DAY_TABLES, good))
            refused += bad
        self._show_verdicts(refused)
        return refused

    def refuse(self, days: Sequence[date]) -> list[date]:
        """Ask for the sales of days on which the shop was closed; returns those that were refused."""
        for stretch in stretches(days):
            self.run_days(SALES, stretch)
        self._show_verdicts(days)
        return self.refused_days(days)

    def fill_month(self, month: date) -> None:
        """Compute every month mart of the month that begins on this day."""
        self._expect_success(self._run(MONTH_TABLES, {"dagster/partition": month.isoformat()}))

    def refused_days(self, days: Sequence[date]) -> list[date]:
        """Days whose latest verdict on their sales is a refusal."""
        keys = [day.isoformat() for day in days]
        verdicts = VerdictStore(lake_of(self.stage).proofs).latest(RAW_SMARTGO_SALES.id, keys)
        return [date.fromisoformat(key) for key, verdict in sorted(verdicts.items()) if not verdict.passed]

    def run_days(self, tables: Sequence[dg.AssetKey], days: Sequence[date]) -> dg.ExecuteInProcessResult:
        """One range run from the first to the last of `days`."""
        edges = {"start": days[0], "end": days[-1]}
        return self._run(tables, {f"dagster/asset_partition_range_{at}": day.isoformat() for at, day in edges.items()})

    def _run(self, tables: Sequence[dg.AssetKey], tags: dict[str, str]) -> dg.ExecuteInProcessResult:
        return self.definitions.resolve_implicit_global_asset_job_def().execute_in_process(
            run_config=QUIET, instance=self.instance, tags=tags, asset_selection=tables, raise_on_error=False
        )

    def _show_verdicts(self, days: Sequence[date]) -> None:
        for stretch in stretches(days):
            self._expect_success(self.run_days(QUALITY_TABLES, stretch))

    def _expect_success(self, result: dg.ExecuteInProcessResult) -> None:
        if not result.success:
            failed = [event for event in result.all_events if event.is_step_failure]
            raise RuntimeError(
                f"run {result.run_id} failed: {failed[0].message if failed else 'before its first step'}"
            )
