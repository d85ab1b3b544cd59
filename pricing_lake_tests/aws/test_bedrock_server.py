"""The stub is wire-true where our client depends on it: real boto3 makes the same typed errors of it as of AWS."""

import base64
import json
import time
from io import BytesIO
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import boto3
import numpy as np
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from PIL import Image

from pricing_lake_tests.aws.bedrock_faults import ERRORS
from pricing_lake_tests.aws.bedrock_server import MODEL, BedrockServer

ONCE = Config(retries={"mode": "standard", "total_max_attempts": 1})


def picture(width: int = 8, kind: str = "PNG") -> str:
    buffer = BytesIO()
    Image.new("RGB", (width, 8)).save(buffer, kind)
    return base64.b64encode(buffer.getvalue()).decode()


def invoke(body: dict[str, Any] | bytes, model: str = MODEL) -> dict[str, Any]:
    client = boto3.session.Session().client("bedrock-runtime", config=ONCE)
    sent = body if isinstance(body, bytes) else json.dumps(body)
    answer: dict[str, Any] = json.loads(client.invoke_model(modelId=model, body=sent)["body"].read())
    return answer


def test_equal_input_gives_an_equal_vector_and_nothing_more(bedrock: BedrockServer) -> None:
    first, again, other = (invoke({"inputImage": image}) for image in (picture(), picture(), picture(9)))
    assert first == again
    assert first["embedding"] != other["embedding"]
    assert len(first["embedding"]) == 1024
    assert np.linalg.norm(first["embedding"]) == pytest.approx(1)


def test_text_and_picture_give_the_mean_of_both(bedrock: BedrockServer) -> None:
    length = {"embeddingConfig": {"outputEmbeddingLength": 256}}
    text, image = {"inputText": "a coat"}, {"inputImage": picture()}
    vectors = [invoke(length | request)["embedding"] for request in (text, image, text | image)]
    np.testing.assert_allclose(np.mean(vectors[:2], axis=0), vectors[2], atol=1e-12)


@pytest.mark.parametrize(
    "body",
    [
        {},
        b"{",
        {"inputImage": "no base64"},
        {"inputImage": picture(kind="WEBP")},
        {"inputImage": picture(2049)},
        {"inputText": "word " * 300},
        {"inputText": "x", "embeddingConfig": {"outputEmbeddingLength": 512}},
        {"inputText": "x", "model": "y"},
    ],
)
def test_what_the_model_does_not_take_is_refused_as_it_would_be(
    bedrock: BedrockServer, body: dict[str, Any] | bytes
) -> None:
    with pytest.raises(ClientError) as refused:
        invoke(body)
    assert refused.value.response["Error"]["Code"] == "ValidationException"


@pytest.mark.parametrize("fault", sorted(ERRORS))
def test_boto3_reads_every_error_as_aws_means_it(bedrock: BedrockServer, fault: str) -> None:
    bedrock.behaviour.script.append(fault)
    with pytest.raises(ClientError) as refused:
        invoke({"inputText": "x"})
    told = refused.value.response
    assert (told["ResponseMetadata"]["HTTPStatusCode"], told["Error"]["Code"]) == ERRORS[fault]


def test_latency_is_what_was_asked_for(bedrock: BedrockServer) -> None:
    bedrock.behaviour.latency_seconds = 0.2
    started = time.monotonic()
    invoke({"inputText": "x"})
    assert time.monotonic() - started >= 0.2


def test_a_quota_lets_a_second_through_at_once_and_refills(bedrock: BedrockServer) -> None:
    bedrock.behaviour.requests_per_minute = 300
    client = boto3.session.Session().client("bedrock-runtime", config=ONCE)
    body = json.dumps({"inputText": "x"})
    outcomes = []
    for _ in range(30):
        try:
            client.invoke_model(modelId=MODEL, body=body)
            outcomes.append("good")
        except client.exceptions.ThrottlingException:
            outcomes.append("throttled")
    assert outcomes[:5] == ["good"] * 5
    assert "throttled" in outcomes
    time.sleep(0.3)
    client.invoke_model(modelId=MODEL, body=body)


def test_an_unsigned_request_is_turned_away(bedrock: BedrockServer) -> None:
    with pytest.raises(HTTPError) as refused:
        urlopen(Request(f"{bedrock.url}/model/{MODEL}/invoke", b"{}"))  # noqa: S310 - a server of our own
    assert refused.value.code == 403


def test_jobs_are_found_by_arn_and_by_token_alone(bedrock: BedrockServer) -> None:
    client = boto3.session.Session().client("bedrock")
    asked = {
        "jobName": "a-job",
        "roleArn": "arn:aws:iam::123456789012:role/batch",
        "modelId": MODEL,
        "clientRequestToken": "token1",
        "inputDataConfig": {"s3InputDataConfig": {"s3Uri": "s3://nobucket/in.jsonl"}},
        "outputDataConfig": {"s3OutputDataConfig": {"s3Uri": "s3://nobucket/out/"}},
    }
    arn = client.create_model_invocation_job(**asked)["jobArn"]
    assert client.create_model_invocation_job(**asked)["jobArn"] == arn
    assert client.create_model_invocation_job(**asked | {"clientRequestToken": "token2"})["jobArn"] != arn
    assert client.get_model_invocation_job(jobIdentifier=arn)["jobArn"] == arn
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_model_invocation_job(jobIdentifier=f"{arn[:-1]}x")
