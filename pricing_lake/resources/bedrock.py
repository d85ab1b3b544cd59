"""Titan on Bedrock as the embedder of a run. How it is asked is in `pricing_lake.images.embed_bedrock` and its kin."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from pydantic import PrivateAttr

from pricing_lake.errors import ConfigurationError
from pricing_lake.resources.embedder import EmbedderResource
from pricing_lake.resources.files import files_at

if TYPE_CHECKING:
    from pricing_lake.errors import ImageError
    from pricing_lake.images.embed_bedrock import BedrockEmbedder
    from pricing_lake.images.embed_bedrock_batch import BatchBackfill
    from pricing_lake.images.embed_bedrock_usage import Prices, Usage
    from pricing_lake.images.embedder import Vector
    from pricing_lake.images.vectors import VectorStore


class BedrockEmbedderResource(EmbedderResource):
    """Titan Multimodal Embeddings; its vectors lie below `home`, a folder or `s3://bucket/prefix`.

    `files_region` and `files_endpoint` lead to that bucket, `region` to the model. AWS_ENDPOINT_URL_BEDROCK_RUNTIME and
    AWS_ENDPOINT_URL_BEDROCK lead to another model server. With `batch_role` many pictures at once become batch jobs
    in `batch_region`, whose files lie below `batch_root`. Prices are US dollars per 1,000 pictures, as text.
    """

    files_region: str = ""
    files_endpoint: str = ""
    region: str = "us-east-1"
    model: str = "amazon.titan-embed-image-v1"
    dimensions: int = 1024
    at_once: int = 16
    requests_per_minute: float = 0.0
    price: str = "0.06"
    batch_price: str = "0.03"
    batch_role: str = ""
    batch_root: str = ""
    batch_region: str = "eu-west-1"
    batch_threshold: int = 1_000
    batch_fewest_records: int = 100
    batch_poll_seconds: float = 30.0
    batch_patience_seconds: float = 21_600.0
    _opened: "BedrockEmbedder | None" = PrivateAttr(default=None)
    _last: "Usage | None" = PrivateAttr(default=None)

    def embedder(self) -> "BedrockEmbedder":
        """The same embedder throughout a run, so that its connections and its limiter are shared by all days.

        Raises ConfigurationError for settings that cannot be used; asks nothing yet.
        """
        from pricing_lake.images.embed_bedrock import BedrockEmbedder, BedrockSettings
        from pricing_lake.images.embed_bedrock_titan import TitanModel

        if self._opened is None:
            model = TitanModel(self.model, self.dimensions, self.region)
            settings = BedrockSettings(model, self.at_once, self.requests_per_minute)
            self._opened = BedrockEmbedder(settings)
        return self._opened

    def embed_once(self, wanted: Mapping[str, Callable[[], bytes]]) -> "dict[str, Vector | ImageError]":
        """Vectors by SHA-256 of the picture; what no run ever computed is asked for, in a batch when it is much.

        Raises ConfigurationError for settings that cannot be used or a model that may not be asked, and
        SourceUnavailableError when Bedrock is throttled or unwell for too long, or a batch still runs.
        """
        from pricing_lake.images.embed_once import embed_once

        self._prices()  # a setting that cannot be used is told before anything is paid for
        model, store, before = self.embedder(), self._store(), self.embedder().meter.read()
        try:
            if self.batch_role:
                self._batches(store).fill(wanted)
            threads = model.settings.threads
            return dict(embed_once(store, wanted, model, threads=threads, batch_size=64 * threads))
        finally:
            self._last = model.meter.read().since(before)

    def figures(self) -> Mapping[str, float]:
        """Requests and US dollars of the last `embed_once`."""
        return self._last.figures(self._prices()) if self._last else {}

    def _prices(self) -> "Prices":
        from pricing_lake.images.embed_bedrock_usage import Prices

        try:
            return Prices(Decimal(self.price), Decimal(self.batch_price))
        except ArithmeticError:
            raise ConfigurationError("give Bedrock's prices per 1,000 pictures as numbers, e.g. 0.06") from None

    def _store(self) -> "VectorStore":
        from pricing_lake.images.vectors import VectorStore

        files, root = files_at(self.home, self.files_region, self.files_endpoint)
        return VectorStore(files, root, self.embedder().model_id, self.dimensions)

    def _batches(self, store: "VectorStore") -> "BatchBackfill":
        from pricing_lake.images.embed_bedrock_batch import BatchBackfill, BatchSettings
        from pricing_lake.images.embed_bedrock_client import control_client
        from pricing_lake.images.embed_bedrock_jobs import BatchJobs
        from pricing_lake.images.embed_bedrock_ledger import JobLedger
        from pricing_lake.images.embed_bedrock_lines import JobFiles

        if not self.batch_root.startswith("s3://"):
            raise ConfigurationError("Bedrock's batches need an s3://bucket/prefix to read from and write to")
        model = self.embedder()
        job_files = JobFiles(*files_at(self.batch_root, self.batch_region, self.files_endpoint))
        client = control_client(self.batch_region)
        jobs = BatchJobs(client, self.model, self.batch_role, self.batch_region, job_files)
        ledger = JobLedger(*files_at(self.home, self.files_region, self.files_endpoint), model.model_id)
        settings = BatchSettings(
            threshold=self.batch_threshold,
            fewest_records=self.batch_fewest_records,
            poll_seconds=self.batch_poll_seconds,
            patience_seconds=self.batch_patience_seconds,
        )
        return BatchBackfill(settings, model, store, jobs, ledger)
