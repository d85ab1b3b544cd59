"""Contract plus reads to a Dagster asset with everything derived. The transforms themselves live in the layers."""

from pricing_lake.table_asset.decorator import TableAsset, table_asset

__all__ = ["TableAsset", "table_asset"]
