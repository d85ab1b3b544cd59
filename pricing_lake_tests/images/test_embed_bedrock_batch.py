"""Batches: few pictures never, many once; what a batch lacks is asked for one by one; jobs outlive the run."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from pyarrow import fs

from pricing_lake.errors import ConfigurationError, ImageError, SourceUnavailableError
from pricing_lake.images.embed_bedrock import BedrockEmbedder, BedrockSettings
from pricing_lake.images.embed_bedrock_batch import BatchBackfill, BatchSettings
from pricing_lake.images.embed_bedrock_client import control_client
from pricing_lake.images.embed_bedrock_jobs import BatchJobs
from pricing_lake.images.embed_bedrock_ledger import JobLedger
from pricing_lake.images.embed_bedrock_lines import JobFiles
from pricing_lake.images.embed_once import embed_once
from pricing_lake.images.embedder import Vector
from pricing_lake.images.vectors import VectorStore
from pricing_lake_tests.aws.bedrock_server import BedrockServer, running_bedrock
from pricing_lake_tests.aws.moto_server import client, environment, running_moto
from pricing_lake_tests.aws.titan_stub import hashed

from .near_duplicates import drawn_photo

PHOTOS = {hashlib.sha256(photo).hexdigest(): photo for photo in map(drawn_photo, range(30))}
ROLE = "arn:aws:iam::123456789012:role/batch"
QUICK = BatchSettings(threshold=20, fewest_records=5, poll_seconds=0.02, patience_seconds=10)


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with running_moto() as url:
        yield url


@dataclass
class Aws:
    """A bucket and the Bedrock stub that reads it."""

    server: BedrockServer
    files: fs.FileSystem
    bucket: str
    folder: Path

    def fill(self, settings: BatchSettings = QUICK, photos: dict[str, bytes] | None = None) -> int:
        """A run's batches: every object is new, as after a restart."""
        return self.backfill(settings).fill(readers(PHOTOS if photos is None else photos))

    def backfill(self, settings: BatchSettings = QUICK) -> BatchBackfill:
        embedder = BedrockEmbedder(BedrockSettings())
        store = VectorStore(fs.LocalFileSystem(), str(self.folder), embedder.model_id, embedder.dimensions)
        jobs = BatchJobs(
            control_client("eu-west-1"),
            "amazon.titan-embed-image-v1",
            ROLE,
            "eu-west-1",
            JobFiles(self.files, f"{self.bucket}/batch"),
        )
        ledger = JobLedger(fs.LocalFileSystem(), str(self.folder), embedder.model_id)
        return BatchBackfill(settings, embedder, store, jobs, ledger)

    def embed_rest(self) -> dict[str, Vector | ImageError]:
        backfill = self.backfill()
        return dict(embed_once(backfill.store, readers(PHOTOS), backfill.embedder, threads=8))

    @property
    def count(self) -> Callable[[str], int]:
        return self.server.behaviour.counts.__getitem__

    def stored(self) -> set[str]:
        return {path.stem for path in self.folder.rglob("*.f32")}

    def left_over(self) -> list[str]:
        found = self.files.get_file_info(fs.FileSelector(self.bucket, recursive=True))
        objects = [info.path for info in found if info.type == fs.FileType.File]
        return [*objects, *map(str, self.folder.rglob("*.json"))]


def readers(photos: dict[str, bytes]) -> dict[str, Callable[[], bytes]]:
    return {sha256: partial(bytes, photo) for sha256, photo in photos.items()}


@pytest.fixture
def aws(moto: str, aws_settings: Callable[[dict[str, str]], None], tmp_path: Path) -> Iterator[Aws]:
    s3, bucket = client("s3", moto), f"batch-{uuid4().hex[:8]}"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    with running_bedrock(s3=s3) as server:
        aws_settings(environment(moto, server.url))
        server.behaviour.batch_minimum = 5
        server.behaviour.batch_seconds = 0.05
        files = fs.S3FileSystem(endpoint_override=moto, region="eu-west-1")
        yield Aws(server, files, bucket, tmp_path)


def test_many_pictures_become_one_job_and_no_single_request(aws: Aws) -> None:
    assert aws.fill() == len(PHOTOS)
    assert aws.stored() == set(PHOTOS)
    outcomes = aws.embed_rest()
    for sha256, photo in PHOTOS.items():
        np.testing.assert_allclose(outcomes[sha256], hashed(photo, 1024), rtol=1e-6)
    assert (aws.count("jobs asked for"), aws.count("requests")) == (1, 0)
    assert aws.left_over() == []


def test_a_second_backfill_asks_for_nothing(aws: Aws) -> None:
    aws.fill()
    assert aws.fill() == 0
    assert aws.count("jobs asked for") == 1


def test_few_pictures_are_left_to_single_requests(aws: Aws) -> None:
    few = dict(list(PHOTOS.items())[:19])
    assert aws.fill(photos=few) == 0
    assert aws.count("jobs asked for") == 0


def test_answers_of_a_batch_are_counted(aws: Aws) -> None:
    backfill = aws.backfill()
    backfill.fill(readers(PHOTOS))
    usage = backfill.embedder.meter.read()
    assert (usage.batch, usage.on_demand) == (len(PHOTOS), 0)


def test_a_long_list_is_cut_by_number_and_by_bytes(aws: Aws) -> None:
    assert aws.fill(replace(QUICK, most_records=12)) == len(PHOTOS)
    assert aws.count("jobs asked for") == 3
    aws.folder = aws.folder / "again"
    size = sum(len(photo) for photo in PHOTOS.values())
    assert aws.fill(replace(QUICK, most_bytes=size)) == len(PHOTOS)  # base64 makes 4 bytes of 3
    assert aws.count("jobs asked for") == 5


