"""The progress of exports as a Dagster resource: off where a stage has no table for it."""

from typing import TYPE_CHECKING

import dagster as dg
from pydantic import PrivateAttr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pricing_lake.aws.progress import Progress
    from pricing_lake.lake.verdicts import Verdict


class ProgressResource(dg.ConfigurableResource["ProgressResource"]):
    """Where a run writes how its exports go; without `table` nowhere."""

    table: str = ""
    region: str = ""
    endpoint: str = ""
    stage: str = ""
    _opened: "Progress | None" = PrivateAttr(default=None)

    def started(self, source: str, days: "Sequence[str]", run_id: str) -> None:
        """These days are being read. Never raises for what AWS does."""
        from pricing_lake.aws.progress import Export

        if progress := self._progress():
            for day in days:
                progress.start(Export(source, day, run_id))

    def published(self, source: str, verdicts: "Sequence[Verdict]", run_id: str) -> None:
        """What became of them. Never raises for what AWS does."""
        from pricing_lake.aws.progress import record

        if progress := self._progress():
            record(progress, source, verdicts, run_id)

    def failed(self, source: str, days: "Sequence[str]", run_id: str, error: str) -> None:
        """The run broke before there was a verdict. Never raises for what AWS does."""
        from pricing_lake.aws.progress import Export

        if progress := self._progress():
            for day in days:
                progress.fail(Export(source, day, run_id), error)

    def _progress(self) -> "Progress | None":
        from pricing_lake.aws.progress import Progress

        if self._opened is None and self.table:
            self._opened = Progress.at(self.region, self.endpoint, self.table, self.stage)
        return self._opened
