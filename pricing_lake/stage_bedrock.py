"""Settings of the embedder on Bedrock, each with its default. Which embedder is used, `stage` says."""

from dataclasses import dataclass

from pricing_lake.errors import ConfigurationError
from pricing_lake.stage_sources import Reader


@dataclass(frozen=True)
class BedrockSettings:
    """How Titan is asked and what it costs; fields are those of `BedrockEmbedderResource`.

    Prices are US dollars per 1,000 pictures, as text. Without a role for batches, every picture is asked for alone.
    """

    region: str
    model: str
    dimensions: int
    at_once: int
    requests_per_minute: float
    price: str
    batch_price: str
    batch_role: str
    batch_root: str
    batch_region: str
    batch_threshold: int

    @classmethod
    def read(cls, read: Reader) -> "BedrockSettings":
        """Read the settings that begin with BEDROCK_."""
        return cls(
            region=read.text("BEDROCK_REGION", "us-east-1"),
            model=read.text("BEDROCK_MODEL", "amazon.titan-embed-image-v1"),
            dimensions=read.count("BEDROCK_DIMENSIONS", 1024),
            at_once=read.count("BEDROCK_AT_ONCE", 16),
            requests_per_minute=_rate(read.text("BEDROCK_REQUESTS_PER_MINUTE", "0")),
            price=read.text("BEDROCK_PRICE", "0.06"),
            batch_price=read.text("BEDROCK_BATCH_PRICE", "0.03"),
            batch_role=read.text("BEDROCK_BATCH_ROLE", ""),
            batch_root=read.text("BEDROCK_BATCH_ROOT", ""),
            batch_region=read.text("BEDROCK_BATCH_REGION", "eu-west-1"),
            batch_threshold=read.count("BEDROCK_BATCH_THRESHOLD", 1_000),
        )


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = -1.0
    if not 0 <= rate < float("inf"):
        raise ConfigurationError(f"BEDROCK_REQUESTS_PER_MINUTE={text!r} must be a number; 0 means no limit")
    return rate
