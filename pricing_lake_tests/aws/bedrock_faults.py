"""What can be made to go wrong in the Bedrock stub, each as AWS puts it on the wire. Decides nothing itself."""

import json
import threading
import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from random import Random
from typing import Any

ERRORS: Mapping[str, tuple[int, str]] = {
    "throttled": (429, "ThrottlingException"),
    "not_ready": (429, "ModelNotReadyException"),
    "timeout": (408, "ModelTimeoutException"),
    "model_error": (424, "ModelErrorException"),
    "invalid": (400, "ValidationException"),
    "quota": (400, "ServiceQuotaExceededException"),
    "denied": (403, "AccessDeniedException"),
    "expired": (403, "ExpiredTokenException"),
    "unknown_model": (404, "ResourceNotFoundException"),
    "conflict": (409, "ConflictException"),
    "internal": (500, "InternalServerException"),
    "unavailable": (503, "ServiceUnavailableException"),
}
"""Status and error type by the fault's name; `half_body`, `half_json` and `hang_up` cut the answer instead."""

SPOILED_BODIES = ("wrong_dimension", "not_finite", "zeros", "message", "no_embedding")


@dataclass
class Behaviour:
    """How the stub behaves; change it while it runs. A script is used up request by request, before all else."""

    latency_seconds: float = 0.0
    throttled_share: float = 0.0
    requests_per_minute: float = 0.0
    script: deque[str] = field(default_factory=deque)
    fault_of: dict[str, str] = field(default_factory=dict)
    """Fault by SHA-256 of the picture, whenever it is asked for, also within a batch."""

    batch_seconds: float = 0.2
    batch_ends: str = "Completed"
    batch_minimum: int = 100
    counts: Counter[str] = field(default_factory=Counter)
    most_at_once: int = 0
    _at_once: int = 0
    _allowance: float | None = None
    _asked: float = 0.0
    _random: Random = field(default_factory=lambda: Random(7))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self) -> str:
        """Count a request in; returns the fault that meets it, empty for none."""
        with self._lock:
            self.counts["requests"] += 1
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            if self.script:
                return self.script.popleft()
            if self._random.random() < self.throttled_share or not self._has_allowance():
                return "throttled"
            return ""

    def end(self, outcome: str) -> None:
        """Count a request out."""
        with self._lock:
            self.counts[outcome or "good"] += 1
            self._at_once -= 1

    def _has_allowance(self) -> bool:
        """A bucket that holds one second's worth of requests, as a quota per minute is commonly enforced."""
        if not self.requests_per_minute:
            return True
        per_second, now = self.requests_per_minute / 60, time.monotonic()
        held = per_second if self._allowance is None else self._allowance
        self._allowance = min(per_second, held + (now - self._asked) * per_second)
        self._asked = now
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True


def spoil(body: dict[str, Any], fault: str) -> dict[str, Any]:
    """A good answer made bad."""
    changes: dict[str, dict[str, Any]] = {
        "wrong_dimension": {"embedding": body["embedding"][:-1]},
        "not_finite": {"embedding": [float("nan"), *body["embedding"][1:]]},
        "zeros": {"embedding": [0.0] * len(body["embedding"])},
        "message": {"embedding": None, "message": "the image could not be processed"},
        "no_embedding": {},
    }
    return {} if fault == "no_embedding" else body | changes[fault]


def send(request: BaseHTTPRequestHandler, status: int, body: Mapping[str, Any], error: str = "") -> None:
    """Answer in JSON, with AWS's header for an error's type."""
    send_bytes(request, status, json.dumps(body).encode(), error)


def send_fault(request: BaseHTTPRequestHandler, fault: str, text: str = "") -> None:
    """Answer with the error of this name. AWS's texts name accounts and roles, so this one does."""
    status, error = ERRORS[fault]
    send(request, status, {"message": text or f"arn:aws:iam::123456789012:role/secret-role: {error}"}, error)


def send_cut(request: BaseHTTPRequestHandler, fault: str, body: bytes) -> None:
    """Answer with half of a good body: honestly shorter, or announced whole, or not at all."""
    if fault == "half_json":
        send_bytes(request, 200, body[: len(body) // 2])
    elif fault == "half_body":
        send_bytes(request, 200, body[: len(body) // 2], announced=len(body))
    request.close_connection = True


def send_bytes(
    request: BaseHTTPRequestHandler, status: int, body: bytes, error: str = "", announced: int | None = None
) -> None:
    """Answer with these bytes."""
    request.send_response(status)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(body) if announced is None else announced))
    if error:
        request.send_header("x-amzn-ErrorType", error)
    request.end_headers()
    request.wfile.write(body)
