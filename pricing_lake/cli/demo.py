"""`pricing-lake demo`: a whole lake on made-up data, from an empty folder to answers. `demo_report` shows them."""

import time
from typing import TYPE_CHECKING, Any

import click

from pricing_lake.cli.output import say
from pricing_lake.cli.sample import Wishes, shape_options
from pricing_lake.errors import ConfigurationError, PermanentError
from pricing_lake.stage import Stage, load_stage

if TYPE_CHECKING:
    from pricing_lake.cli.materialize import Work
    from pricing_lake.cli.sample_record import SampleRecord


@click.command("demo")
@shape_options
@click.pass_context
def demo_command(ctx: click.Context, /, replace: bool, **wishes: Any) -> None:
    r"""Build a whole lake on made-up data and show what it answers: about two minutes at the default size.

    Makes the sample shop (see `pricing-lake sample`), materializes every table for every day and month, checks that
    the lake found exactly the dirt that was planted, and shows a mart, and one sale beside its five nearest. Needs no
    account, no server and no network. Run again it changes nothing, and says so.

    Exit code 0 when every partition is published and every planted fault was found, no more and no less.

    \b
    Examples:
      pricing-lake demo
      pricing-lake demo --days 5 --sales-per-day 40 --tenants 2
      PRICING_LAKE_HOME=large pricing-lake demo --days 90 --sales-per-day 1000
    """
    from pricing_lake.cli.command_group import INTERRUPTED
    from pricing_lake.cli.day_report import print_report, summary
    from pricing_lake.cli.demo_report import print_answers
    from pricing_lake.cli.sample_in_home import make_sample_in

    started = time.monotonic()
    record = _chosen(load_stage(), Wishes(**wishes))
    make_sample_in(load_stage(), record, replace=replace)
    sampled = time.monotonic()
    stage = _stage_of(record)
    work = _materialize(stage)
    if not work.done:
        print_report(work)
        ctx.exit(INTERRUPTED if work.interrupted else 1)
    materialized = time.monotonic()
    unexplained = print_answers(stage)
    if unexplained:
        raise PermanentError(f"the lake found other dirt than was planted: {unexplained}; please report this")
    say(summary(work))
    phases = (
        ("sample", sampled - started),
        ("lake", materialized - sampled),
        ("answers", time.monotonic() - materialized),
    )
    say(
        f"{time.monotonic() - started:.0f} s in all: {', '.join(f'{name} {seconds:.0f} s' for name, seconds in phases)}"
    )


def _chosen(stage: Stage, wishes: Wishes) -> "SampleRecord":
    """The sample that was asked for; the one that is there when nothing in particular was."""
    from pricing_lake.cli.sample_record import read_record

    there = read_record(stage.home)
    if wishes.are_none and there is not None and there.bad_day is None:
        return there
    return wishes.record()


def _stage_of(record: "SampleRecord") -> Stage:
    """The stage as set to the sample. Raises ConfigurationError when the environment insists on another lake."""
    from pricing_lake.cli.sample_record import database_of

    stage = load_stage()
    url = f"sqlite:///{database_of(stage.home)}"
    for name, value, wanted in (
        ("SMARTGO_URL", stage.smartgo_url, url),
        ("PRICING_LAKE_START_DATE", stage.start_date, record.shape.first_day),
        ("PRICING_LAKE_END_DATE", stage.end_date, record.shape.last_day),
    ):
        if value != wanted:
            raise ConfigurationError(f"{name} is set in the environment and leads away from the sample; unset it")
    return stage


def _materialize(stage: Stage) -> "Work":
    from pricing_lake.cli.materialize import Work, run
    from pricing_lake.cli.period import all_days
    from pricing_lake.cli.selection import fed_tables
    from pricing_lake.partitions import Calendar

    work = Work(fed_tables(stage), all_days(Calendar(stage.start_date, stage.end_date)))
    run(stage, work)
    return work
