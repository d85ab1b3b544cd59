"""The picture embedder as a Dagster resource, with the store of every vector ever computed."""

import dagster as dg
from pyarrow import fs

from pricing_lake.images.embedder import Embedder
from pricing_lake.images.vectors import VectorStore


class EmbedderResource(dg.ConfigurableResource["EmbedderResource"]):
    """The local embedder; its vectors lie below `home`."""

    home: str

    def embedder(self) -> Embedder:
        """The model that turns pictures into vectors, imported only when a run needs it."""
        from pricing_lake.images.embed_local import LocalVisualEmbedder

        return LocalVisualEmbedder()

    def vectors(self, embedder: Embedder) -> VectorStore:
        """Vectors of that model."""
        return VectorStore(fs.LocalFileSystem(), self.home, embedder.model_id, embedder.dimensions)
