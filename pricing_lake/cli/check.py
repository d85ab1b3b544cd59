"""One check of `doctor`: its outcome, and how latency and clocks are judged. What is looked at, others say."""

from dataclasses import dataclass
from enum import StrEnum
from math import isnan

SLOW_SECONDS, SKEW_SECONDS = 1.0, 60.0


class Status(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"


@dataclass(frozen=True)
class Check:
    """The outcome of one check; `advice` is what to do about it, empty when all is well."""

    name: str
    status: Status
    found: str
    advice: str = ""


def passes(fits: bool) -> Status:
    """The status of a check that can only go well or wrong."""
    return Status.OK if fits else Status.FAIL


@dataclass(frozen=True)
class Timing:
    """How long one question took, and how far the source's clock is ahead of ours; None or NaN when it has none."""

    latency_seconds: float
    clock_skew_seconds: float | None = None
    slow_seconds: float = SLOW_SECONDS

    def __str__(self) -> str:
        latency = f"{self.latency_seconds * 1_000:.0f} ms"
        return f"{latency}, clock {self.clock_skew_seconds:+.1f} s" if self.tells_time else latency

    @property
    def tells_time(self) -> bool:
        """Whether the source has a clock that we can see."""
        return self.clock_skew_seconds is not None and not isnan(self.clock_skew_seconds)


def judged(name: str, found: str, timing: Timing) -> Check:
    """The check of a source that is there and as it should be, unless it is slow or its clock is off."""
    told = f"{found}, {timing}"
    if timing.tells_time and abs(timing.clock_skew_seconds or 0.0) > SKEW_SECONDS:
        return Check(name, Status.WARN, told, "set one of the two clocks: late rows would be taken for new ones")
    if timing.latency_seconds > timing.slow_seconds:
        return Check(name, Status.WARN, told, "run nearer to the source, or expect long days")
    return Check(name, Status.OK, told)


def about(rows: int | None, what: str = "rows") -> str:
    """An estimate of how many there are."""
    return f"unknown {what}" if rows is None else f"about {rows:,} {what}"
