"""A lake that holds exchange rates and nothing else, run through the real asset, check and Dagster."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import dagster as dg

from pricing_lake.bronze.raw_fx_rates import raw_fx_rates
from pricing_lake.checks.freshness import fx_rates_freshness
from pricing_lake.contracts.bronze_fx import RAW_FX_RATES
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.verdicts import Verdict, VerdictStore
from pricing_lake.partitions import Calendar
from pricing_lake.resources.fx import FxResource
from pricing_lake_tests.table_asset.tiny_table import lake_resource

KEY = dg.AssetKey(["bronze", "raw_fx_rates"])


@dataclass
class FxLake:
    """The lake in `home`, its calendar, and one Dagster instance that remembers every run."""

    home: Path
    calendar: Calendar = field(default_factory=lambda: Calendar(date(2026, 3, 2), date(2026, 4, 30)))
    instance: dg.DagsterInstance = field(default_factory=dg.DagsterInstance.ephemeral)

    @property
    def lake(self) -> Lake:
        return lake_resource(self.home).open()

    def run(self, url: str, first: str, last: str = "") -> dg.ExecuteInProcessResult:
        """One run of the asset and its check: of a day as a schedule makes it, of a range as a backfill does."""
        asset = raw_fx_rates.definition(self.calendar, "lake", 7)
        tags = (
            {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
            if last
            else {"dagster/partition": first}
        )
        return dg.materialize(
            [asset, fx_rates_freshness(self.calendar)],  # type: ignore[list-item]  # checks are taken, not declared
            instance=self.instance,
            resources={"lake": lake_resource(self.home), "fx": FxResource(url=url)},
            tags=tags,
            raise_on_error=False,
        )

    def rows(self) -> list[dict[str, object]]:
        return self.lake.table(RAW_FX_RATES).scan(selected_fields=RAW_FX_RATES.names).to_arrow().to_pylist()

    def verdicts(self, days: Sequence[str]) -> Mapping[str, Verdict]:
        return VerdictStore(self.lake.proofs).latest(RAW_FX_RATES.id, days)


def failure_of(result: dg.ExecuteInProcessResult) -> str:
    """What the failed step says, without the stack."""
    [event] = result.filter_events(lambda found: found.is_step_failure)
    failure = event.step_failure_data
    cause = failure.error.cause if failure.error and failure.error.cause else failure.error
    return str(cause.message if cause else "")
