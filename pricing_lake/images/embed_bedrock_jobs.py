"""Asks Bedrock to run a batch job and how it fares. What is in a job's files is not known here."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from botocore.exceptions import ClientError

from pricing_lake.errors import ConfigurationError, PricingLakeError
from pricing_lake.images.embed_bedrock_client import SENDING_FAILED, Meaning, code_of, for_good, for_now, meaning_of
from pricing_lake.images.embed_bedrock_ledger import BatchJob
from pricing_lake.images.embed_bedrock_lines import JobFiles


class JobState(StrEnum):
    """How a job fares, as far as its output is concerned."""

    RUNNING = "running"
    ENDED = "ended"
    """There may be output: all of it, or some where the job was stopped or ran out of time."""

    FAILED = "failed"
    """There is no output."""


_STATES = {
    "Completed": JobState.ENDED,
    "PartiallyCompleted": JobState.ENDED,
    "Expired": JobState.ENDED,
    "Stopped": JobState.ENDED,
    "Failed": JobState.FAILED,
}


@dataclass(frozen=True)
class BatchJobs:
    """Batch inference of one model with one service role (`role_arn`), which reads and writes the jobs' files."""

    client: Any
    model: str
    role_arn: str
    region: str
    files: JobFiles

    def submit(self, job: BatchJob) -> str | None:
        """Ask for the job; returns its ARN, or None while Bedrock takes no further jobs.

        Asking twice for one job finds it again, through `clientRequestToken`. Raises ConfigurationError or
        SourceUnavailableError.
        """
        try:
            answer = self.client.create_model_invocation_job(
                jobName=f"pricing-lake-{job.name}",
                clientRequestToken=job.name,
                roleArn=self.role_arn,
                modelId=self.model,
                inputDataConfig={"s3InputDataConfig": {"s3Uri": self.files.input_uri(job), "s3InputFormat": "JSONL"}},
                outputDataConfig={"s3OutputDataConfig": {"s3Uri": self.files.output_uri(job)}},
            )
        except (ClientError, *SENDING_FAILED) as error:
            if code_of(error) == "ServiceQuotaExceededException":
                return None
            raise self._explained(error) from error
        return str(answer["jobArn"])

    def state(self, job: BatchJob) -> JobState:
        """How the job fares; one that Bedrock has forgotten counts as failed."""
        try:
            answer = self.client.get_model_invocation_job(jobIdentifier=job.arn)
        except (ClientError, *SENDING_FAILED) as error:
            if code_of(error) == "ResourceNotFoundException":
                return JobState.FAILED
            raise self._explained(error) from error
        return _STATES.get(str(answer["status"]), JobState.RUNNING)

    def _explained(self, error: Exception) -> PricingLakeError:
        meaning, code = meaning_of(error), code_of(error)
        if meaning in (Meaning.WAIT, Meaning.AGAIN):
            return for_now(error, self.region)
        if code in ("ValidationException", "ConflictException", "ParamValidationError"):
            return ConfigurationError(
                f"Bedrock in {self.region} refuses the batch job ({code}); check the batch role, region and bucket"
            )
        if code == "AccessDeniedException":
            return ConfigurationError(
                f"Bedrock in {self.region} may not run batch jobs ({code}); allow bedrock:CreateModelInvocationJob, "
                "bedrock:GetModelInvocationJob and iam:PassRole of the batch role"
            )
        return for_good(error, self.model, self.region)
