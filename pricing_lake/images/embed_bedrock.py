"""The embedder that asks Amazon Titan Multimodal Embeddings on Bedrock, one picture a request.

What Titan is told and answers, what a picture must be, pace, failures, cost and batches are modules of their own.
"""

from dataclasses import dataclass, field

from pricing_lake.errors import ConfigurationError
from pricing_lake.images.embed_bedrock_client import runtime_client
from pricing_lake.images.embed_bedrock_pace import Patience, RateLimiter
from pricing_lake.images.embed_bedrock_picture import PREPARATION, PictureLimits, prepared
from pricing_lake.images.embed_bedrock_requests import TitanRequests
from pricing_lake.images.embed_bedrock_titan import TitanModel, request_body
from pricing_lake.images.embed_bedrock_usage import Meter
from pricing_lake.images.embedder import Embedder, Vector


@dataclass(frozen=True)
class BedrockSettings:
    """Which model is asked, how fast, and how patiently. Raises ConfigurationError for less than one request."""

    model: TitanModel = field(default_factory=TitanModel)
    at_once: int = 16
    """Requests in flight at once, and connections held open."""

    requests_per_minute: float = 0.0
    """The account's quota, or this process's share of it; 0 sends as fast as the threads go."""

    limits: PictureLimits = field(default_factory=PictureLimits)
    patience: Patience = field(default_factory=Patience)

    def __post_init__(self) -> None:
        if self.at_once < 1:
            raise ConfigurationError("let at least one request to Bedrock be in flight")

    @property
    def threads(self) -> int:
        """Threads to call the embedder from: more than requests, to prepare pictures while others are asked for."""
        return self.at_once + max(4, self.at_once // 4)


class BedrockEmbedder(Embedder):
    """Titan's view of a picture as a vector of length 1. `meter` counts what was asked and charged.

    Call it from `settings.threads` threads. Region and credentials are AWS's own chain but for the region of the
    model; AWS_ENDPOINT_URL_BEDROCK_RUNTIME leads to another server.
    """

    def __init__(self, settings: BedrockSettings, meter: Meter | None = None) -> None:
        """Raises ConfigurationError for a region or profile that is none; sends nothing."""
        self.settings = settings
        self.meter = meter or Meter()
        self._requests = TitanRequests(
            runtime_client(settings.model.region, settings.at_once),
            settings.model,
            settings.at_once,
            RateLimiter(settings.requests_per_minute),
            settings.patience,
            self.meter,
        )

    @property
    def model_id(self) -> str:
        """The model with its version, the length of its vectors, and how pictures are prepared for it."""
        return f"{self.settings.model.name.replace(':', '.')}.{self.dimensions}.{PREPARATION}"

    @property
    def dimensions(self) -> int:
        """Length of each vector."""
        return self.settings.model.dimensions

    def embed_one(self, image: bytes, description: str | None = None) -> Vector:
        """Embed one picture, with its description where one is given: float32, length 1.

        The lake gives none, since it keeps one vector per picture and sellers describe one picture in many ways.
        Raises ImageError when this picture cannot be embedded, SourceUnavailableError when Bedrock is throttled or
        unwell for too long, ConfigurationError when it cannot be asked at all.
        """
        return self._requests.vector(self.request_body(image, description))

    def request_body(self, image: bytes, description: str | None = None) -> bytes:
        """What is sent for a picture; a batch sends the same. Raises ImageError for a picture that cannot be sent."""
        return request_body(prepared(image, self.settings.limits), self.dimensions, description)
