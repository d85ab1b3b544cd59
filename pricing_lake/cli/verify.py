"""`pricing-lake verify`: has a stage on AWS what it needs, and does it work? The checks are in `aws`."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import click

from pricing_lake.cli.output import note, print_json, print_table, progress, say
from pricing_lake.cli.period import DAY
from pricing_lake.cli.stage_on_aws import StageOnAws, stage_option

if TYPE_CHECKING:
    from pricing_lake.aws.findings import Finding

KINDS = 13


@click.command("verify")
@stage_option
@click.option("--day", type=DAY, help="The day that must be there. Default: yesterday, or the calendar's last day.")
@click.option("--role", default="", metavar="ARN", help="Judge the rights of this role. Default: the caller's own.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.pass_context
def verify_command(ctx: click.Context, stage_name: str | None, day: date | None, role: str, as_json: bool) -> None:
    r"""Look at everything a stage has on AWS, and say what is wrong and how to mend it. Changes nothing.

    Bucket and its security, database, every table's columns, types, partition spec and format between contract, Glue
    and Iceberg, progress table, the shop's connection, workgroup, named queries, alarms, dashboard; then Athena by a
    COUNT, the role's rights, and whether yesterday is there.

    Exit code 1 when any check fails; a warning alone is 0.

    \b
    Examples:
      pricing-lake verify --stage dev
      pricing-lake verify --stage prod --role arn:aws:iam::123456789012:role/pricing-lake-prod
      pricing-lake verify --stage dev --json | jq -r '.[] | select(.state == "FAIL") | .advice'
    """
    from pricing_lake.aws.findings import State
    from pricing_lake.aws.verify import Verification, verify_checks
    from pricing_lake.contracts.silver import SALES_HISTORY

    place = StageOnAws.named(stage_name)
    identity = place.account.identity
    note(f"stage {place.stage.name} in {place.names.region}, account {identity.account}", style=None)
    verification = Verification(place.wanted(), SALES_HISTORY, day or _last_day(place), role)
    findings: list[Finding] = []
    with progress("verify", quiet=as_json) as tell:
        for number, (kind, found) in enumerate(verify_checks(place.account, verification), start=1):
            findings += found
            tell(number, KINDS, kind)
    failed = sum(finding.state is State.FAIL for finding in findings)
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        _show(findings, failed)
    ctx.exit(1 if failed else 0)


def _show(findings: "Sequence[Finding]", failed: int) -> None:
    print_table(
        ("what", "name", "state", "found", "what to do"),
        [(each.kind, each.name, each.state, each.found, each.advice) for each in findings],
    )
    say(f"{failed} of {len(findings)} checks failed" if failed else f"all {len(findings)} checks passed")


def _last_day(place: StageOnAws) -> date:
    """Yesterday, or the last day of a lake that no longer grows."""
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    end = place.stage.end_date
    return yesterday if end is None else min(end, yesterday)
