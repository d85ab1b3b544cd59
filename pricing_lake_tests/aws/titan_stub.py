"""What the Bedrock stub answers to one Titan request: checks like the model's, and a vector from a hash.

The vector says nothing about what the picture shows: equal input gives an equal vector, and that is all. Never claim
similarity by it. Answering is cheap, so that the stub does not become the bottleneck that a benchmark measures.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

LENGTHS = (256, 384, 1024)
MOST_PIXELS, MOST_BYTES, MOST_WORDS = 2048, 25_000_000, 256
_ROW = 64


class RefusedRequestError(Exception):
    """A request that the model does not take; on the wire a ValidationException."""


def answer(request: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a good answer. Raises RefusedRequestError."""
    return dict(json.loads(answer_json(request)))


def answer_json(request: Mapping[str, Any]) -> bytes:
    """The same as the bytes that are sent."""
    config = request.get("embeddingConfig", {})
    length = config.get("outputEmbeddingLength", 1024) if isinstance(config, dict) else None
    if set(request) - {"inputText", "inputImage", "embeddingConfig"} or length not in LENGTHS:
        raise RefusedRequestError("Malformed input request, please reformat your input and try again.")
    contents = [_picture(request["inputImage"])] if "inputImage" in request else []
    text = request.get("inputText")
    if text is not None:
        if not isinstance(text, str) or len(text.split()) > MOST_WORDS:
            raise RefusedRequestError("Too many input tokens.")
        contents.append(text.encode())
    if not contents:
        raise RefusedRequestError("Either inputText or inputImage must be provided.")
    tokens = len(text.split()) if text else 0
    return f'{{"embedding": {_numbers(contents, length)}, "inputTextTokenCount": {tokens}, "message": null}}'.encode()


def hashed(content: bytes, length: int) -> np.ndarray:
    """A vector of length 1 that depends on every byte: rows of a table, chosen by the bytes of a hash."""
    return np.asarray(_table(length)[_rows(content, length)].ravel())


def picture_digest(body: bytes) -> str:
    """SHA-256 of the picture in a request, empty when it holds none."""
    try:
        return hashlib.sha256(base64.b64decode(json.loads(body)["inputImage"])).hexdigest()
    except (ValueError, KeyError, TypeError):
        return ""


def _numbers(contents: list[bytes], length: int) -> str:
    if len(contents) == 1:
        written = _written(length)
        return f"[{', '.join(written[row] for row in _rows(contents[0], length))}]"
    return json.dumps(np.mean([hashed(content, length) for content in contents], axis=0).tolist())


def _rows(content: bytes, length: int) -> list[int]:
    return list(hashlib.sha256(content).digest()[: length // _ROW])


@cache
def _table(length: int) -> np.ndarray:
    """256 rows, so long that as many of them as make a vector have length 1 together."""
    rows = np.random.default_rng(1).standard_normal((256, _ROW))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True) * np.sqrt(_ROW / length))


@cache
def _written(length: int) -> list[str]:
    return [", ".join(map(repr, row)) for row in _table(length).tolist()]


def _picture(encoded: object) -> bytes:
    try:
        content = binascii.a2b_base64(encoded)  # type: ignore[arg-type]  # a wrong type is refused below
        with Image.open(BytesIO(content), formats=("JPEG", "PNG")) as picture:
            size = picture.size
    except (TypeError, ValueError, UnidentifiedImageError, OSError) as error:
        raise RefusedRequestError("Failed to decode the input image.") from error
    if max(size) > MOST_PIXELS or len(content) > MOST_BYTES:
        raise RefusedRequestError("The image is larger than the supported limits.")
    return content
