"""What the image tests share: the loopback servers, a policy that may reach one of them, and a real picture."""

import os
import threading
from collections.abc import Callable, Iterator
from io import BytesIO

import pytest
from PIL import Image

from pricing_lake.images.fetch import FetchPolicy
from pricing_lake_tests.aws.bedrock_server import BedrockServer, running_bedrock
from pricing_lake_tests.aws.moto_server import environment

from .image_server import ImageServer


@pytest.fixture
def server() -> Iterator[ImageServer]:
    with ImageServer() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def policy() -> FetchPolicy:
    return FetchPolicy(
        image_root=None,
        deadline_seconds=5.0,
        backoff_seconds=(0.0,),
        trusted_hosts=frozenset({"127.0.0.1"}),
    )


@pytest.fixture(scope="session")
def jpeg() -> bytes:
    buffer = BytesIO()
    Image.linear_gradient("L").convert("RGB").resize((320, 240)).save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.fixture
def aws_settings(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, str]], None]:
    """Sets variables as an operator would, after those of whoever runs the tests are gone."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere/config")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere/credentials")
    return lambda variables: [monkeypatch.setenv(name, value) for name, value in variables.items()] and None


@pytest.fixture
def bedrock(aws_settings: Callable[[dict[str, str]], None]) -> Iterator[BedrockServer]:
    """The Bedrock stub, to which boto3's own settings lead."""
    with running_bedrock() as running:
        aws_settings(environment("http://127.0.0.1:9", running.url))
        yield running
