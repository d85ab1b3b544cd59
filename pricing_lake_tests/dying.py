"""Processes that kill themselves at a planned step of the lake's own code, as a power cut would. Expects no rows."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True)
class Step:
    """A function `name` of `owner` (`module`, or `module:Class`) and when it kills: before, after or within.

    Within is for generators: the first of their items was given. `nth` is the call that kills, the first being 1.
    """

    owner: str
    name: str
    when: str = "after"
    nth: int = 1

    def __str__(self) -> str:
        return f"{self.when}-{self.name}" + (f"-{self.nth}" if self.nth > 1 else "")

    @property
    def arguments(self) -> tuple[str, ...]:
        return self.owner, self.name, self.when, str(self.nth)


def die_at(owner: str, name: str, when: str, nth: str = "1") -> None:
    """Arm this process."""
    module, _, kind = owner.partition(":")
    holder = import_module(module)
    holder = getattr(holder, kind) if kind else holder
    setattr(holder, name, _dying(getattr(holder, name), when, int(nth)))


def _dying(real: Callable[..., Any], when: str, nth: int) -> Callable[..., Any]:
    calls = 0

    def counted() -> bool:
        nonlocal calls
        calls += 1
        return calls == nth

    def dying(*arguments: Any, **named: Any) -> Any:
        ends = counted()
        if ends and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        made = real(*arguments, **named)
        if ends:
            os.kill(os.getpid(), signal.SIGKILL)
        return made

    def dying_within(*arguments: Any, **named: Any) -> Iterator[Any]:
        ends = counted()
        for item in real(*arguments, **named):
            yield item
            if ends:
                os.kill(os.getpid(), signal.SIGKILL)

    return dying_within if when == "within" else dying


def dies(program: str, step: Step, *arguments: str, environment: Mapping[str, str] | None = None) -> None:
    """Run a program in a process that is armed with `step`; its own arguments are in `sys.argv[5:]`. It has to die."""
    armed = f"import sys\nfrom pricing_lake_tests.dying import die_at\ndie_at(*sys.argv[1:5])\n{program}"
    command = [sys.executable, "-c", armed, *step.arguments, *arguments]
    child = subprocess.run(command, env={**os.environ, **(environment or {})}, check=False, timeout=120)
    assert child.returncode == -signal.SIGKILL, (
        f"the process ended by itself with {child.returncode}, {step} never came"
    )
