"""Exchange rates as a Dagster resource. The documents and how they are read are in `pricing_lake.sources`."""

from typing import TYPE_CHECKING

import dagster as dg
from pydantic import PrivateAttr

if TYPE_CHECKING:
    from pricing_lake.sources.window import Source


class FxResource(dg.ConfigurableResource["FxResource"]):
    """The European Central Bank's rate files below `url`; an empty `url` switches rates off."""

    url: str = ""
    _opened: "Source | None" = PrivateAttr(default=None)

    @property
    def is_configured(self) -> bool:
        """Whether rates are to be expected at all."""
        return bool(self.url)

    def source(self) -> "Source":
        """The same source throughout a run, so that a range of days shares one download.

        Raises ConfigurationError for an unusable URL.
        """
        from pricing_lake.sources.fx import NAME, EcbRates
        from pricing_lake.sources.fx_document import SCHEMA
        from pricing_lake.sources.unconfigured import Unconfigured

        if self._opened is None:
            self._opened = EcbRates(self.url) if self.is_configured else Unconfigured(NAME, SCHEMA)
        return self._opened
