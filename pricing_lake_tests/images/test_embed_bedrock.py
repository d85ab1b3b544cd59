"""Titan over HTTP with real boto3: what is sent, what each failure costs, and what is counted."""

import time
from collections.abc import Callable
from decimal import Decimal
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from pricing_lake.errors import ConfigurationError, ImageError, SourceUnavailableError
from pricing_lake.images.embed_bedrock import BedrockEmbedder, BedrockSettings
from pricing_lake.images.embed_bedrock_pace import Patience
from pricing_lake.images.embed_bedrock_titan import TitanModel
from pricing_lake.images.embed_bedrock_usage import Prices
from pricing_lake_tests.aws.bedrock_server import BedrockServer
from pricing_lake_tests.aws.titan_stub import hashed

QUICK = Patience(seconds=2.0, first_pause=0.005, longest_pause=0.02)


def embedder(patience: Patience = QUICK, **model: object) -> BedrockEmbedder:
    return BedrockEmbedder(BedrockSettings(TitanModel(**model), patience=patience))  # type: ignore[arg-type]


def refusal(error: type[Exception], image: bytes, patience: Patience = QUICK, **model: object) -> Exception:
    with pytest.raises(error) as refused:
        embedder(patience, **model).embed_one(image)
    assert "\n" not in str(refused.value)
    assert "secret-role" not in str(refused.value)
    return refused.value


@pytest.mark.parametrize("dimensions", [256, 384, 1024])
def test_the_vector_of_a_picture_has_length_one(bedrock: BedrockServer, jpeg: bytes, dimensions: int) -> None:
    titan = embedder(dimensions=dimensions)
    vector = titan.embed_one(jpeg)
    assert vector.shape == (titan.dimensions,) == (dimensions,)
    np.testing.assert_allclose(vector, hashed(jpeg, dimensions), rtol=1e-6)
    assert np.linalg.norm(vector.astype(np.float64)) == pytest.approx(1, abs=1e-6)


def test_a_description_moves_the_vector(bedrock: BedrockServer, jpeg: bytes) -> None:
    mean = hashed(jpeg, 1024) + hashed(b"a red coat", 1024)
    titan = embedder()
    np.testing.assert_allclose(titan.embed_one(jpeg, "a red coat"), mean / np.linalg.norm(mean), rtol=1e-5, atol=1e-8)
    assert not np.array_equal(titan.embed_one(jpeg), titan.embed_one(jpeg, "a red coat"))


def test_the_model_id_names_model_version_length_and_preparation(bedrock: BedrockServer) -> None:
    assert embedder().model_id == "amazon.titan-embed-image-v1.1024.prepared-1"
    assert embedder(dimensions=256).model_id != embedder().model_id
    assert embedder(name="amazon.titan-embed-image-v1:0").model_id == "amazon.titan-embed-image-v1.0.1024.prepared-1"


def test_a_large_webp_arrives_as_the_model_takes_it(bedrock: BedrockServer) -> None:
    """The stub refuses, as the model does, what is no JPEG or PNG or wider than 2048 pixels."""
    buffer = BytesIO()
    Image.linear_gradient("L").resize((3000, 200)).save(buffer, "WEBP")
    assert embedder().embed_one(buffer.getvalue()).shape == (1024,)


@pytest.mark.parametrize(
    "faults",
    [
        ["throttled"] * 8,
        ["not_ready", "quota", "throttled"],
        ["timeout"] * 3,
        ["model_error"] * 3,
        ["internal", "unavailable", "internal"],
        ["half_body", "half_json", "hang_up"],
        ["throttled", "timeout", "throttled", "half_body", "throttled", "model_error"],
    ],
    ids=lambda faults: "+".join(dict.fromkeys(faults)),
)
def test_what_passes_is_waited_out(bedrock: BedrockServer, jpeg: bytes, faults: list[str]) -> None:
    bedrock.behaviour.script.extend(faults)
    titan = embedder()
    np.testing.assert_allclose(titan.embed_one(jpeg), hashed(jpeg, 1024), rtol=1e-6)
    usage = titan.meter.read()
    assert bedrock.behaviour.counts["requests"] == usage.requests == len(faults) + 1
    assert usage.throttled == sum(fault in ("throttled", "not_ready", "quota") for fault in faults)
    assert usage.throttled + usage.failed == len(faults)


@pytest.mark.parametrize(
    ("fault", "reason", "requests"),
    [
        ("invalid", "embedding_refused", 1),
        ("message", "embedding_refused", 1),
        ("wrong_dimension", "embedding_invalid", 1),
        ("not_finite", "embedding_invalid", 1),
        ("zeros", "embedding_invalid", 1),
        ("no_embedding", "embedding_invalid", 1),
        ("model_error", "embedding_refused", 4),
        ("timeout", "embedding_refused", 4),
    ],
)
def test_a_picture_the_model_cannot_do_costs_itself(
    bedrock: BedrockServer, jpeg: bytes, fault: str, reason: str, requests: int
) -> None:
    bedrock.behaviour.script.extend([fault] * requests)
    error = refusal(ImageError, jpeg)
    assert isinstance(error, ImageError)
    assert error.reason == reason
    assert bedrock.behaviour.counts["requests"] == requests


