"""Lanes of increments on S3, where moving a file is copying and deleting: whole, by one of many, in few requests."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from uuid import uuid4

import pytest
from pyarrow import fs

from pricing_lake.lake.increment_lanes import IncrementLanes
from pricing_lake_tests.aws.moto_server import client, environment

DAY = date(2026, 3, 1)
BATCHES = [f"batch{number:03}" for number in range(110)]


@pytest.fixture
def lanes(moto: str, monkeypatch: pytest.MonkeyPatch) -> IncrementLanes:
    """A hundred and ten proposals of one day, and one that takes the place of them all."""
    for name, value in environment(moto, "http://127.0.0.1:9").items():
        monkeypatch.setenv(name, value)
    bucket = f"lanes-{uuid4().hex[:8]}"
    client("s3", moto).create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3 = fs.S3FileSystem(region="eu-west-1", endpoint_override=moto, allow_delayed_open=True)
    lanes = IncrementLanes(fs.SubTreeFileSystem(f"{bucket}/lake", s3), "bronze/raw_orders_stream")
    for number, batch in enumerate(BATCHES):
        lanes.propose(batch, DAY, [line(number)])
    return lanes


def line(number: int) -> str:
    return json.dumps({"raw_row": {"number": number}, "reasons": ["odd"]})


def test_several_that_accept_at_once_are_no_harm_to_each_other(lanes: IncrementLanes) -> None:
    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(IncrementLanes(lanes.files, lanes.table_id).accept, set(BATCHES)) for _ in range(3)]:
            done.result()
    assert sorted(lanes.of_day(DAY)) == sorted(map(line, range(len(BATCHES))))
    lanes.propose_instead("replay", DAY, [line(7)])
    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(IncrementLanes(lanes.files, lanes.table_id).accept, {"replay"}) for _ in range(3)]:
            done.result()
    assert lanes.of_day(DAY) == [line(7)]
    lanes.withdraw({"replay"})
    assert sorted(lanes.of_day(DAY)) == sorted(map(line, range(len(BATCHES))))