def test_what_is_left_over_of_a_cut_list_is_no_job_that_bedrock_would_fail(aws: Aws) -> None:
    assert aws.fill(replace(QUICK, most_records=27)) == 27
    assert aws.count("jobs asked for") == 1
    assert len(aws.embed_rest()) == len(PHOTOS)
    assert aws.count("requests") == 3


def test_what_a_batch_lacks_or_fails_is_asked_for_one_by_one(aws: Aws) -> None:
    missing, cut, error, short, *_ = PHOTOS
    faults = {missing: "missing", cut: "half_json", error: "internal", short: "wrong_dimension"}
    aws.server.behaviour.fault_of = dict(faults)
    assert aws.fill() == len(PHOTOS) - 4
    assert aws.stored() == set(PHOTOS) - set(faults)
    aws.server.behaviour.fault_of = {}
    assert not any(isinstance(found, ImageError) for found in aws.embed_rest().values())
    assert aws.count("requests") == 4


def test_a_picture_that_cannot_be_sent_spoils_no_batch(aws: Aws) -> None:
    broken = b"\xff\xd8\xff no picture"
    photos = PHOTOS | {hashlib.sha256(broken).hexdigest(): broken, "0" * 64: b"of another digest"}
    assert aws.fill(photos=photos) == len(PHOTOS)
    assert aws.count("batch records") == len(PHOTOS)


@pytest.mark.parametrize("end", ["PartiallyCompleted", "Expired", "Stopped"])
def test_a_job_that_ends_early_gives_what_it_has(aws: Aws, end: str) -> None:
    aws.server.behaviour.batch_ends = end
    aws.server.behaviour.fault_of = dict.fromkeys(list(PHOTOS)[10:], "missing")
    assert aws.fill() == 10
    assert aws.left_over() == []


def test_a_job_outlives_the_run_that_asked_for_it(aws: Aws) -> None:
    aws.server.behaviour.batch_seconds = 0.5
    with pytest.raises(SourceUnavailableError, match="still run"):
        aws.fill(replace(QUICK, patience_seconds=0.01))
    assert aws.stored() == set()
    assert aws.fill() == len(PHOTOS)
    assert aws.count("jobs asked for") == 1
    assert aws.left_over() == []


def test_a_later_run_with_other_pictures_waits_for_the_job_first(aws: Aws) -> None:
    aws.server.behaviour.batch_seconds = 0.3
    with pytest.raises(SourceUnavailableError):
        aws.fill(replace(QUICK, patience_seconds=0.01))
    more = {hashlib.sha256(photo).hexdigest(): photo for photo in map(drawn_photo, range(100, 105))}
    assert aws.fill(photos=PHOTOS | more) == len(PHOTOS)
    assert aws.count("batch records") == len(PHOTOS)


def test_a_run_of_other_pictures_does_not_wait(aws: Aws) -> None:
    aws.server.behaviour.batch_seconds = 30
    with pytest.raises(SourceUnavailableError):
        aws.fill(replace(QUICK, patience_seconds=0.01))
    other = hashlib.sha256(drawn_photo(200)).hexdigest()
    assert aws.fill(photos={other: drawn_photo(200)}) == 0


def test_a_run_that_died_before_it_wrote_the_name_of_its_job_finds_it_again(aws: Aws) -> None:
    """The request token is the list's own: Bedrock answers with the job it has."""
    aws.server.behaviour.batch_seconds = 0.3
    with pytest.raises(SourceUnavailableError):
        aws.fill(replace(QUICK, patience_seconds=0.01))
    (record,) = aws.folder.rglob("*.json")
    record.write_text(json.dumps(json.loads(record.read_text()) | {"arn": ""}))
    assert aws.fill() == len(PHOTOS)
    assert len(aws.server.jobs.by_arn) == 1


def test_a_run_that_died_before_the_upload_starts_over(aws: Aws) -> None:
    aws.server.behaviour.script.append("denied")
    with pytest.raises(ConfigurationError, match="PassRole"):
        aws.fill()
    aws.files.delete_dir_contents(aws.bucket)
    assert aws.fill() == len(PHOTOS)


def test_a_job_that_failed_as_a_whole_is_told_and_asked_for_anew(aws: Aws) -> None:
    aws.server.behaviour.batch_ends = "Failed"
    with pytest.raises(ConfigurationError, match="failed as a whole"):
        aws.fill()
    aws.server.behaviour.batch_ends = "Completed"
    assert aws.fill() == len(PHOTOS)
    assert len(aws.server.jobs.by_arn) == 2
    assert aws.left_over() == []


def test_a_failed_job_can_be_left_to_single_requests(aws: Aws) -> None:
    aws.server.behaviour.batch_ends = "Failed"
    with pytest.raises(ConfigurationError):
        aws.fill()
    assert aws.fill(replace(QUICK, threshold=1_000)) == 0
    assert len(aws.embed_rest()) == aws.count("requests") == len(PHOTOS)


def test_too_many_jobs_are_waited_for(aws: Aws) -> None:
    aws.server.behaviour.script.extend(["quota", "quota"])
    assert aws.fill() == len(PHOTOS)
    assert aws.count("jobs asked for") == 3


def test_a_record_that_nobody_of_us_wrote_is_named(aws: Aws) -> None:
    backfill = aws.backfill()
    folder = aws.folder / "vectors" / backfill.embedder.model_id / "jobs"
    folder.mkdir(parents=True)
    (folder / "x.json").write_text("{")
    with pytest.raises(ConfigurationError, match="delete it"):
        aws.fill()
