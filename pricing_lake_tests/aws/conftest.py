"""What the tests of the local AWS share: both servers, and an environment that leads to nothing else."""

import os
from collections.abc import Iterator

import pytest

from pricing_lake_tests.aws.bedrock_server import BedrockServer, running_bedrock
from pricing_lake_tests.aws.moto_server import environment, running_moto


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with running_moto() as url:
        yield url


@pytest.fixture
def bedrock(moto: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[BedrockServer]:
    """The Bedrock stub, to which boto3's own settings lead."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere/config")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere/credentials")
    with running_bedrock() as running:
        for name, value in environment(moto, running.url).items():
            monkeypatch.setenv(name, value)
        yield running
