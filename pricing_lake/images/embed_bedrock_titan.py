"""The language of Titan Multimodal Embeddings G1: a request's body, and what an answer's body is worth.

How a body travels, one by one or in a batch, is decided elsewhere.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pricing_lake.errors import ConfigurationError, ImageError
from pricing_lake.images.embedder import Vector, require_valid
from pricing_lake.images.reasons import ImageReason

TITAN = "amazon.titan-embed-image-v1"
LENGTHS = (256, 384, 1024)
MOST_WORDS = 100
"""Words of a description that are sent. The model takes 128 or 256 tokens, depending on which page is right."""


@dataclass(frozen=True)
class TitanModel:
    """Which model is asked, and where. Raises ConfigurationError for a length that Titan does not offer."""

    name: str = TITAN
    dimensions: int = 1024
    region: str = "us-east-1"

    def __post_init__(self) -> None:
        if self.dimensions not in LENGTHS:
            raise ConfigurationError(f"Titan's vectors have {', '.join(map(str, LENGTHS))} numbers; choose one of them")


class UnreadableAnswerError(Exception):
    """An answer that is no JSON object: cut on its way, so that the same question may be answered."""


def request_body(picture: bytes, dimensions: int, description: str | None = None) -> bytes:
    """The JSON of one request. With a description the model answers the mean of both vectors."""
    words = " ".join((description or "").split()[:MOST_WORDS])
    text = b'"inputText":' + json.dumps(words).encode() + b"," if words else b""
    config = b'"embeddingConfig":{"outputEmbeddingLength":%d}' % dimensions
    # Base64 needs no escaping: a JSON encoder would only look at every byte of the picture once more.
    return b"{" + text + b'"inputImage":"' + base64.b64encode(picture) + b'",' + config + b"}"


def vector_in(body: bytes, dimensions: int) -> Vector:
    """The vector of an answer, scaled to length 1 in float64.

    Raises UnreadableAnswerError for a body that is cut, and the ImageErrors of `vector_of`.
    """
    try:
        answer = _with_numbers_apart(body) or json.loads(body)
    except ValueError as error:  # JSON and its encoding alike
        raise UnreadableAnswerError(f"{len(body)} bytes are no JSON") from error
    if not isinstance(answer, dict):
        raise UnreadableAnswerError("the answer is no JSON object")
    return vector_of(answer, dimensions)


def vector_of(answer: Mapping[str, Any], dimensions: int) -> Vector:
    """The vector of a decoded answer, scaled to length 1 in float64: AWS does not say whether it comes so.

    Raises ImageError: embedding_refused when the model reports a failure, which it may do in a good answer, and
    embedding_invalid for a wrong length, a number that is not finite, or all zeros.
    """
    if answer.get("message"):
        raise ImageError(ImageReason.EMBEDDING_REFUSED, "the model reports a failure on it; look at the picture")
    try:
        numbers = np.asarray(answer.get("embedding"), dtype=np.float64)
    except (TypeError, ValueError):
        numbers = np.empty(0)
    require_valid(numbers, dimensions)
    return np.asarray(numbers / np.sqrt(np.dot(numbers, numbers)), dtype=np.float32)


def _with_numbers_apart(body: bytes) -> dict[str, Any] | None:
    """The answer, its one list read by pyarrow: three times as fast as by `json`, and other threads go on meanwhile.

    None for an answer of any other shape.
    """
    head, opened, rest = body.partition(b"[")
    listed, closed, tail = rest.partition(b"]")
    if not closed or b"[" in rest:
        return None
    try:
        around = json.loads(head + b"null" + tail)
        texts = pc.split_pattern(pa.array([listed.decode("ascii")]), ",").values
        numbers = pc.cast(pc.utf8_trim_whitespace(texts), pa.float64())
    except (ValueError, pa.ArrowException):
        return None
    if not isinstance(around, dict) or around.get("embedding", opened) is not None:
        return None
    return around | {"embedding": numbers.to_numpy()}
