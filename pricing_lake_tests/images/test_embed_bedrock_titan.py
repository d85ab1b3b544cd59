"""A request says what Titan's page asks for; an answer is a vector of length 1 or a reason, never anything else."""

import base64
import json

import numpy as np
import pytest

from pricing_lake.errors import ConfigurationError, ImageError
from pricing_lake.images.embed_bedrock_titan import (
    MOST_WORDS,
    TitanModel,
    UnreadableAnswerError,
    _with_numbers_apart,
    request_body,
    vector_in,
)

GOOD = [3.0, 4.0] + [0.0] * 254


def answer(**change: object) -> bytes:
    return json.dumps({"embedding": GOOD, "inputTextTokenCount": 0, "message": None} | change).encode()


def test_a_picture_alone() -> None:
    assert json.loads(request_body(b"\x00\xffpicture", 1024)) == {
        "inputImage": base64.b64encode(b"\x00\xffpicture").decode(),
        "embeddingConfig": {"outputEmbeddingLength": 1024},
    }


def test_a_picture_with_words_that_need_escaping() -> None:
    body = json.loads(request_body(b"x", 256, 'a "good"\n\tcoat größe 40 \\'))
    assert body["inputText"] == 'a "good" coat größe 40 \\'
    assert body["inputImage"] == "eA=="


@pytest.mark.parametrize("description", [None, "", " \n"])
def test_no_words_are_no_text(description: str | None) -> None:
    assert "inputText" not in json.loads(request_body(b"x", 256, description))


def test_a_long_description_is_cut_between_words() -> None:
    text = json.loads(request_body(b"x", 256, "coat " * 5_000))["inputText"]
    assert text == " ".join(["coat"] * MOST_WORDS)


def test_a_vector_is_scaled_to_length_one() -> None:
    vector = vector_in(answer(), 256)
    assert vector.dtype == np.float32
    np.testing.assert_allclose(vector[:2], [0.6, 0.8], rtol=1e-7)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"message": "could not process", "embedding": None}, "embedding_refused"),
        ({"message": "could not process"}, "embedding_refused"),
        ({"embedding": GOOD[:-1]}, "embedding_invalid"),
        ({"embedding": [*GOOD, 0.0]}, "embedding_invalid"),
        ({"embedding": [float("nan"), *GOOD[1:]]}, "embedding_invalid"),
        ({"embedding": [float("inf"), *GOOD[1:]]}, "embedding_invalid"),
        ({"embedding": [1e300, *GOOD[1:]]}, "embedding_invalid"),
        ({"embedding": [0.0] * 256}, "embedding_invalid"),
        ({"embedding": None}, "embedding_invalid"),
        ({"embedding": "many"}, "embedding_invalid"),
        ({"embedding": [[1.0], [2.0, 3.0]]}, "embedding_invalid"),
        ({"embedding": {"0": 1.0}}, "embedding_invalid"),
    ],
)
def test_an_answer_that_is_no_vector_has_a_reason(change: dict[str, object], reason: str) -> None:
    with pytest.raises(ImageError) as refused:
        vector_in(answer(**change), 256)
    assert refused.value.reason == reason


@pytest.mark.parametrize("body", [b"", answer()[:-20], b"\xff\xfe", b"null", b"[1]"])
def test_a_cut_answer_is_told_from_a_bad_one(body: bytes) -> None:
    with pytest.raises(UnreadableAnswerError):
        vector_in(body, 256)


@pytest.mark.parametrize(
    "body",
    [
        b'{"embedding": [0.5, -1, 2e-3, 1.0E+2], "message": null}',
        b'{"embedding":[0.1,0.2],"inputTextTokenCount":0}',
        b'{"message": "in [brackets]", "embedding": [1.0]}',
        b'{"message": "[", "embedding": [1.0]}',
        b'{"embedding": [], "message": null}',
        b'{"embedding": [null, 1.0]}',
        b'{"embedding": ["a", 1.0]}',
        b'{"embedding": [[1.0], [2.0]]}',
        b'{"other": [1.0]}',
        b'{"embedding": [0.1,0.',
        b"[1.0, 2.0]",
    ],
)
def test_the_fast_way_reads_what_json_reads_or_leaves_it_alone(body: bytes) -> None:
    fast = _with_numbers_apart(body)
    if fast is not None:
        plain = json.loads(body)
        assert list(fast.pop("embedding")) == plain.pop("embedding")
        assert fast == plain


def test_the_fast_way_is_the_usual_one() -> None:
    assert _with_numbers_apart(answer()) is not None
    assert _with_numbers_apart(answer(message="no")) is not None


def test_titan_offers_three_lengths() -> None:
    assert TitanModel(dimensions=384).dimensions == 384
    with pytest.raises(ConfigurationError, match="256, 384, 1024"):
        TitanModel(dimensions=512)
