"""SmartGo as a Dagster resource. Its URL may hold a password, so run config and the UI hold only where to find it."""

import os
from pathlib import Path

import dagster as dg

from pricing_lake.sources.smartgo import SmartGoSource, open_smartgo
from pricing_lake.sources.smartgo_mapping import SmartGoMapping
from pricing_lake.stage import load_stage


class SmartGoResource(dg.ConfigurableResource["SmartGoResource"]):
    """The shop's database. `url_variable` names the setting; the URL itself is read when a run opens it."""

    url_variable: str
    home: str

    def source(self) -> SmartGoSource:
        """A source on the stage's URL and column mapping. Raises ConfigurationError for an unusable URL."""
        stage = load_stage({**os.environ, "PRICING_LAKE_HOME": str(Path(self.home))})
        return open_smartgo(stage.smartgo_url, SmartGoMapping.from_mapping(stage.smartgo_mapping))
