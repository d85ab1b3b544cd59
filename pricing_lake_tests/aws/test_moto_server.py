"""The one change to moto: a stale version of a Glue table is refused, whoever is first wins, once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer

from pricing_lake_tests.aws.moto_server import client, stock_glue

WRITERS = 6


def made_table(glue: Any) -> dict[str, Any]:
    database = f"d{uuid4().hex[:8]}"
    glue.create_database(DatabaseInput={"Name": database})
    glue.create_table(DatabaseName=database, TableInput={"Name": "t", "Parameters": {"written": "0"}})
    return {"DatabaseName": database, "Name": "t"}


def version(glue: Any, table: dict[str, Any]) -> str:
    return str(glue.get_table(**table)["Table"]["VersionId"])


def update(glue: Any, table: dict[str, Any], value: str, **version_id: str) -> None:
    written = {"Name": table["Name"], "Parameters": {"written": value}}
    glue.update_table(DatabaseName=table["DatabaseName"], TableInput=written, **version_id)


def race(glue: Any) -> tuple[int, str]:
    """Writers that all read one version; how many were told they wrote, and what the version is then."""
    table, together = made_table(glue), Barrier(WRITERS)

    def write(number: int) -> bool:
        read = version(glue, table)
        together.wait()
        try:
            update(glue, table, str(number), VersionId=read)
        except glue.exceptions.ConcurrentModificationException:
            return False
        return True

    with ThreadPoolExecutor(WRITERS) as pool:
        told = sum(pool.map(write, range(WRITERS)))
    return told, version(glue, table)


def test_of_six_writers_at_once_one_is_told_that_it_wrote(moto: str) -> None:
    assert race(client("glue", moto)) == (1, "2")


def test_stock_moto_tells_all_six_which_is_why_it_is_changed() -> None:
    """When this fails, moto compares versions by itself: then the change can go."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        with stock_glue():
            told, _ = race(client("glue", f"http://{host}:{port}"))
    finally:
        server.stop()
    assert told == WRITERS


def test_a_stale_version_is_refused_as_glue_refuses_it(moto: str) -> None:
    glue = client("glue", moto)
    table = made_table(glue)
    stale = version(glue, table)
    update(glue, table, "1", VersionId=stale)
    with pytest.raises(ClientError) as refused:
        update(glue, table, "2", VersionId=stale)
    assert refused.value.response["Error"]["Code"] == "ConcurrentModificationException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert glue.get_table(**table)["Table"]["Parameters"]["written"] == "1"


def test_without_a_version_the_last_writer_wins_as_on_aws(moto: str) -> None:
    glue = client("glue", moto)
    table = made_table(glue)
    update(glue, table, "1")
    update(glue, table, "2")
    assert glue.get_table(**table)["Table"]["Parameters"]["written"] == "2"


def test_a_table_that_is_not_there_is_told(moto: str) -> None:
    glue = client("glue", moto)
    table = made_table(glue) | {"Name": "another"}
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        update(glue, table, "1", VersionId="1")
