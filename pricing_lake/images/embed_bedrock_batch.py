"""Backfills in batches: fills the vector store from batch jobs before pictures are asked for one by one.

Nothing here is an outcome of a picture. What a batch does not give, `embed_once` then finds missing and asks for on
demand, so a record that failed or never came costs one request more and nothing else.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from pricing_lake.errors import ConfigurationError, ImageError, SourceUnavailableError
from pricing_lake.images.embed_bedrock import BedrockEmbedder
from pricing_lake.images.embed_bedrock_jobs import BatchJobs, JobState
from pricing_lake.images.embed_bedrock_ledger import BatchJob, JobLedger
from pricing_lake.images.embed_bedrock_lines import written_lines
from pricing_lake.images.embed_bedrock_titan import vector_of
from pricing_lake.images.vectors import VectorStore


@dataclass(frozen=True)
class BatchSettings:
    """When a batch is worth its wait, and how large one may be. Raises ConfigurationError for numbers below one."""

    threshold: int = 1_000
    """Pictures without a vector from which on a batch is asked for."""

    fewest_records: int = 100
    """Bedrock fails smaller jobs: what is left over when a long list is cut is asked for one by one."""

    most_records: int = 5_000
    most_bytes: int = 900_000_000
    poll_seconds: float = 30.0
    patience_seconds: float = 6 * 3_600.0
    """How long a run waits for its jobs. They go on without it, and the next run finds them."""

    def __post_init__(self) -> None:
        if min(self.threshold, self.most_records, self.most_bytes) < 1 or self.poll_seconds <= 0:
            raise ConfigurationError("give Bedrock's batches a threshold, a size and a poll interval above zero")


@dataclass(frozen=True)
class BatchBackfill:
    """Fills `store` by batch jobs, whose records stand in `ledger`."""

    settings: BatchSettings
    embedder: BedrockEmbedder
    store: VectorStore
    jobs: BatchJobs
    ledger: JobLedger

    def fill(self, wanted: Mapping[str, Callable[[], bytes]]) -> int:
        """Compute vectors of `wanted` that are missing, if they are many; returns how many there are now.

        Jobs of an earlier run that hold a wanted picture are waited for first. Raises SourceUnavailableError when jobs
        still run after our patience, ConfigurationError when Bedrock refuses or fails a job as a whole.
        """
        missing = self._missing(wanted)
        left = [job for job in self.ledger.jobs() if not missing.isdisjoint(job.sha256s)]
        filled = self._collect([job for job in left if job.arn])
        unsubmitted = [job for job in left if not job.arn and self.jobs.files.has_input(job)]
        if len(missing) >= self.settings.threshold:
            filled += self._collect([self._submitted(job) for job in unsubmitted])
        missing = self._missing(wanted)
        if len(missing) < self.settings.threshold:
            return filled
        return filled + self._submit_all(wanted, sorted(missing))

    def _missing(self, wanted: Mapping[str, Callable[[], bytes]]) -> set[str]:
        return wanted.keys() - self.store.read_many(wanted).keys()

    def _submit_all(self, wanted: Mapping[str, Callable[[], bytes]], sha256s: Sequence[str]) -> int:
        """Cut the list into jobs, submit them all, and wait. The ledger knows a job before Bedrock does."""
        running: list[BatchJob] = []
        remaining = list(sha256s)
        while remaining:
            head, tail = remaining[: self.settings.most_records], remaining[self.settings.most_records :]
            body_of = self.embedder.request_body
            with written_lines(wanted, head, body_of, self.settings.most_bytes) as (taken, left, lines):
                remaining = left + tail
                if len(taken) < self.settings.fewest_records:
                    continue
                job = self._known(BatchJob.of(self.embedder.model_id, taken))
                self.jobs.files.upload(job, lines)
            running.append(self._submitted(job))
        return self._collect(running)

    def _known(self, job: BatchJob) -> BatchJob:
        """The job under the attempt that the ledger is at."""
        attempts = (known.attempt for known in self.ledger.jobs() if known.key == job.key)
        return self.ledger.write(replace(job, attempt=next(attempts, 0)))

    def _submitted(self, job: BatchJob) -> BatchJob:
        """Submit; while Bedrock takes no further job, wait for others to end."""
        deadline = time.monotonic() + self.settings.patience_seconds
        while (arn := self.jobs.submit(job)) is None:
            if time.monotonic() > deadline:
                raise SourceUnavailableError("Bedrock takes no further batch job; run it again when others have ended")
            time.sleep(self.settings.poll_seconds)
        return self.ledger.write(replace(job, arn=arn))

    def _collect(self, running: Sequence[BatchJob]) -> int:
        """Wait for every job and keep what each gives as soon as it ends."""
        deadline = time.monotonic() + self.settings.patience_seconds
        waiting, filled = list(running), 0
        while waiting:
            states = {job: self.jobs.state(job) for job in waiting}
            for job in (job for job in waiting if states[job] is not JobState.RUNNING):
                filled += self._ended(job, states[job])
            waiting = [job for job in waiting if states[job] is JobState.RUNNING]
            if waiting and time.monotonic() > deadline:
                raise SourceUnavailableError(
                    f"{len(waiting)} Bedrock batch jobs still run, {waiting[0].arn.rpartition('/')[2]} among them; "
                    "run it again later: they will be found"
                )
            if waiting:
                time.sleep(self.settings.poll_seconds)
        return filled

    def _ended(self, job: BatchJob, state: JobState) -> int:
        if state is JobState.FAILED:
            self.ledger.failed(job)
            raise ConfigurationError(
                f"Bedrock batch job {job.arn.rpartition('/')[2]} failed as a whole; its page in the console says why. "
                "Mend the batch role or bucket and run it again, or raise the batch threshold to embed on demand"
            )
        filled = 0
        for sha256, record in self.jobs.files.records(job):
            answer = record.get("modelOutput")
            if not isinstance(answer, dict):
                continue
            self.embedder.meter.add(batch=1)
            try:
                self.store.write(sha256, vector_of(answer, self.embedder.dimensions))
            except ImageError:
                continue
            filled += 1
        self.jobs.files.delete(job)
        self.ledger.forget(job)
        return filled
