"""`pricing-lake rollback`: a table back to an earlier snapshot; says what it would do unless told to do it."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from pricing_lake.cli.as_of import MOMENT
from pricing_lake.cli.output import note, print_json, print_table, say
from pricing_lake.cli.selection import fed_tables, made_of, one_table
from pricing_lake.errors import QueryError
from pricing_lake.stage import Stage, load_stage

if TYPE_CHECKING:
    from pricing_lake.contracts.model import Table
    from pricing_lake.lake.rollback import RollbackPlan

SHOWN = 20


class SnapshotOrMoment(click.ParamType["int | datetime"]):
    """A snapshot id, or a time in UTC."""

    name = "SNAPSHOT|TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | datetime:
        """The id or the moment, or a usage error."""
        return int(value) if str(value).isdecimal() else MOMENT.convert(value, param, ctx)


TO_HELP = "The snapshot to go back to, or the time whose state is wanted. Default: the snapshot before the current one."


@click.command("rollback")
@click.argument("name", metavar="TABLE")
@click.option("--to", type=SnapshotOrMoment(), help=TO_HELP)
@click.option("--yes", is_flag=True, help="Do it. Without it nothing is changed.")
@click.option("--verbose", is_flag=True, help="Show Dagster's own log.")
@click.option("--json", "as_json", is_flag=True, help="Print the plan, or the outcome, as JSON on stdout.")
@click.pass_context
def rollback_command(
    ctx: click.Context, name: str, to: int | datetime | None, yes: bool, verbose: bool, as_json: bool
) -> None:
    r"""Set TABLE back to an earlier snapshot: rows, and for a feed how far its source was read.

    Partitions that are again what an earlier verdict passed can be read at once; all others that change are refused
    until they are materialized again. Without --yes it only lists the snapshots and says what would happen. What was
    made of the table stays as it is: make it again afterwards.

    \b
    Examples:
      pricing-lake rollback sales_history
      pricing-lake rollback sales_history --to 2026-11-20T12:00Z
      pricing-lake rollback sales_history --to 4903008848664886845 --yes
    """
    from pricing_lake.cli.clients import lake_of
    from pricing_lake.lake.rollback import Rollback, target_of

    stage = load_stage()
    table, lake = one_table(name), lake_of(stage)
    if not lake.exists(table):
        raise QueryError(f"{table.id} is not published yet, so there is nothing to go back to")
    snapshot = target_of(lake.table(table), to).snapshot_id
    plan = Rollback(lake, table, snapshot).plan()
    if not yes:
        _tell(table, plan, as_json)
        return
    _run(ctx, stage, table, snapshot, verbose, as_json)


def _tell(table: "Table", plan: "RollbackPlan", as_json: bool) -> None:
    from pricing_lake.lake.history import moment_of

    if as_json:
        print_json(
            {
                "table": table.id,
                "snapshot": plan.target.snapshot_id,
                "undone": [each.snapshot_id for each in plan.undone],
                "proved_again": plan.proved_again,
                "refused": plan.refused,
                "stamp": plan.stamp,
                "done": False,
            }
        )
        return
    lines = [("would be undone", each) for each in plan.undone[:SHOWN]] + [("goes back to", plan.target)]
    print_table(
        ("what", "snapshot", "committed (UTC)", "partitions"),
        [
            (what, str(each.snapshot_id), f"{moment_of(each):%Y-%m-%d %H:%M:%S}", _partitions(each))
            for what, each in lines
        ],
    )
    if len(plan.undone) > SHOWN:
        say(f"{len(plan.undone) - SHOWN} more would be undone")
    say(f"proved again by an earlier verdict: {', '.join(plan.proved_again) or 'none'}")
    say(f"refused until materialized again: {', '.join(plan.refused) or 'none'}")
    if table.incremental:
        say(f"its source would be read on from: {plan.stamp or 'the beginning'}")
    note(f"nothing is changed; to do it: pricing-lake rollback {table.id} --to {plan.target.snapshot_id} --yes")


def _partitions(snapshot: Any) -> str:
    summary = snapshot.summary
    told = summary.additional_properties.get("pricing.partitions", "") if summary else ""
    keys = told.split(",") if told else []
    return ", ".join(keys[:3]) + (f" and {len(keys) - 3} more" if len(keys) > 3 else "")


def _run(ctx: click.Context, stage: Stage, table: "Table", snapshot: int, verbose: bool, as_json: bool) -> None:
    from pricing_lake.cli.command_group import fail
    from pricing_lake.cli.run_job import run_job
    from pricing_lake.table_asset.rollback_job import ROLLBACK_OP, rollback_job

    config = {"table": table.id, "snapshot": str(snapshot)}
    outcome = run_job(stage, rollback_job(), ROLLBACK_OP, config, verbose=verbose)
    if not outcome.done:
        fail(ctx, outcome.why)
    if as_json:
        print_json({"table": table.id, "snapshot": snapshot, **outcome.told, "done": True})
        return
    say(f"{table.id} is set back to snapshot {snapshot}")
    say(f"proved again by an earlier verdict: {', '.join(outcome.told['proved_again']) or 'none'}")
    say(f"refused until materialized again: {', '.join(outcome.told['refused']) or 'none'}")
    _advise(stage, table, outcome.told["proved_again"], outcome.told["refused"])


def _advise(stage: Stage, table: "Table", proved: Sequence[str], refused: Sequence[str]) -> None:
    """What to run next: the refused days, then what was made of the table before it went back."""
    from pricing_lake.contracts.model import Grain

    if table.every is not Grain.DAY:
        if refused:
            note(f"once the cause is mended: `pricing-lake materialize --select {table.id}`")
        again = "pricing-lake materialize"
    else:
        if refused:
            note(f"once the cause is mended: `pricing-lake materialize {_span('--from', refused)}`")
        again = f"pricing-lake replay {table.id} --from-bronze {_span('--day', [*proved, *refused])}"
    fed = {each.id for each in fed_tables(stage)}
    readers = [each.id for each in made_of(table) if each.id in fed]
    if readers:
        shown = f"{', '.join(readers[:5])}{' …' if len(readers) > 5 else ''}"
        note(f"made of it before: {shown}; make them again: `{again}`")


def _span(option: str, days: Sequence[str]) -> str:
    return f"{option} {min(days)} --to {max(days)}"
