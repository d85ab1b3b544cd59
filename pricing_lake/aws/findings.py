"""What a look at the account found, and what would have to change. Prints nothing, decides nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How something of the account stands."""

    OK = "ok"
    MADE = "made"
    MENDED = "mended"
    TO_MAKE = "to make"
    TO_MEND = "to mend"
    WARN = "warn"
    FAIL = "FAIL"


@dataclass(frozen=True)
class Finding:
    """One thing as it is. `advice` says what a person can do, empty when all is well."""

    kind: str
    name: str
    state: State
    found: str = ""
    advice: str = ""


@dataclass(frozen=True)
class Change:
    """One thing that is missing (`TO_MAKE`) or differs and may be set right without harm (`TO_MEND`)."""

    kind: str
    name: str
    state: State
    what: str
    apply: Callable[[], object]

    def applied(self) -> Finding:
        """Do it, and say so."""
        self.apply()
        done = {State.TO_MAKE: State.MADE, State.TO_MEND: State.MENDED}[self.state]
        return Finding(self.kind, self.name, done, self.what)

    def announced(self) -> Finding:
        """Say what would be done."""
        return Finding(self.kind, self.name, self.state, self.what)


Step = Finding | Change


def ok(kind: str, name: str, found: str = "") -> Finding:
    """All is well."""
    return Finding(kind, name, State.OK, found)


def fail(kind: str, name: str, found: str, advice: str) -> Finding:
    """Something that only a person can set right."""
    return Finding(kind, name, State.FAIL, found, advice)


def to_make(kind: str, name: str, what: str, apply: Callable[[], object]) -> Change:
    """Something that is missing."""
    return Change(kind, name, State.TO_MAKE, what, apply)


def to_mend(kind: str, name: str, what: str, apply: Callable[[], object]) -> Change:
    """Something that differs and may be set right without harm."""
    return Change(kind, name, State.TO_MEND, what, apply)
