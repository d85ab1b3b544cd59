"""The limits that every image fetch obeys. They are enforced in the modules that read them."""

from dataclasses import dataclass
from itertools import chain, islice, repeat
from pathlib import Path

from pricing_lake.errors import ConfigurationError


@dataclass(frozen=True)
class FetchPolicy:
    """What an image URL may reach, and what one fetch may cost.

    Raises ConfigurationError when a limit makes no sense, e.g. no attempts.
    """

    image_root: Path | None
    """Folder that file:// images must lie below; None refuses file:// altogether."""

    max_bytes: int = 10_000_000
    """Largest body, counted after content decoding, so that a small compressed body cannot swell."""

    deadline_seconds: float = 30.0
    """Total time of one attempt with all its redirects, not a limit per read.

    Only the resolver's own time-out bounds a name look-up, because it cannot be interrupted.
    """

    attempts: int = 3
    """Tries per URL; only time-outs, failed connections, 429 and 5xx are tried again."""

    backoff_seconds: tuple[float, ...] = (1.0, 2.0, 4.0)
    """Pauses between attempts; the last one repeats when there are more attempts than pauses."""

    max_redirects: int = 3
    """Redirects followed per attempt; the address behind each is checked like the first."""

    concurrency: int = 16
    """Fetches in flight at once in `fetch_images`."""

    allowed_ports: frozenset[int] = frozenset({80, 443})
    """Ports that any host may be asked on."""

    trusted_hosts: frozenset[str] = frozenset()
    """Host names or addresses, spelled as in the URL, that an operator exempts from the address guard
    and from `allowed_ports`, e.g. an in-house image host. Anybody who can write an image URL can then
    make the lake ask such a host on every port; a redirect away from it is checked like any other."""

    def __post_init__(self) -> None:
        if min(self.max_bytes, self.deadline_seconds, self.attempts, self.concurrency) <= 0:
            raise ConfigurationError(
                "set max_bytes, deadline_seconds, attempts and concurrency of the image fetch above zero"
            )
        if self.max_redirects < 0 or min(self.backoff_seconds, default=-1.0) < 0:
            raise ConfigurationError(
                "give the image fetch at least one pause of zero or more, and zero or more redirects"
            )

    def pauses(self) -> list[float]:
        """Seconds to wait after each attempt but the last, so `attempts - 1` numbers."""
        endless = chain(self.backoff_seconds, repeat(self.backoff_seconds[-1]))
        return list(islice(endless, self.attempts - 1))

    def trusts(self, host: str) -> bool:
        """Whether an operator exempted this host; letter case does not matter, all else does."""
        return host.lower() in {trusted.lower() for trusted in self.trusted_hosts}
