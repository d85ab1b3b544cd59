"""The lake as a Dagster resource. Storage itself is in `pricing_lake.lake`."""

from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from pricing_lake.resources.masking import lane_masking

if TYPE_CHECKING:
    from pricing_lake.lake.catalog import Lake

CATALOG_NAME = "pricing_lake"


class LakeResource(dg.ConfigurableResource["LakeResource"]):
    """An Iceberg catalog in SQLite with its warehouse on local disk."""

    catalog_uri: str
    warehouse: str
    namespace: str
    embedding_encoding: str

    def open(self) -> "Lake":
        """The lake, its folders created on first use. Clients are imported here: loading the graph needs none."""
        from pyiceberg.catalog.sql import SqlCatalog

        from pricing_lake.lake.catalog import Lake

        Path(self.warehouse).mkdir(parents=True, exist_ok=True)
        catalog = SqlCatalog(CATALOG_NAME, uri=self.catalog_uri, warehouse=f"file://{self.warehouse}")
        return Lake(
            catalog, self.namespace, f"file://{self.warehouse}", self.embedding_encoding, masking=lane_masking()
        )
