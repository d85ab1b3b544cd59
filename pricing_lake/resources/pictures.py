"""Product pictures as a Dagster resource: where they may be fetched from, and where they are kept."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from pricing_lake.resources.files import files_at

if TYPE_CHECKING:
    from pricing_lake.errors import ImageError
    from pricing_lake.images.intake import KeptImage
    from pricing_lake.images.store import ImageStore


class PictureResource(dg.ConfigurableResource["PictureResource"]):
    """Fetch policy and content-addressed store; `region` and `endpoint` lead to a store on S3."""

    store_uri: str
    image_root: str
    concurrency: int
    trusted_hosts: list[str]
    region: str = ""
    endpoint: str = ""

    def take_in(self, urls: Iterable[str]) -> "dict[str, KeptImage | ImageError]":
        """Fetch, check and keep each distinct picture; what went wrong with one is its outcome alone."""
        from pricing_lake.images.fetch_policy import FetchPolicy
        from pricing_lake.images.intake import take_in

        policy = FetchPolicy(
            image_root=Path(self.image_root),
            concurrency=self.concurrency,
            trusted_hosts=frozenset(self.trusted_hosts),
        )
        return take_in(urls, policy, self.store())

    def store(self) -> "ImageStore":
        """The store of all pictures ever fetched."""
        from pricing_lake.images.store import ImageStore

        return ImageStore(*files_at(self.store_uri, self.region, self.endpoint))
