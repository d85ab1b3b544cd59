"""`--save`: what a command would print, kept in a file by a run of the job `read_as_of`. Reads nothing itself."""

from collections.abc import Mapping

import click

from pricing_lake.cli.output import note, say
from pricing_lake.stage import Stage

SAVED_FORMATS = ("parquet", "csv")


def save(ctx: click.Context, stage: Stage, config: Mapping[str, object]) -> None:
    """Run the job and say on stdout where the file is; the command fails with the run."""
    from pricing_lake.cli.command_group import fail
    from pricing_lake.cli.run_job import run_job
    from pricing_lake.table_asset.read_as_of_job import READ_AS_OF_OP, read_as_of_job

    outcome = run_job(stage, read_as_of_job(stage), READ_AS_OF_OP, config, verbose=False)
    if not outcome.done:
        fail(ctx, outcome.why)
    say(str(outcome.told["file"]))
    read = ", ".join(f"{name} at {snapshot or 'none'}" for name, snapshot in outcome.told["snapshots"].items())
    note(f"{outcome.told['rows']:,} rows of {read}", style=None)
