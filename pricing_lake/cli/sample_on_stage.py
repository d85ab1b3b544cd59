"""Loads the sample of a home into the lake of a stage on AWS, by the runs that `materialize` makes."""

import click

from pricing_lake.cli.command_group import INTERRUPTED
from pricing_lake.cli.materialize import Work, run
from pricing_lake.stage import Stage


def load_sample(stage: Stage, *, quiet: bool) -> None:
    """Materialize every day of the sample; ends with `materialize`'s exit codes.

    The settings are read again: making the sample set the calendar and the shop's address.
    """
    from pricing_lake.cli.day_report import print_report
    from pricing_lake.cli.period import days_between
    from pricing_lake.cli.selection import fed_tables
    from pricing_lake.cli.stage_on_aws import stage_named
    from pricing_lake.partitions import Calendar

    fresh = stage_named(stage.name)
    work = Work(fed_tables(fresh), days_between(Calendar(fresh.start_date, fresh.end_date), None, None))
    run(fresh, work, quiet=quiet)
    if not quiet:
        print_report(work)
    click.get_current_context().exit(INTERRUPTED if work.interrupted else 0 if work.done else 1)
