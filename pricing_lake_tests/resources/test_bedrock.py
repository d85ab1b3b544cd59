"""Titan as a run's embedder: vectors on disk or S3, many pictures in a batch, cost per call of `embed_once`."""

import hashlib
import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from pyarrow import fs

from pricing_lake.errors import ConfigurationError
from pricing_lake.resources.bedrock import BedrockEmbedderResource
from pricing_lake.resources.embedder import EmbedderResource
from pricing_lake.resources.files import files_at
from pricing_lake_tests.aws.bedrock_server import BedrockServer, running_bedrock
from pricing_lake_tests.aws.moto_server import client, environment, running_moto
from pricing_lake_tests.images.near_duplicates import drawn_photo

PHOTOS = [drawn_photo(number) for number in range(12)]
ROLE = "arn:aws:iam::123456789012:role/batch"


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with running_moto() as url:
        yield url


@pytest.fixture
def bedrock(moto: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[BedrockServer]:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere/config")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere/credentials")
    with running_bedrock(s3=client("s3", moto)) as server:
        server.behaviour.batch_minimum, server.behaviour.batch_seconds = 5, 0.05
        for name, value in environment(moto, server.url).items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture
def bucket(moto: str) -> str:
    name = f"vectors-{uuid4().hex[:8]}"
    client("s3", moto).create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return name


def wanted(count: int = len(PHOTOS)) -> dict[str, Callable[[], bytes]]:
    return {hashlib.sha256(photo).hexdigest(): partial(bytes, photo) for photo in PHOTOS[:count]}


def test_figures_are_those_of_the_last_call(bedrock: BedrockServer, tmp_path: Path) -> None:
    resource = BedrockEmbedderResource(home=str(tmp_path), price="0.05")
    resource.embed_once(wanted(4))
    assert resource.figures()["bedrock_on_demand"] == 4
    assert resource.figures()["bedrock_cost_usd"] == pytest.approx(0.0002)
    resource.embed_once(wanted(5))
    assert resource.figures()["bedrock_requests"] == 1
    resource.embed_once(wanted(5))
    assert set(resource.figures().values()) == {0.0}
    assert EmbedderResource(home=str(tmp_path)).figures() == {}


def test_vectors_on_s3_serve_the_next_run(bedrock: BedrockServer, bucket: str, moto: str) -> None:
    def run() -> dict[str, np.ndarray]:
        home = f"s3://{bucket}/pricing-intelligence"
        resource = BedrockEmbedderResource(home=home, files_region="eu-west-1", files_endpoint=moto)
        return resource.embed_once(wanted())  # type: ignore[return-value]  # all are vectors here

    first = run()
    assert bedrock.behaviour.counts["requests"] == len(PHOTOS)
    again = run()
    assert bedrock.behaviour.counts["requests"] == len(PHOTOS)
    for sha256, vector in first.items():
        np.testing.assert_array_equal(vector, again[sha256])
    files, root = files_at(f"s3://{bucket}/pricing-intelligence", "eu-west-1", moto)
    vectors = f"{root}/vectors/amazon.titan-embed-image-v1.1024.prepared-1"
    found = files.get_file_info(fs.FileSelector(vectors, recursive=True))
    assert sum(info.path.endswith(".f32") for info in found) == len(PHOTOS)


def test_many_pictures_at_once_are_a_batch_on_s3(bedrock: BedrockServer, bucket: str, moto: str) -> None:
    first = next(iter(wanted()))
    bedrock.behaviour.fault_of = {first: "missing"}
    resource = BedrockEmbedderResource(
        home=f"s3://{bucket}/lake",
        files_region="eu-west-1",
        files_endpoint=moto,
        batch_role=ROLE,
        batch_root=f"s3://{bucket}/lake/batch",
        batch_threshold=10,
        batch_fewest_records=5,
        batch_poll_seconds=0.02,
        price="60",
        batch_price="30",
    )
    bedrock.behaviour.fault_of = {first: "missing"}
    assert len(resource.embed_once(wanted())) == len(PHOTOS)
    figures = resource.figures()
    assert (figures["bedrock_batch"], figures["bedrock_on_demand"]) == (11, 1)
    assert figures["bedrock_cost_usd"] == pytest.approx(11 * 0.03 + 0.06)


def test_a_batch_needs_a_bucket(bedrock: BedrockServer, tmp_path: Path) -> None:
    resource = BedrockEmbedderResource(home=str(tmp_path), batch_role=ROLE, batch_root="/tmp/batch")  # noqa: S108
    with pytest.raises(ConfigurationError, match="s3://bucket/prefix"):
        resource.embed_once(wanted())


def test_a_price_that_is_no_number_is_told_before_anything_is_paid_for(bedrock: BedrockServer, tmp_path: Path) -> None:
    resource = BedrockEmbedderResource(home=str(tmp_path), price="cheap")
    with pytest.raises(ConfigurationError, match="prices"):
        resource.embed_once(wanted(1))
    assert bedrock.behaviour.counts["requests"] == 0