def test_a_model_that_fails_on_every_picture_is_unwell(bedrock: BedrockServer, jpeg: bytes) -> None:
    bedrock.behaviour.script.extend(["model_error"] * 200)
    titan = embedder()
    for _ in range(4):
        with pytest.raises(ImageError):
            titan.embed_one(jpeg)
    with pytest.raises(SourceUnavailableError):
        titan.embed_one(jpeg)


def test_one_good_answer_between_shows_that_the_model_is_well(bedrock: BedrockServer, jpeg: bytes) -> None:
    titan = embedder()
    for _ in range(7):
        bedrock.behaviour.script.extend(["model_error"] * 4)
        with pytest.raises(ImageError):
            titan.embed_one(jpeg)
        titan.embed_one(jpeg)


@pytest.mark.parametrize("fault", ["internal", "unavailable", "half_body", "half_json", "hang_up"])
def test_a_service_that_stays_unwell_ends_the_run_for_now(bedrock: BedrockServer, jpeg: bytes, fault: str) -> None:
    bedrock.behaviour.script.extend([fault] * 50)
    assert "run it again later" in str(refusal(SourceUnavailableError, jpeg))
    assert bedrock.behaviour.counts["requests"] == QUICK.failures


def test_throttling_that_does_not_end_is_given_up_in_time(bedrock: BedrockServer, jpeg: bytes) -> None:
    bedrock.behaviour.throttled_share = 1.0
    patience = Patience(seconds=0.5, first_pause=0.01, longest_pause=0.1)
    started = time.monotonic()
    assert "ThrottlingException" in str(refusal(SourceUnavailableError, jpeg, patience))
    assert 0.2 < time.monotonic() - started < 10
    assert bedrock.behaviour.counts["throttled"] > 3


@pytest.mark.parametrize(
    ("fault", "says"),
    [("denied", "AccessDeniedException"), ("expired", "renew the credentials"), ("unknown_model", "does not offer")],
)
def test_what_only_people_can_mend_ends_the_run_at_once(
    bedrock: BedrockServer, jpeg: bytes, fault: str, says: str
) -> None:
    bedrock.behaviour.script.extend([fault] * 9)
    assert says in str(refusal(ConfigurationError, jpeg))
    assert bedrock.behaviour.counts["requests"] == 1


def test_a_model_that_is_none_is_a_setting_and_no_bad_picture(bedrock: BedrockServer, jpeg: bytes) -> None:
    assert "does not offer amazon.titan-v9" in str(refusal(ConfigurationError, jpeg, name="amazon.titan-v9"))


def test_without_credentials_nothing_is_sent(
    bedrock: BedrockServer, jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert "no usable AWS credentials" in str(refusal(ConfigurationError, jpeg))
    assert bedrock.behaviour.counts["requests"] == 0


def test_a_server_that_is_not_there_ends_the_run_for_now(
    aws_settings: Callable[[dict[str, str]], None], bedrock: BedrockServer, jpeg: bytes
) -> None:
    aws_settings({"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "http://127.0.0.1:9"})
    assert "too busy or unwell" in str(refusal(SourceUnavailableError, jpeg))


def test_a_region_that_is_none_is_told(bedrock: BedrockServer, jpeg: bytes) -> None:
    assert "check its region" in str(refusal(ConfigurationError, jpeg, region="not a region"))


def test_a_broken_picture_is_refused_before_it_is_sent(bedrock: BedrockServer, jpeg: bytes) -> None:
    error = refusal(ImageError, jpeg[:10])
    assert isinstance(error, ImageError)
    assert error.reason == "image_truncated"
    assert bedrock.behaviour.counts["requests"] == 0


def test_only_answers_are_charged(bedrock: BedrockServer, jpeg: bytes) -> None:
    bedrock.behaviour.script.extend(["throttled", "internal", "", "wrong_dimension", "invalid"])
    titan = embedder()
    titan.embed_one(jpeg)
    before = titan.meter.read()
    for _ in range(2):
        with pytest.raises(ImageError):
            titan.embed_one(jpeg)
    assert before.on_demand == 1
    later = titan.meter.read().since(before)
    assert (later.on_demand, later.requests) == (1, 2)
    prices = Prices(Decimal("0.06"), Decimal("0.03"))
    assert titan.meter.read().cost(prices) == Decimal("0.00012")
    assert later.figures(prices)["bedrock_cost_usd"] == pytest.approx(0.00006)
