"""The outcome of `materialize` as a table and as JSON: a line per day, then why days were refused."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from pricing_lake.cli.output import print_table, say
from pricing_lake.contracts.model import Grain
from pricing_lake.contracts.silver import SALES_HISTORY

if TYPE_CHECKING:
    from pricing_lake.cli.materialize import Work
    from pricing_lake.cli.run_days import PartitionOutcome

COLUMNS = ("rows", "quarantined", "duplicates", "excluded")


def print_report(work: "Work") -> None:
    """Days, then months, then the reasons of those that are not published."""
    table = _counted_table(work)
    if work.day_outcomes:
        heading = ("day", f"rows of {table}", *COLUMNS[1:], "changed", "verdict")
        print_table(heading, [_line(outcome, table) for outcome in work.day_outcomes])
    for outcome in work.whole_outcomes:
        names = ", ".join(table.rpartition("/")[2] for table in outcome.published) or "no table"
        say(f"whole tables: {names}: {outcome.verdict}{'' if outcome.changed else ', unchanged'}")
    if work.month_outcomes:
        marts = len([table for table in work.tables if table.every is Grain.MONTH])
        print_table(
            ("month", "tables", "changed", "verdict"),
            [(o.key[:7], f"{len(o.published)} of {marts}", o.changed, o.verdict) for o in work.month_outcomes],
        )
    for outcome in _stopped(work):
        say(f"{outcome.key} {outcome.verdict}: {outcome.why}", "red")
    say(summary(work))


def summary(work: "Work") -> str:
    """What was done, in one line."""
    outcomes = work.outcomes
    days = sum(outcome.passed for outcome in work.day_outcomes)
    months = sum(outcome.passed for outcome in work.month_outcomes)
    seconds = sum(outcome.seconds for outcome in outcomes)
    parts = [f"{days} of {len(work.days)} days"] if work.day_outcomes else []
    parts += [f"{months} of {len(work.month_outcomes)} months"] if work.month_outcomes else []
    news = "" if work.changed else "; nothing changed"
    return f"{' and '.join(parts) or 'nothing'} published in {seconds:.1f} s{news}"


def as_report(work: "Work") -> dict[str, Any]:
    """The same as data."""
    return {
        "days": [_as_data(outcome) for outcome in work.day_outcomes],
        "whole": [_as_data(outcome) for outcome in work.whole_outcomes],
        "months": [_as_data(outcome) for outcome in work.month_outcomes],
        "done": work.done,
        "interrupted": work.interrupted,
        "changed": work.changed,
    }


def _stopped(work: "Work") -> Iterator["PartitionOutcome"]:
    return (outcome for outcome in work.outcomes if not outcome.passed)


def _counted_table(work: "Work") -> str:
    """The table whose rows are shown: sales_history, or the last daily table that was selected."""
    daily = [table.id for table in work.tables if table.every is Grain.DAY]
    return SALES_HISTORY.id if SALES_HISTORY.id in daily or not daily else daily[-1]


def _line(outcome: "PartitionOutcome", table: str) -> tuple[object, ...]:
    rows = outcome.published[table].rows if table in outcome.published else None
    return (outcome.key, rows, *_sums(outcome, COLUMNS[1:]), outcome.changed, outcome.verdict)


def _sums(outcome: "PartitionOutcome", names: Iterable[str]) -> list[int]:
    """Rows over all tables of the day, those of refused ones included: what was set aside and left out on purpose."""
    refused = {
        "quarantined": sum(verdict.quarantined_rows for verdict in outcome.refused),
        "duplicates": sum(verdict.duplicate_rows for verdict in outcome.refused),
        "excluded": sum(verdict.excluded_rows for verdict in outcome.refused),
    }
    return [sum(getattr(held, name) for held in outcome.published.values()) + refused[name] for name in names]


def _as_data(outcome: "PartitionOutcome") -> dict[str, Any]:
    return {
        "partition": outcome.key,
        "verdict": outcome.verdict,
        "changed": outcome.changed,
        "seconds": round(outcome.seconds, 3),
        "tables": {table: vars(held) for table, held in outcome.published.items()},
        "why": outcome.why or None,
    }
