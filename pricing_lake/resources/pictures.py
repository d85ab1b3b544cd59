"""Product pictures as a Dagster resource: where they may be fetched from, and where they are kept."""

from pathlib import Path

import dagster as dg

from pricing_lake.images.fetch_policy import FetchPolicy
from pricing_lake.images.store import ImageStore


class PictureResource(dg.ConfigurableResource["PictureResource"]):
    """Fetch policy and content-addressed store."""

    store_uri: str
    image_root: str
    concurrency: int
    trusted_hosts: list[str]

    def policy(self) -> FetchPolicy:
        """What a fetch may reach and cost."""
        return FetchPolicy(
            image_root=Path(self.image_root),
            concurrency=self.concurrency,
            trusted_hosts=frozenset(self.trusted_hosts),
        )

    def store(self) -> ImageStore:
        """The store of all pictures ever fetched."""
        return ImageStore.at(self.store_uri)
