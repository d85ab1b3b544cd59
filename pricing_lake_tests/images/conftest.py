"""What the image tests share: the loopback server, a policy that may reach it, and a real picture."""

import threading
from collections.abc import Iterator
from io import BytesIO

import pytest
from PIL import Image

from pricing_lake.images.fetch import FetchPolicy

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
