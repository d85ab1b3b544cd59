"""The picture embedder as a Dagster resource, with the store of every vector ever computed."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from pricing_lake.errors import ImageError
    from pricing_lake.images.embedder import Embedder, Vector


class EmbedderResource(dg.ConfigurableResource["EmbedderResource"]):
    """The local embedder; its vectors lie below `home`."""

    home: str

    def embedder(self) -> "Embedder":
        """The model that turns pictures into vectors."""
        from pricing_lake.images.embed_local import LocalVisualEmbedder

        return LocalVisualEmbedder()

    def embed_once(self, wanted: Mapping[str, Callable[[], bytes]]) -> "dict[str, Vector | ImageError]":
        """Vectors by SHA-256 of the picture; only those that no run ever computed are computed now."""
        from pyarrow import fs

        from pricing_lake.images.embed_once import embed_once
        from pricing_lake.images.vectors import VectorStore

        model = self.embedder()
        store = VectorStore(fs.LocalFileSystem(), self.home, model.model_id, model.dimensions)
        return dict(embed_once(store, wanted, model))

    def figures(self) -> Mapping[str, float]:
        """What the last `embed_once` took and cost, by name; nothing where computing is free."""
        return {}
