"""`pricing-lake facts-behind`: days of facts whose dimensions changed since; says which unless told to run them."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING

import click

from pricing_lake.cli.output import note, print_json, print_table, progress, say
from pricing_lake.stage import Stage, load_stage

if TYPE_CHECKING:
    from pricing_lake.checks.facts_behind import DayBehind
    from pricing_lake.cli.materialize import Work
    from pricing_lake.contracts.model import Table


@click.command("facts-behind")
@click.option("--yes", is_flag=True, help="Run these days again. Without it nothing is changed.")
@click.option("--verbose", is_flag=True, help="Show Dagster's own log.")
@click.option("--json", "as_json", is_flag=True, help="Print the days, or the outcome of the runs, as JSON.")
@click.pass_context
def facts_behind_command(ctx: click.Context, yes: bool, verbose: bool, as_json: bool) -> None:
    r"""Days of facts that would come out differently by now, because a dimension changed since they were made.

    A customer or a product became known late, a version was split or taken back, a rate arrived: each column counts
    the rows that would get another key or other dollars. In Dagit the sensor `facts_follow_dimensions` runs such days
    by itself; with --yes they are run here, one Dagster run per day.

    Exit code 0 when every day that was asked for is published, 1 when one was refused or broke.

    \b
    Examples:
      pricing-lake facts-behind
      pricing-lake facts-behind --yes
    """
    stage = load_stage()
    found = _found(stage, quiet=as_json)
    if yes and found:
        ctx.exit(0 if _run(stage, found, verbose=verbose, as_json=as_json).done else 1)
    if as_json:
        print_json({"days": [asdict(day) for day in found], "done": yes})
    elif not found:
        say("no day of a fact is behind its dimensions")
    else:
        rows = [(day.fact, day.day, day.customers, day.products, day.rates) for day in found]
        print_table(("fact", "day", "customers", "products", "rates"), rows)
        note("nothing is changed; to run these days again: pricing-lake facts-behind --yes")


def _found(stage: Stage, *, quiet: bool) -> list["DayBehind"]:
    from pricing_lake.checks.facts_behind import Star
    from pricing_lake.cli.clients import lake_of
    from pricing_lake.contracts.gold_facts import FACTS
    from pricing_lake.partitions import Calendar

    star, calendar = Star(lake_of(stage)), Calendar(stage.start_date, stage.end_date).days.get_partition_keys()
    found: list[DayBehind] = []
    with progress("facts", quiet=quiet) as step:
        for number, fact in enumerate(FACTS, start=1):
            found += star.behind(fact, calendar)
            step(number, len(FACTS), fact.id)
    return found


def _run(stage: Stage, found: Sequence["DayBehind"], *, verbose: bool, as_json: bool) -> "Work":
    """One run per day of the facts that are behind on it."""
    from pricing_lake.cli.day_report import as_report, print_report
    from pricing_lake.cli.instance import dagster_instance
    from pricing_lake.cli.materialize import Work
    from pricing_lake.cli.run_days import PartitionRunner
    from pricing_lake.contracts.all import table_called

    tables = {day.fact: table_called(day.fact) for day in found}
    days: dict[str, list[Table]] = {day: [] for day in sorted(each.day for each in found)}
    for each in found:
        days[each.day].append(tables[each.fact])
    work = Work(tuple(tables.values()), [date.fromisoformat(day) for day in days])
    with dagster_instance(stage) as instance, progress("days", quiet=as_json) as step:
        runner = PartitionRunner(stage, instance, "DEBUG" if verbose else "CRITICAL", "facts-behind")
        for number, (day, facts) in enumerate(days.items(), start=1):
            outcome = runner.run(day, facts)
            work.day_outcomes.append(outcome)
            step(number, len(days), f"{day} {outcome.verdict} {outcome.seconds:.1f} s")
    if as_json:
        print_json(as_report(work))
    else:
        print_report(work)
    return work
