"""SmartGo as a Dagster resource. Its URL may hold a password, so neither run config nor the UI ever holds it."""

import os
from datetime import date
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from pricing_lake.stage import load_stage

if TYPE_CHECKING:
    from pricing_lake.sources.smartgo import SmartGoSource


class SmartGoResource(dg.ConfigurableResource["SmartGoResource"]):
    """The shop's database or service.

    The resource knows the lake's home; URL, token and column mapping are read when a run opens it. `calendar` lists the
    days on which the shop is closed, see `ShopCalendar`.
    """

    home: str
    calendar: dict[str, Any] = Field(default_factory=dict)

    def closed_because(self, day: date) -> str:
        """Why the shop is closed on a UTC day, or nothing. Raises ConfigurationError for a malformed calendar."""
        from pricing_lake.sources.shop_calendar import ShopCalendar

        return ShopCalendar.from_mapping(self.calendar).closed_because(day)

    def source(self) -> "SmartGoSource":
        """A source on the stage's URL and column mapping. Raises ConfigurationError for an unusable URL."""
        from pricing_lake.resources.smartgo_parameter import read_smartgo_parameter
        from pricing_lake.sources.smartgo import open_smartgo
        from pricing_lake.sources.smartgo_mapping import SmartGoMapping
        from pricing_lake.sources.smartgo_rest_url import with_token

        stage = load_stage({**os.environ, "PRICING_LAKE_HOME": self.home})
        url, mapping = stage.smartgo_url, stage.smartgo_mapping
        if stage.smartgo_parameter:
            url, mapping = read_smartgo_parameter(stage.smartgo_parameter)
        if stage.smartgo_token and url.startswith(("https://", "http://")):
            url = with_token(url, stage.smartgo_token)
        return open_smartgo(url, SmartGoMapping.from_mapping(mapping))
