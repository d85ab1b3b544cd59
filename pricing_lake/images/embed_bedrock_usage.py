"""Counts what embedding on Bedrock took and cost. Prices are settings: AWS changes them, and they differ by region."""

import threading
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal


@dataclass(frozen=True)
class Prices:
    """US dollars per 1,000 pictures, on demand and in a batch."""

    on_demand: Decimal = Decimal("0.06")
    batch: Decimal = Decimal("0.03")


@dataclass(frozen=True)
class Usage:
    """What was asked of the model. Only an answered picture is charged."""

    on_demand: int = 0
    """Pictures answered one by one, whether or not the vector was any good."""

    batch: int = 0
    """Pictures answered in a batch."""

    requests: int = 0
    """Requests sent, those that were throttled or failed included."""

    throttled: int = 0
    """Requests refused for their number."""

    failed: int = 0
    """Requests that failed otherwise."""

    def cost(self, prices: Prices) -> Decimal:
        """US dollars."""
        return (self.on_demand * prices.on_demand + self.batch * prices.batch) / 1000

    def since(self, earlier: "Usage") -> "Usage":
        """What came after `earlier`, a former state of the same count."""
        return Usage(*(getattr(self, item.name) - getattr(earlier, item.name) for item in fields(self)))

    def figures(self, prices: Prices) -> dict[str, float]:
        """As numbers with names, for the metadata of a run."""
        counts = {f"bedrock_{item.name}": float(getattr(self, item.name)) for item in fields(self)}
        return counts | {"bedrock_cost_usd": float(self.cost(prices))}


@dataclass
class Meter:
    """A count that threads share."""

    _usage: Usage = field(default_factory=Usage)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, on_demand: int = 0, batch: int = 0, requests: int = 0, throttled: int = 0, failed: int = 0) -> None:
        """Count."""
        with self._lock:
            now = self._usage
            self._usage = replace(
                now,
                on_demand=now.on_demand + on_demand,
                batch=now.batch + batch,
                requests=now.requests + requests,
                throttled=now.throttled + throttled,
                failed=now.failed + failed,
            )

    def read(self) -> Usage:
        """The count now."""
        with self._lock:
            return self._usage
