"""Remembers batch jobs beside the vectors they are for, so that a run that died finds what it asked for."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import PurePosixPath
from typing import Self

from pyarrow import fs

from pricing_lake.errors import ConfigurationError


@dataclass(frozen=True)
class BatchJob:
    """One list of pictures that was, or is about to be, handed to Bedrock.

    `key` is a hash of the list and the model: the same list is the same job. `attempt` counts failures of the whole
    job, since Bedrock would find a failed job again by its token.
    """

    key: str
    sha256s: tuple[str, ...]
    attempt: int = 0
    arn: str = ""

    @classmethod
    def of(cls, model_id: str, sha256s: Sequence[str]) -> Self:
        """A job that is not submitted yet."""
        digest = hashlib.sha256("\n".join([model_id, *sha256s]).encode()).hexdigest()
        return cls(digest[:32], tuple(sha256s))

    @property
    def name(self) -> str:
        """Of the job in Bedrock, and what makes submitting it twice one job."""
        return f"{self.key}a{self.attempt}"

    def sha256_of(self, record_id: object) -> str | None:
        """The picture of a record; None for a record that is not ours."""
        text = str(record_id)
        number = int(text[1:]) if text[1:].isdecimal() and text.startswith("P") else len(self.sha256s)
        return self.sha256s[number] if number < len(self.sha256s) else None


def record_id(number: int) -> str:
    """Name of the picture at a place of a job's list: eleven letters and digits, as AWS's pages first asked for."""
    return f"P{number:010d}"


class JobLedger:
    """Jobs that are under way, one JSON file each at `vectors/<model_id>/jobs/<key>.json` below `root`."""

    def __init__(self, filesystem: fs.FileSystem, root: str, model_id: str) -> None:
        self._filesystem = filesystem
        self._folder = str(PurePosixPath(root) / "vectors" / model_id / "jobs")

    def write(self, job: BatchJob) -> BatchJob:
        """Remember a job as it is now; returns it."""
        self._filesystem.create_dir(self._folder, recursive=True)
        content = json.dumps(asdict(job)).encode()
        if isinstance(self._filesystem, fs.LocalFileSystem):
            self._put(f"{self._path(job)}.part", content)
            self._filesystem.move(f"{self._path(job)}.part", self._path(job))
        else:
            self._put(self._path(job), content)  # an object store shows the object whole or not at all
        return job

    def failed(self, job: BatchJob) -> None:
        """The job failed as a whole: whoever submits its list again asks for a new job."""
        self.write(replace(job, attempt=job.attempt + 1, arn=""))

    def forget(self, job: BatchJob) -> None:
        """The job is done; that another run has forgotten it already is no news."""
        if self._filesystem.get_file_info(self._path(job)).type == fs.FileType.File:
            self._filesystem.delete_file(self._path(job))

    def jobs(self) -> Iterator[BatchJob]:
        """Every job that is under way. Raises ConfigurationError for a file that nobody of us wrote."""
        selector = fs.FileSelector(self._folder, allow_not_found=True)
        for info in sorted(self._filesystem.get_file_info(selector), key=lambda info: info.path):
            if not info.path.endswith(".json"):
                continue
            try:
                with self._filesystem.open_input_file(info.path) as stream:
                    body = json.loads(stream.read())
                yield BatchJob(**{**body, "sha256s": tuple(body["sha256s"])})
            except FileNotFoundError:
                continue  # another run has just finished it
            except (ValueError, KeyError, TypeError) as error:
                raise ConfigurationError(
                    f"{info.path} is no record of a batch job ({type(error).__name__}); delete it: the pictures are "
                    "asked for again"
                ) from error

    def _put(self, path: str, content: bytes) -> None:
        with self._filesystem.open_output_stream(path) as stream:
            stream.write(content)

    def _path(self, job: BatchJob) -> str:
        return f"{self._folder}/{job.key}.json"
