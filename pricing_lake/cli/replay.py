"""`pricing-lake replay`: quarantined rows through today's contract, or tables made again from bronze."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from pricing_lake.cli.output import note, print_json, print_table, say
from pricing_lake.cli.period import DAY, days_between
from pricing_lake.cli.selection import made_from_bronze, one_table
from pricing_lake.stage import Stage, load_stage

if TYPE_CHECKING:
    from pricing_lake.contracts.model import Table

GONE_HELP = """A reason in the lane that was a rule and is no longer in the contract: it holds back no row. Repeatable.
Without it a reason that the contract does not know is taken for the source's own word, and stands."""


@click.command("replay")
@click.argument("name", metavar="TABLE")
@click.option("--day", "first", type=DAY, required=True, help="The day, or the first one with --to.")
@click.option("--to", "last", type=DAY, help="Last day, included. Default: the day alone.")
@click.option("--from-bronze", is_flag=True, help="Make silver, gold and marts again from bronze instead.")
@click.option("--gone", multiple=True, metavar="REASON", help=GONE_HELP)
@click.option("--dry-run", is_flag=True, help="Say what would become of each day, and change nothing.")
@click.option("--verbose", is_flag=True, help="Show Dagster's own log.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON on stdout.")
@click.pass_context
def replay_command(
    ctx: click.Context,
    name: str,
    first: date,
    last: date | None,
    from_bronze: bool,
    gone: tuple[str, ...],
    dry_run: bool,
    verbose: bool,
    as_json: bool,
) -> None:
    r"""Put the quarantined rows of TABLE through today's contract, without asking a source.

    Rows that pass now join the published rows of their day, the others stay in the lane with their reasons of today.
    A day that was refused cannot be replayed: its good rows are at the source alone.

    With --from-bronze: TABLE and all that is made of it, up from bronze, is made again for these days; bronze tables
    stay as they are, so no source is asked.

    \b
    Examples:
      pricing-lake replay bronze/raw_smartgo_sales --day 2026-11-04 --dry-run
      pricing-lake replay bronze/raw_smartgo_sales --day 2026-11-01 --to 2026-11-07
      pricing-lake replay sales_history --from-bronze --day 2026-11-04
    """
    from pricing_lake.lake.replay import require_replayable
    from pricing_lake.partitions import Calendar

    stage = load_stage()
    table = one_table(name)
    days = days_between(Calendar(stage.start_date, stage.end_date), first, last or first, "--day")
    if from_bronze:
        if gone:
            raise click.UsageError("--gone is about quarantined rows; it means nothing with --from-bronze")
        _from_bronze(ctx, stage, table, days, dry_run, verbose, as_json)
        return
    require_replayable(table)  # before there is a run that must fail
    if dry_run:
        _report(table, _planned(stage, table, days, gone), as_json, "would be regained")
    else:
        _replay(ctx, stage, table, days, gone, verbose, as_json)


def _planned(stage: Stage, table: "Table", days: Sequence[date], gone: Sequence[str]) -> list[dict[str, Any]]:
    from pricing_lake.cli.clients import lake_of
    from pricing_lake.partitions import Calendar
    from pricing_lake.resources.orders_stream import OrdersStreamResource
    from pricing_lake.table_asset.replay_job import replay_of, told

    calendar = Calendar(stage.start_date, stage.end_date)
    orders = OrdersStreamResource(**vars(stage.orders_stream))
    replay = replay_of(lake_of(stage), calendar, table, days[0], days[-1], list(gone), orders)
    return [told(day) for day in replay.plan()]


def _replay(
    ctx: click.Context,
    stage: Stage,
    table: "Table",
    days: Sequence[date],
    gone: Sequence[str],
    verbose: bool,
    as_json: bool,
) -> None:
    """Run the job; Dagit shows it as any other run."""
    from pricing_lake.cli.command_group import fail
    from pricing_lake.cli.run_job import run_job
    from pricing_lake.partitions import Calendar
    from pricing_lake.table_asset.replay_job import REPLAY_OP, replay_job

    job = replay_job(Calendar(stage.start_date, stage.end_date))
    config = {"table": table.id, "first": days[0].isoformat(), "last": days[-1].isoformat(), "gone": list(gone)}
    outcome = run_job(stage, job, REPLAY_OP, config, verbose=verbose)
    if not outcome.done:
        fail(ctx, outcome.why)
    replayed: list[dict[str, Any]] = outcome.told["days"]
    _report(table, replayed, as_json, "regained")
    changed: list[str] = outcome.told["changed"]
    if changed and not as_json:
        span = f"--day {changed[0]}" + (f" --to {changed[-1]}" if len(changed) > 1 else "")
        note(f"what is made of it is as before: `pricing-lake replay {table.id} --from-bronze {span}`")


def _report(table: "Table", days: Sequence[dict[str, Any]], as_json: bool, regained: str) -> None:
    if as_json:
        print_json({"table": table.id, "days": days})
        return
    print_table(
        ("day", regained, "fail today", "stay aside", "of them masked", "reasons"),
        [
            (
                day["day"],
                day["regained"],
                day["fail_now"],
                sum(day["still_aside"].values()),
                day["masked"],
                ", ".join(f"{reason} {count:,}" for reason, count in sorted(day["still_aside"].items())) or None,
            )
            for day in days
        ],
    )
    if any(day["masked"] for day in days):
        note("masked rows keep their personal data from the lane and from a replay: materialize their days again")


def _from_bronze(
    ctx: click.Context,
    stage: Stage,
    table: "Table",
    days: Sequence[date],
    dry_run: bool,
    verbose: bool,
    as_json: bool,
) -> None:
    from pricing_lake.cli.day_report import as_report, print_report
    from pricing_lake.cli.materialize import Work, run

    tables = made_from_bronze(stage, table)
    if dry_run:
        names = [each.id for each in tables]
        if as_json:
            print_json({"table": table.id, "days": [day.isoformat() for day in days], "tables": names})
        else:
            say(f"{len(days)} days of {', '.join(names)} would be made again; no source is asked")
        return
    work = Work(tables, days)
    run(stage, work, verbose=verbose, quiet=as_json)
    if as_json:
        print_json(as_report(work))
    else:
        print_report(work)
    ctx.exit(0 if work.done else 1)
