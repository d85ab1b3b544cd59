"""A lake that reads Redshift alone, run through the real asset; as a program it is one run that a test can kill.

`python -m pricing_lake_tests.bronze.redshift_lake HOME SETTINGS DAY STEP` stops before or after the commit, as STEP
says (`before_commit`, `after_commit`, `nowhere`), tells so on its output, and waits to be killed.
"""

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg

from pricing_lake.bronze.raw_redshift_behavior import raw_redshift_behavior
from pricing_lake.contracts.bronze_customers import RAW_REDSHIFT_BEHAVIOR
from pricing_lake.lake import publish
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.verdicts import Verdict, VerdictStore
from pricing_lake.partitions import Calendar
from pricing_lake.resources.redshift import RedshiftResource
from pricing_lake_tests.table_asset.tiny_table import lake_resource

PAUSED = "paused"


@dataclass
class RedshiftLake:
    """The lake in `home`; `settings` are those of the Redshift resource."""

    home: Path
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def lake(self) -> Lake:
        return lake_resource(self.home).open()

    def run(self, first: str, last: str = "", **settings: Any) -> dg.ExecuteInProcessResult:
        """One run of the asset over a range of days."""
        asset = raw_redshift_behavior.definition(Calendar(date(2026, 3, 1), date(2026, 3, 5)), "lake", 7)
        return dg.materialize(
            [asset],
            instance=dg.DagsterInstance.ephemeral(),
            resources={
                "lake": lake_resource(self.home),
                "redshift": RedshiftResource(**{**self.settings, **settings}),
            },
            tags={"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last or first},
            raise_on_error=False,
        )

    def process(self, day: str, step: str) -> subprocess.Popen[str]:
        """The same run as a process of its own."""
        arguments = [str(self.home), json.dumps(dict(self.settings)), day, step]
        command = [sys.executable, "-m", "pricing_lake_tests.bronze.redshift_lake", *arguments]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def rows(self) -> list[dict[str, Any]]:
        """Every stored row, in the order of its id."""
        stored = self.lake.table(RAW_REDSHIFT_BEHAVIOR).scan(selected_fields=RAW_REDSHIFT_BEHAVIOR.names).to_arrow()
        return sorted(stored.to_pylist(), key=lambda row: str(row["event_id"]))

    def verdict(self, day: str) -> Verdict:
        return VerdictStore(self.lake.proofs).latest(RAW_REDSHIFT_BEHAVIOR.id, [day])[day]


def _pause(*_: Any) -> None:
    print(PAUSED, flush=True)  # noqa: T201 - what the test waits for
    time.sleep(600)


def main(home: str, settings: str, day: str, step: str) -> None:
    """One run, stopped at a step."""
    commit = publish.replace_windows

    def watched(*arguments: Any) -> int:
        if step == "before_commit":
            _pause()
        snapshot = commit(*arguments)
        if step == "after_commit":
            _pause()
        return snapshot

    publish.replace_windows = watched
    RedshiftLake(Path(home), json.loads(settings)).run(day)


if __name__ == "__main__":
    main(*sys.argv[1:])
