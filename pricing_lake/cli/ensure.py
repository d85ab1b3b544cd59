"""`pricing-lake ensure`: make on AWS what a stage needs. What that is, and how it is made, is in `pricing_lake.aws`."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from pricing_lake.cli.output import note, print_json, print_table, progress, say
from pricing_lake.cli.stage_on_aws import StageOnAws, stage_option

if TYPE_CHECKING:
    from pricing_lake.aws.findings import Finding

KINDS = 10


@click.command("ensure")
@stage_option
@click.option("--dry-run", is_flag=True, help="Say what would be made or mended; change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.pass_context
def ensure_command(ctx: click.Context, stage_name: str | None, dry_run: bool, as_json: bool) -> None:
    r"""Make what a stage needs on AWS, and mend what may be mended without harm.

    Bucket with encryption, versioning, blocked public access and lifecycle; Glue database; every table from its
    contract; progress table; Athena workgroup and named queries; alarms and dashboard. What is there stays: run it
    again and it reports nothing to do. What cannot be mended safely (another key, a column that differs) is told, and
    so is a missing secret: none is ever made up.

    Exit code 0 when everything is as it should be, 1 when something is left for a person, or for a dry run, to do.

    \b
    Examples:
      pricing-lake ensure --stage dev --dry-run
      pricing-lake ensure --stage dev
    """
    from pricing_lake.aws.findings import State

    place = StageOnAws.named(stage_name)
    if not as_json:
        identity = place.account.identity
        note(f"stage {place.stage.name} in {place.names.region}, account {identity.account}", style=None)
    findings = list(_findings(place, dry_run=dry_run, quiet=as_json))
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        _show(findings)
    undone = {State.FAIL, State.TO_MAKE, State.TO_MEND}
    ctx.exit(1 if any(finding.state in undone for finding in findings) else 0)


def _findings(place: StageOnAws, *, dry_run: bool, quiet: bool) -> "Iterator[Finding]":
    from pricing_lake.aws.ensure import ensure_steps
    from pricing_lake.aws.findings import Change

    with progress("ensure", quiet=quiet) as tell:
        for number, (kind, steps) in enumerate(ensure_steps(place.account, place.wanted()), start=1):
            for step in steps:
                if not isinstance(step, Change):
                    yield step
                else:
                    yield step.announced() if dry_run else step.applied()
            tell(number, KINDS, kind)


def _show(findings: "Sequence[Finding]") -> None:
    """Everything that is not simply well, then the sums."""
    from pricing_lake.aws.findings import State

    counts = Counter(finding.state for finding in findings)
    shown = [finding for finding in findings if finding.state is not State.OK]
    if shown:
        print_table(
            ("what", "name", "state", "found", "what to do"),
            [(each.kind, each.name, each.state, each.found, each.advice) for each in shown],
        )
    if set(counts) <= {State.OK}:
        say(f"nothing to do: {counts[State.OK]} things are as they should be")
    else:
        say(", ".join(f"{count} {state}" for state, count in counts.items()))
