"""A stub of Amazon Bedrock that speaks its HTTP: InvokeModel, CreateModelInvocationJob, GetModelInvocationJob.

Run `python -m pricing_lake_tests.aws.bedrock_server --latency 0.15`, and lead boto3 here by AWS_ENDPOINT_URL_BEDROCK
and AWS_ENDPOINT_URL_BEDROCK_RUNTIME. Vectors come from a hash (`titan_stub`), so nothing here tells whether two
pictures are alike. Signatures are asked for and not verified.
"""

import argparse
import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from pricing_lake_tests.aws.bedrock_faults import (
    ERRORS,
    SPOILED_BODIES,
    Behaviour,
    send,
    send_bytes,
    send_cut,
    send_fault,
    spoil,
)
from pricing_lake_tests.aws.bedrock_jobs import Jobs
from pricing_lake_tests.aws.titan_stub import RefusedRequestError, answer_json, picture_digest

MODEL = "amazon.titan-embed-image-v1"
JOBS = "/model-invocation-job"


class BedrockServer(ThreadingHTTPServer):
    """The stub on a free port of loopback; `behaviour` may be changed while it runs."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, behaviour: Behaviour | None = None, s3: Any = None, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.behaviour = behaviour or Behaviour()
        self.jobs = Jobs(self.behaviour, s3)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients hang up when they lose patience; that is no news."""


@contextmanager
def running_bedrock(behaviour: Behaviour | None = None, s3: Any = None, port: int = 0) -> Iterator[BedrockServer]:
    """The stub, served by threads of this process while the block runs."""
    with BedrockServer(behaviour, s3, port) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: BedrockServer

    def do_POST(self) -> None:
        arrived = time.perf_counter()
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        parts = unquote(self.path).split("/")
        if not self.headers.get("Authorization", "").startswith("AWS4-HMAC-SHA256"):
            send(self, 403, {"message": "Missing Authentication Token"}, "MissingAuthenticationTokenException")
        elif parts[1] == "model" and parts[-1] == "invoke":
            self._invoke("/".join(parts[2:-1]), body, arrived)
        elif self.path == JOBS:
            self._create_job(body)
        else:
            send(self, 404, {"message": "unknown operation"}, "UnknownOperationException")

    def do_GET(self) -> None:
        path = unquote(self.path)
        if path == "/stub/counts":
            send(self, 200, self.server.behaviour.counts | {"most_at_once": self.server.behaviour.most_at_once})
        elif path.startswith(f"{JOBS}/"):
            job = self.server.jobs.by_arn.get(path.removeprefix(f"{JOBS}/"))
            send(self, 200, job.as_json()) if job else send_fault(self, "unknown_model")
        else:
            send(self, 404, {"message": "unknown operation"}, "UnknownOperationException")

    def _invoke(self, model: str, body: bytes, arrived: float) -> None:
        behaviour, outcome = self.server.behaviour, "hung up"
        fault = behaviour.begin()
        try:
            if not fault and behaviour.fault_of:
                fault = behaviour.fault_of.get(picture_digest(body), "")
            outcome = self._answer(model, body, fault, arrived)
        finally:
            behaviour.end(outcome)

    def _answer(self, model: str, body: bytes, fault: str, arrived: float) -> str:
        """Answer one request; returns how it ended. Every answer takes the latency, a throttled one too."""
        sent, text = b"", ""
        if model != MODEL:
            fault, text = "invalid", "The provided model identifier is invalid."
        elif fault not in ERRORS:
            try:
                sent = answer_json(json.loads(body))
            except (RefusedRequestError, ValueError) as error:
                fault, text = "invalid", str(error)
        if fault in SPOILED_BODIES:
            sent = json.dumps(spoil(json.loads(sent), fault)).encode()
        time.sleep(max(0.0, arrived + self.server.behaviour.latency_seconds - time.perf_counter()))
        if fault in ERRORS:
            send_fault(self, fault, text)
        elif fault in ("half_body", "half_json", "hang_up"):
            send_cut(self, fault, sent)
        else:
            send_bytes(self, 200, sent)
        return fault

    def _create_job(self, body: bytes) -> None:
        behaviour = self.server.behaviour
        behaviour.counts["jobs asked for"] += 1
        fault = behaviour.script.popleft() if behaviour.script else ""
        if fault:
            send_fault(self, fault)
            return
        try:
            send(self, 200, {"jobArn": self.server.jobs.create(json.loads(body))})
        except (KeyError, ValueError) as error:
            send_fault(self, "invalid", f"{type(error).__name__}: {error}")

    def log_message(self, *_: object) -> None:
        pass


def main() -> None:
    """Serve until interrupted; the first line printed is the address."""
    parser = argparse.ArgumentParser(prog="pricing_lake_tests.aws.bedrock_server")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.15, metavar="SECONDS")
    parser.add_argument("--throttled", type=float, default=0.0, metavar="SHARE")
    parser.add_argument("--processes", type=int, default=1, help="that share the port, and count each for itself")
    parser.add_argument("--rpm", type=float, default=0.0, metavar="REQUESTS_PER_MINUTE")
    options = parser.parse_args()
    behaviour = Behaviour(options.latency, options.throttled, options.rpm)
    with BedrockServer(behaviour, port=options.port) as server:
        print(server.url, flush=True)  # noqa: T201 - the answer of the command
        for _ in range(options.processes - 1):
            if os.fork() == 0:
                break
        server.serve_forever()


if __name__ == "__main__":
    main()
