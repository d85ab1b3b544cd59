"""How fast Bedrock is asked, and how patiently again: a limiter of requests per minute and growing random pauses."""

import threading
import time
from dataclasses import dataclass
from random import Random

from pricing_lake.errors import ConfigurationError


class RateLimiter:
    """A token bucket that holds one second's worth of requests: `wait` lets `per_minute` requests through a minute.

    Zero per minute means no limit. The bucket is this process's own: runs that share a quota must share it out.
    Raises ConfigurationError for less than zero.
    """

    def __init__(self, per_minute: float) -> None:
        if per_minute < 0:
            raise ConfigurationError("give Bedrock's requests per minute as 0 (no limit) or more")
        self._interval = 60 / per_minute if per_minute else 0.0
        self._free_at = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return when the next request may be sent. Each caller is given a time of its own, in order."""
        if not self._interval:
            return
        with self._lock:
            now = time.monotonic()
            own = max(self._free_at, now - max(1.0, self._interval) + self._interval)
            self._free_at = own + self._interval
        time.sleep(max(0.0, own - now))


@dataclass(frozen=True)
class Patience:
    """How long one picture is tried. botocore itself tries once: it would pause up to a second at the first 429.

    Raises ConfigurationError when a number makes no sense.
    """

    seconds: float = 120.0
    """In all, from the first request of a picture; then the run ends as one that may be tried again."""

    first_pause: float = 0.05
    longest_pause: float = 20.0
    failures: int = 4
    """Tries of a request that fails otherwise than by throttling: time-outs, 408, 424, 5xx, a cut answer."""

    def __post_init__(self) -> None:
        if min(self.seconds, self.first_pause, self.longest_pause, self.failures) <= 0:
            raise ConfigurationError("give Bedrock's patience numbers above zero")

    def pause(self, attempt: int, random: Random) -> float:
        """Seconds before the next try, after `attempt` tries (1, 2, …): random up to a limit that doubles."""
        limit = min(self.longest_pause, self.first_pause * 2.0 ** min(attempt, 30))
        return random.uniform(0, limit)
