"""`pricing-lake housekeeping`: what the lake no longer keeps; says what it would delete unless told to do it."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from pricing_lake.cli.output import as_bytes, note, print_json, print_table, progress, say
from pricing_lake.cli.selection import select_tables
from pricing_lake.stage import Stage, load_stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pricing_lake.contracts.model import Table

SELECT_HELP = "A table or a layer. Repeatable. Default: the whole lake."


@click.command("housekeeping")
@click.option("--select", "names", multiple=True, metavar="KEY_OR_GROUP", help=SELECT_HELP)
@click.option("--yes", is_flag=True, help="Do it. Without it nothing is deleted.")
@click.option("--verbose", is_flag=True, help="Show Dagster's own log.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON, sizes in bytes.")
@click.pass_context
def housekeeping_command(ctx: click.Context, names: tuple[str, ...], yes: bool, verbose: bool, as_json: bool) -> None:
    r"""Delete what the lake no longer keeps, and merge the small files of feeds.

    Rows older than their contract keeps them, whole days; snapshots that are neither new nor tagged; files that
    nothing leads to and that are older than three days; verdicts and lanes that newer ones replaced 90 days ago.
    Without --yes it only says what would go.

    \b
    Examples:
      pricing-lake housekeeping
      pricing-lake housekeeping --select bronze --yes
    """
    stage = load_stage()
    tables = select_tables(names)
    found = _done(ctx, stage, tables, verbose) if yes else _planned(stage, tables, quiet=as_json)
    if as_json:
        print_json({"tables": found, "done": yes})
        return
    _report(found)
    if not yes and found:
        note("nothing is deleted; to do it: pricing-lake housekeeping --yes")


def _planned(stage: Stage, tables: "Sequence[Table]", *, quiet: bool) -> list[dict[str, Any]]:
    from pricing_lake.cli.clients import lake_of
    from pricing_lake.lake.housekeeping import Housekeeping

    lake = lake_of(stage)
    found = []
    with progress("tables", quiet=quiet) as step:
        for number, table in enumerate(tables, start=1):
            found.append(Housekeeping.at_once(lake, table).plan())
            step(number, len(tables), "")
    return [asdict(kept) for kept in found if kept.any]


def _done(ctx: click.Context, stage: Stage, tables: "Sequence[Table]", verbose: bool) -> list[dict[str, Any]]:
    from pricing_lake.cli.command_group import fail
    from pricing_lake.cli.run_job import run_job
    from pricing_lake.table_asset.housekeeping_job import HOUSEKEEPING_OP, housekeeping

    config = {"tables": [table.id for table in tables]}
    outcome = run_job(stage, housekeeping, HOUSEKEEPING_OP, config, verbose=verbose)
    if not outcome.done:
        fail(ctx, outcome.why)
    done: list[dict[str, Any]] = outcome.told["tables"]
    return done


def _report(found: list[dict[str, Any]]) -> None:
    if not found:
        say("nothing to tidy")
        return
    print_table(
        ("table", "old partitions", "small files", "snapshots", "orphans", "size", "verdicts", "lane files", "busy"),
        [
            (
                kept["table"],
                kept["expired_partitions"],
                kept["merged_files"],
                kept["snapshots"],
                kept["orphans"],
                as_bytes(kept["orphan_bytes"]),
                kept["verdicts"],
                kept["lane_files"],
                kept["busy"] or None,
            )
            for kept in found
        ],
    )
