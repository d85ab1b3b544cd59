"""Asks Titan for one vector until there is an outcome: paced, patient, counted, from any number of threads.

What a failure means is decided in `embed_bedrock_client`, what an answer is worth in `embed_bedrock_titan`.
"""

import threading
import time
from dataclasses import dataclass, field
from random import SystemRandom
from typing import Any

from botocore.exceptions import ClientError

from pricing_lake.errors import ImageError, PricingLakeError
from pricing_lake.images.embed_bedrock_client import SENDING_FAILED, Meaning, code_of, for_good, for_now, meaning_of
from pricing_lake.images.embed_bedrock_pace import Patience, RateLimiter
from pricing_lake.images.embed_bedrock_titan import TitanModel, UnreadableAnswerError, vector_in
from pricing_lake.images.embed_bedrock_usage import Meter
from pricing_lake.images.embedder import Vector
from pricing_lake.images.reasons import ImageReason

MANY_IN_A_ROW = 5
"""Pictures the model failed on, with no answer between, after which it is the model that is unwell."""

_FAILURES = (ClientError, UnreadableAnswerError, *SENDING_FAILED)
_MODEL_FAILED = ("ModelErrorException", "ModelTimeoutException")


@dataclass
class TitanRequests:
    """One model behind one client. `meter` counts every request.

    At most `at_once` requests are in flight. A thread holds a slot for its request alone, not while it pauses or works
    on a picture, so with more threads than slots every slot stays in use.
    """

    client: Any
    model: TitanModel
    at_once: int
    limiter: RateLimiter
    patience: Patience
    meter: Meter
    _failed_in_a_row: int = 0
    _slots: threading.Semaphore = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _random: SystemRandom = field(default_factory=SystemRandom)

    def __post_init__(self) -> None:
        self._slots = threading.Semaphore(self.at_once)

    def vector(self, body: bytes) -> Vector:
        """The vector for one request's body.

        Raises ImageError when the model cannot do this picture, SourceUnavailableError when it is throttled or unwell
        for longer than our patience, ConfigurationError when it cannot be asked at all.
        """
        deadline = time.monotonic() + self.patience.seconds
        tries = failures = 0
        while True:
            self.limiter.wait()
            tries += 1
            try:
                return self._ask(body)
            except _FAILURES as error:
                meaning = meaning_of(error)
                waits = meaning is Meaning.WAIT
                self.meter.add(throttled=waits, failed=not waits)
                failures += not waits
                ended = meaning in (Meaning.STOP, Meaning.THIS_PICTURE) or failures >= self.patience.failures
                pause = self.patience.pause(tries, self._random)
                if ended or time.monotonic() + pause > deadline:
                    raise self._outcome(error, meaning) from error
            time.sleep(pause)

    def _ask(self, body: bytes) -> Vector:
        with self._slots:
            self.meter.add(requests=1)
            answer = self.client.invoke_model(
                modelId=self.model.name, body=body, contentType="application/json", accept="application/json"
            )
            self.meter.add(on_demand=1)  # AWS charges for an answer, whether or not it arrives whole
            answered = answer["body"].read()
        vector = vector_in(answered, self.model.dimensions)
        with self._lock:
            self._failed_in_a_row = 0
        return vector

    def _outcome(self, error: Exception, meaning: Meaning) -> PricingLakeError:
        if meaning is Meaning.STOP:
            return for_good(error, self.model.name, self.model.region)
        if meaning is Meaning.THIS_PICTURE:
            return _refused("the model refuses it")
        if code_of(error) in _MODEL_FAILED and not self._is_unwell():
            return _refused("the model fails on it")
        return for_now(error, self.model.region)

    def _is_unwell(self) -> bool:
        """A picture the model fails on costs itself; when it fails on one after another, the day must wait."""
        with self._lock:
            self._failed_in_a_row += 1
            return self._failed_in_a_row >= MANY_IN_A_ROW


def _refused(why: str) -> ImageError:
    return ImageError(ImageReason.EMBEDDING_REFUSED, f"{why}; look at the picture, or publish another one")
