"""Batch inference of the Bedrock stub: jobs that read JSONL from S3 and write their output there a while later."""

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from pricing_lake_tests.aws.bedrock_faults import ERRORS, SPOILED_BODIES, Behaviour, spoil
from pricing_lake_tests.aws.titan_stub import RefusedRequestError, answer, picture_digest

MISSING = "missing"
"""A fault of batches alone: the record has no line in the output."""


@dataclass
class Job:
    """One job as GetModelInvocationJob tells it."""

    arn: str
    request: Mapping[str, Any]
    status: str = "Submitted"
    message: str = ""
    submitted: str = field(default_factory=lambda: datetime.now(UTC).isoformat())

    def as_json(self) -> dict[str, Any]:
        asked = {name: self.request[name] for name in ("jobName", "modelId", "roleArn")}
        configs = {name: self.request[name] for name in ("inputDataConfig", "outputDataConfig")}
        told = {"jobArn": self.arn, "status": self.status, "message": self.message, "submitTime": self.submitted}
        return asked | configs | told | {"lastModifiedTime": self.submitted}


@dataclass
class Jobs:
    """Every job of one stub. A token that is known finds its job again and starts none."""

    behaviour: Behaviour
    s3: Any
    region: str = "eu-west-1"
    by_arn: dict[str, Job] = field(default_factory=dict)
    by_token: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def create(self, request: Mapping[str, Any]) -> str:
        """Submit; returns the ARN. Raises KeyError for what a request lacks."""
        token = request.get("clientRequestToken", "")
        with self._lock:
            if token and token in self.by_token:
                return self.by_token[token]
            name = hashlib.sha256(f"{len(self.by_arn)}{token}".encode()).hexdigest()[:12]
            job = Job(f"arn:aws:bedrock:{self.region}:123456789012:model-invocation-job/{name}", request)
            job.as_json()
            self.by_arn[job.arn] = job
            self.by_token[token] = job.arn
        timer = threading.Timer(self.behaviour.batch_seconds, self._run, [job])
        timer.daemon = True
        timer.start()
        return job.arn

    def _run(self, job: Job) -> None:
        job.status = "InProgress"
        try:
            source = urlsplit(job.request["inputDataConfig"]["s3InputDataConfig"]["s3Uri"])
            target = urlsplit(job.request["outputDataConfig"]["s3OutputDataConfig"]["s3Uri"])
            body = self.s3.get_object(Bucket=source.netloc, Key=source.path.lstrip("/"))["Body"].read()
            lines = body.decode().splitlines()
            if len(lines) < self.behaviour.batch_minimum:
                job.message = f"fewer than {self.behaviour.batch_minimum} records"
                job.status = "Failed"
                return
            if self.behaviour.batch_ends != "Failed":
                written = "\n".join(self._outcomes(lines))
                folder = f"{target.path.strip('/')}/{job.arn.rpartition('/')[2]}"
                name = source.path.rpartition("/")[2]
                self.s3.put_object(Bucket=target.netloc, Key=f"{folder}/{name}.out", Body=written.encode())
                summary = json.dumps({"totalRecordCount": len(lines)}).encode()
                self.s3.put_object(Bucket=target.netloc, Key=f"{folder}/manifest.json.out", Body=summary)
            job.status = self.behaviour.batch_ends
        except Exception as error:
            job.status, job.message = "Failed", f"{type(error).__name__}: {error}"

    def _outcomes(self, lines: list[str]) -> Iterator[str]:
        for line in lines:
            record = json.loads(line)
            fault = self.behaviour.fault_of.get(picture_digest(json.dumps(record["modelInput"]).encode()), "")
            self.behaviour.counts["batch records"] += 1
            if fault == MISSING:
                continue
            whole = json.dumps(record | _outcome(record["modelInput"], fault))
            yield whole[: len(whole) // 2] if fault == "half_json" else whole


def _outcome(request: Mapping[str, Any], fault: str) -> dict[str, Any]:
    try:
        body = answer(request)
    except RefusedRequestError as error:
        return {"error": {"errorCode": 400, "errorMessage": str(error)}}
    if fault in ERRORS:
        return {"error": {"errorCode": ERRORS[fault][0], "errorMessage": ERRORS[fault][1]}}
    return {"modelOutput": spoil(body, fault) if fault in SPOILED_BODIES else body}
