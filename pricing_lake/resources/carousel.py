"""Carousel as a Dagster resource, by queries or from exports. Credentials come from AWS's own chain, not from here."""

from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field, PrivateAttr

if TYPE_CHECKING:
    from pricing_lake.sources.window import Source


class CarouselResource(dg.ConfigurableResource["CarouselResource"]):
    """The second shop's DynamoDB table.

    With `export_uri` sales come from the exports that lie there, else from queries on `table`, else there are none.
    `attributes` says which attribute holds a column where the names differ; a query is made `attempts` times at most.
    """

    table: str = ""
    tenants: list[str] = Field(default_factory=list)
    shards: int = 8
    index: str = "GSI1"
    attributes: dict[str, str] = Field(default_factory=dict)
    export_uri: str = ""
    region: str = "eu-west-1"
    endpoint: str = ""
    attempts: int = 6
    _opened: "Source | None" = PrivateAttr(default=None)

    def source(self) -> "Source":
        """The same source throughout a run, so that a range of days reads exports once.

        Raises ConfigurationError for settings that cannot be used.
        """
        if self._opened is None:
            self._opened = self._exports() if self.export_uri else self._queries() if self.table else self._nothing()
        return self._opened

    def _exports(self) -> "Source":
        from pricing_lake.sources.carousel_export import CarouselExports, exports_at
        from pricing_lake.sources.carousel_items import ItemColumns

        files, root = exports_at(self.export_uri, self.region, self.endpoint)
        return CarouselExports(files, root, self.index, ItemColumns(self.attributes))

    def _queries(self) -> "Source":
        from pricing_lake.sources.carousel import CarouselQueries, CarouselTable
        from pricing_lake.sources.carousel_items import ItemColumns
        from pricing_lake.sources.dynamodb import dynamodb_client

        columns = ItemColumns(self.attributes)
        table = CarouselTable(self.table, tuple(self.tenants), self.shards, self.index, columns)
        return CarouselQueries(dynamodb_client(self.region, self.endpoint, table.threads, self.attempts), table)

    def _nothing(self) -> "Source":
        from pricing_lake.sources.carousel_items import NAME, SCHEMA
        from pricing_lake.sources.unconfigured import Unconfigured

        return Unconfigured(NAME, SCHEMA)
