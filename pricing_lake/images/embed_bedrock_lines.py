"""The files of a batch job on S3: JSONL in, JSONL out. What a line's vector is worth is decided in `…_titan`."""

import hashlib
import io
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from pyarrow import fs

from pricing_lake.errors import ImageError
from pricing_lake.images.embed_bedrock_ledger import BatchJob, record_id

_CHUNK = 8 << 20


@dataclass(frozen=True)
class JobFiles:
    """The folder that jobs read from and write to: `root` is `bucket/prefix`, without a scheme."""

    filesystem: fs.FileSystem
    root: str

    def input_uri(self, job: BatchJob) -> str:
        """What Bedrock is to read."""
        return f"s3://{self._input(job)}"

    def output_uri(self, job: BatchJob) -> str:
        """Where Bedrock is to write."""
        return f"s3://{self._output(job)}/"

    def has_input(self, job: BatchJob) -> bool:
        """Whether the job's lines are there, whole."""
        return bool(self.filesystem.get_file_info(self._input(job)).type == fs.FileType.File)

    def upload(self, job: BatchJob, lines: IO[bytes]) -> None:
        """Write the job's lines."""
        lines.seek(0)
        with self.filesystem.open_output_stream(self._input(job)) as stream:
            while chunk := lines.read(_CHUNK):
                stream.write(chunk)

    def records(self, job: BatchJob) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """What came out, as (SHA-256, decoded line). A line that is cut or of no picture of ours is left out."""
        selector = fs.FileSelector(self._output(job), recursive=True, allow_not_found=True)
        for info in sorted(self.filesystem.get_file_info(selector), key=lambda info: info.path):
            if not info.path.endswith(".jsonl.out"):
                continue
            with self.filesystem.open_input_stream(info.path) as stream:
                for line in io.BufferedReader(stream, _CHUNK):
                    record = _decoded(line)
                    sha256 = job.sha256_of(record.get("recordId"))
                    if sha256 is not None:
                        yield sha256, record

    def delete(self, job: BatchJob) -> None:
        """Drop input and output: they hold the pictures once more."""
        folder = f"{self.root}/{job.key}"
        if self.filesystem.get_file_info(folder).type == fs.FileType.Directory:
            self.filesystem.delete_dir(folder)

    def _input(self, job: BatchJob) -> str:
        return f"{self.root}/{job.key}/input.jsonl"

    def _output(self, job: BatchJob) -> str:
        return f"{self.root}/{job.key}/output-{job.attempt}"


@contextmanager
def written_lines(
    wanted: Mapping[str, Callable[[], bytes]],
    sha256s: Sequence[str],
    body_of: Callable[[bytes], bytes],
    most_bytes: int,
) -> Iterator[tuple[list[str], list[str], IO[bytes]]]:
    """Write requests to a local file until it is full: pictures in it, pictures left for another one, the file.

    A picture that cannot be sent is in neither: asking for it one by one says why.
    """
    taken: list[str] = []
    with tempfile.TemporaryFile(prefix="pricing-lake-batch-") as file:
        for place, sha256 in enumerate(sha256s):
            try:
                image = wanted[sha256]()
                body = body_of(image) if hashlib.sha256(image).hexdigest() == sha256 else b""
            except ImageError:
                continue
            if not body:
                continue
            line = b'{"recordId":"%s","modelInput":%s}\n' % (record_id(len(taken)).encode(), body)
            if taken and file.tell() + len(line) > most_bytes:
                yield taken, list(sha256s[place:]), file
                return
            file.write(line)
            taken.append(sha256)
        yield taken, [], file


def _decoded(line: bytes) -> Mapping[str, Any]:
    try:
        record = json.loads(line)
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}
