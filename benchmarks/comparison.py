"""Medians of variants as a table, and the goals they are held to with PASS or MISS. Runs nothing."""

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks.variants import Taken

Medians = Mapping[str, Taken]


@dataclass(frozen=True)
class Goal:
    """A claim with a limit. `value` may divide by any variant's median; a variant that did not run gives no value."""

    claim: str
    at_most: float
    value: Callable[[Medians], float]


def ratio(ours: str, peer: str, measure: str, at_most: float) -> Goal:
    """`ours` takes at most so many times what `peer` takes, in one measure of `Taken`."""
    return Goal(
        f"{measure.replace('_', ' ')}: {ours} / {peer}",
        at_most,
        lambda took: getattr(took[ours], measure) / getattr(took[peer], measure),
    )


def print_comparison(title: str, took: Mapping[str, Sequence[Taken]], goals: Sequence[Goal]) -> None:
    """Print medians per variant, then each goal with PASS or MISS."""
    console = Console(width=120)
    medians = {
        name: Taken(*(median(getattr(run, field.name) for run in runs) for field in fields(Taken)))
        for name, runs in took.items()
        if runs
    }
    console.print(_medians_table(title, took, medians), _goals_table(goals, medians))
    console.print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


def _medians_table(title: str, took: Mapping[str, Sequence[Taken]], medians: Medians) -> Table:
    table = Table("variant", "runs", "seconds", "best", "CPU s", "memory MB", "written MB", title=title)
    for name, runs in took.items():
        if not runs:
            table.add_row(name, "not installed")
            continue
        middle, best = medians[name], min(run.seconds for run in runs)
        numbers = (middle.seconds, best, middle.cpu_seconds)
        table.add_row(
            name,
            str(len(runs)),
            *(f"{number:.3f}" for number in numbers),
            *(_or_dash(number) for number in (middle.growth_mb, middle.written_mb)),
        )
    return table


def _goals_table(goals: Sequence[Goal], medians: Medians) -> Table:
    table = Table("claim", "measured", "goal", "")
    for goal in goals:
        try:
            value = goal.value(medians)
        except (KeyError, ZeroDivisionError):  # a variant was not run, or too small to measure
            value = math.nan
        verdict = "not measured" if math.isnan(value) else "PASS" if value <= goal.at_most else "MISS"
        table.add_row(goal.claim, f"{value:.2f}", f"at most {goal.at_most:.2f}", verdict)
    return table


def _or_dash(number: float) -> str:
    return "-" if math.isnan(number) or number == 0 else f"{number:.0f}"
