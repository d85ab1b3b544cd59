"""Exchange rates as a Dagster resource. The documents and how they are read are in `pricing_lake.sources`."""

from typing import TYPE_CHECKING

import dagster as dg
from pydantic import PrivateAttr

if TYPE_CHECKING:
    from pricing_lake.sources.window import Source

ECB = "ecb"
OFF = "off"


class FxResource(dg.ConfigurableResource["FxResource"]):
    """Where rate files of the ECB's shape lie: `ecb` for its own address, a URL of web or files, or `off`."""

    url: str = OFF
    _opened: "Source | None" = PrivateAttr(default=None)

    @property
    def is_configured(self) -> bool:
        """Whether rates are to be expected at all."""
        return self.url != OFF

    def source(self) -> "Source":
        """The same source throughout a run, so that a range of days shares one download.

        Raises ConfigurationError for an unusable URL.
        """
        from pricing_lake.sources.fx import ECB_ADDRESS, NAME, EcbRates
        from pricing_lake.sources.fx_document import SCHEMA
        from pricing_lake.sources.unconfigured import Unconfigured

        if self._opened is None:
            address = ECB_ADDRESS if self.url == ECB else self.url
            self._opened = EcbRates(address) if self.is_configured else Unconfigured(NAME, SCHEMA)
        return self._opened
