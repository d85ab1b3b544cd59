"""A pause after failures in a row, so that a service which is down costs a run seconds and not minutes."""

import time
from dataclasses import dataclass

GIVE_UP_AFTER, PAUSE_SECONDS = 3, 60.0


@dataclass
class Breaker:
    """Opens after three failures in a row, for a minute; the first try after that decides anew."""

    _failures: int = 0
    _until: float = 0.0

    @property
    def is_open(self) -> bool:
        """Whether nothing is to be tried now."""
        return time.monotonic() < self._until

    def worked(self) -> None:
        """A try went well."""
        self._failures = 0

    def failed(self) -> None:
        """A try failed."""
        self._failures += 1
        if self._failures >= GIVE_UP_AFTER:
            self._until = time.monotonic() + PAUSE_SECONDS
