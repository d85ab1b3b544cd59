"""moto's server with the one change an Iceberg lake on Glue stands on: UpdateTable honours VersionId.

moto takes any VersionId, so of six writers that commit at once all are told that they did, and one commit is there.
Glue compares the id and refuses the late ones (ConcurrentModificationException). What else moto does not do as AWS
does (bucket policies, checksums, alarms, Athena's answers) stays as it is: do not test it here.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult
from moto.glue.responses import GlueResponse
from moto.server import ThreadedMotoServer

ACCOUNT = "123456789012"
_COMMITS = threading.Lock()
_STOCK: Callable[[GlueResponse], ActionResult] = GlueResponse.update_table


class StaleVersionError(JsonRESTError):
    """Another writer updated the table since the caller read it; 400 is the status that JsonRESTError has."""

    def __init__(self) -> None:
        super().__init__("ConcurrentModificationException", "Update table failed due to concurrent modifications.")


def _update_table(response: GlueResponse) -> ActionResult:
    """Compare and set, as one step: the id is optional, as it is on AWS."""
    wanted = response.parameters.get("VersionId")
    with _COMMITS:
        name = response.parameters["TableInput"]["Name"]
        table = response.glue_backend.get_table(response.parameters["DatabaseName"], name)
        if wanted is not None and str(wanted) != str(table.as_dict()["VersionId"]):
            raise StaleVersionError
        return _STOCK(response)


@contextmanager
def running_moto(port: int = 0) -> Iterator[str]:
    """The address of an AWS in this process. Its state is the process's: servers share it, and it outlives them."""
    with glue_compares_versions():
        logging.getLogger("werkzeug").setLevel(logging.ERROR)  # else a line per request
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
        server.start()
        host, used = server.get_host_and_port()
        try:
            yield f"http://{host}:{used}"
        finally:
            server.stop()


@contextmanager
def glue_compares_versions() -> Iterator[None]:
    """The change itself, for the block."""
    GlueResponse.update_table = _update_table  # type: ignore[method-assign]  # the point of this module
    try:
        yield
    finally:
        GlueResponse.update_table = _STOCK  # type: ignore[method-assign]


@contextmanager
def stock_glue() -> Iterator[None]:
    """moto's own Glue for the block, to show why it is not used."""
    changed = GlueResponse.update_table
    GlueResponse.update_table = _STOCK  # type: ignore[method-assign]
    try:
        yield
    finally:
        GlueResponse.update_table = changed  # type: ignore[method-assign]


def environment(moto: str, bedrock: str) -> dict[str, str]:
    """Settings that lead boto3, pyarrow and the lake to these servers, and to no account."""
    return {
        "AWS_ENDPOINT_URL": moto,
        "AWS_ENDPOINT_URL_BEDROCK": bedrock,
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": bedrock,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def client(service: str, endpoint: str, region: str = "eu-west-1") -> Any:
    """A boto3 client of a server here, with keys that no account knows."""
    import boto3

    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    return boto3.session.Session(region_name=region, **keys).client(service, endpoint_url=endpoint)
