"""`pricing-lake materialize`: fill the lake's partitions from its sources, one Dagster run per day, then per month."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import click

from pricing_lake.cli.clients import smartgo_of
from pricing_lake.cli.command_group import INTERRUPTED
from pricing_lake.cli.output import note, print_json, progress
from pricing_lake.cli.period import DAY, days_between, months_of
from pricing_lake.cli.selection import fed_tables, select_tables
from pricing_lake.errors import SourceSchemaError
from pricing_lake.stage import Stage, load_stage

if TYPE_CHECKING:
    from pricing_lake.cli.run_days import PartitionOutcome
    from pricing_lake.contracts.model import Table

SELECT_HELP = """A table (silver/sales_history or just sales_history) or a layer (bronze, silver, quality, marts).
Repeat it for several. Default: everything that a source in use feeds."""


@dataclass
class Work:
    """What is to be run, and what became of it so far: an interruption leaves the outcomes that are complete."""

    tables: Sequence["Table"]
    days: Sequence[date]
    day_outcomes: list["PartitionOutcome"] = field(default_factory=list)
    whole_outcomes: list["PartitionOutcome"] = field(default_factory=list)
    month_outcomes: list["PartitionOutcome"] = field(default_factory=list)
    interrupted: bool = False

    @property
    def done(self) -> bool:
        """Whether everything that was asked for is published."""
        return not self.interrupted and all(outcome.passed for outcome in self.outcomes)

    @property
    def outcomes(self) -> tuple["PartitionOutcome", ...]:
        """Outcomes of days, then of whole tables, then of months."""
        return (*self.day_outcomes, *self.whole_outcomes, *self.month_outcomes)

    @property
    def changed(self) -> bool:
        """Whether any table has other content than before."""
        return any(outcome.changed for outcome in self.outcomes)


@click.command("materialize")
@click.option("--from", "first", type=DAY, help="First day. Default: the first day of the lake's calendar.")
@click.option("--to", "last", type=DAY, help="Last day, included. Default: the last complete day of the calendar.")
@click.option("--select", "names", multiple=True, metavar="KEY_OR_GROUP", help=SELECT_HELP)
@click.option("--verbose", is_flag=True, help="Show Dagster's own log.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON on stdout.")
@click.pass_context
def materialize_command(
    ctx: click.Context, first: date | None, last: date | None, names: tuple[str, ...], verbose: bool, as_json: bool
) -> None:
    r"""Fill the lake from its sources: one Dagster run per day, then one per month whose days were run.

    Tables that are one whole (the dimensions) are made once, after the days they are made of and before the days that
    read them.

    Every day goes through the same steps: read the day, check every row, set bad rows aside with their reasons, and
    publish the day in one commit per table, or refuse it whole. A refused day stops only what is made from it; the
    other days go on, and the quality tables hold the reasons. Days that hold the same content already commit nothing,
    so an interrupted command is simply run again. Every run is recorded for Dagit (`make ui`).

    Exit code 0 when every partition is published, 1 when a day was refused or broke, 130 after Ctrl-C.

    \b
    Examples:
      pricing-lake materialize
      pricing-lake materialize --from 2026-11-01 --to 2026-11-07
      pricing-lake materialize --select silver/sales_history --select marts
    """
    from pricing_lake.cli.day_report import as_report, print_report
    from pricing_lake.partitions import Calendar

    stage = load_stage()
    tables = select_tables(names) if names else fed_tables(stage)
    work = Work(tables, days_between(Calendar(stage.start_date, stage.end_date), first, last))
    run(stage, work, verbose=verbose, quiet=as_json)
    if as_json:
        print_json(as_report(work))
    else:
        print_report(work)
    if work.interrupted:
        note(
            "interrupted: each table of the partition under way is as it was or published whole; run it again to go on"
        )
    ctx.exit(INTERRUPTED if work.interrupted else 0 if work.done else 1)


def run(stage: Stage, work: Work, *, verbose: bool = False, quiet: bool = False) -> None:
    """Run the work's days, its whole tables, the days made of those, then its months; outcomes are added to `work`.

    Raises what a look at SmartGo raises (unreachable, wrong password, no such column) before anything is run.
    """
    from dagster import DagsterExecutionInterruptedError

    from pricing_lake.cli.instance import dagster_instance
    from pricing_lake.cli.run_days import PartitionRunner, made_of_wholes
    from pricing_lake.contracts.model import Grain

    daily = [table for table in work.tables if table.every is Grain.DAY]
    monthly = [table for table in work.tables if table.every is Grain.MONTH]
    whole = [table for table in work.tables if table.every is Grain.WHOLE]
    later = [table for table in daily if table.id in made_of_wholes()]
    sooner = [table for table in daily if table not in later]
    _require_source(stage, work.tables)
    with dagster_instance(stage) as instance:
        runner = PartitionRunner(stage, instance, "DEBUG" if verbose else "CRITICAL")
        try:
            _run_each(runner.run, "days", work.days, sooner, work.day_outcomes, quiet)
            if whole and work.days:
                work.whole_outcomes.append(runner.run_whole(whole))
            _run_each(runner.run, "days, continued", work.days, later, work.day_outcomes, quiet)
            _run_each(runner.run, "months", months_of(work.days), monthly, work.month_outcomes, quiet)
        except (KeyboardInterrupt, DagsterExecutionInterruptedError):
            work.interrupted = True


def _run_each(
    run_one: Callable[[str, Sequence["Table"]], "PartitionOutcome"],
    what: str,
    partitions: Sequence[date],
    tables: Sequence["Table"],
    outcomes: list["PartitionOutcome"],
    quiet: bool,
) -> None:
    if not tables:
        return
    with progress(what, quiet=quiet) as step:
        for number, day in enumerate(partitions, start=1):
            outcome = run_one(day.isoformat(), tables)
            _add(outcomes, outcome)
            step(number, len(partitions), f"{day} {outcome.verdict} {outcome.seconds:.1f} s")


def _add(outcomes: list["PartitionOutcome"], outcome: "PartitionOutcome") -> None:
    """Join the outcome with that of an earlier run of the same partition."""
    for number, earlier in enumerate(outcomes):
        if earlier.key == outcome.key:
            outcomes[number] = earlier.joined(outcome)
            return
    outcomes.append(outcome)


def _require_source(stage: Stage, tables: Sequence["Table"]) -> None:
    """Look at SmartGo once, rather than fail every day: an unreachable or wrong source is told in one line."""
    from pricing_lake.contracts.bronze import RAW_SMARTGO_SALES

    if RAW_SMARTGO_SALES not in tables:
        return
    missing = smartgo_of(stage).probe().missing_columns
    if missing:
        raise SourceSchemaError(
            f"SmartGo's table has no column {', '.join(missing)}; map it in settings.toml, [smartgo_mapping]"
        )
