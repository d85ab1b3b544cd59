"""`pricing-lake progress`: how a stage's exports go. Its table is read in `aws.progress_history`."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import click

from pricing_lake.cli.output import print_json, print_table, say
from pricing_lake.cli.period import DAY
from pricing_lake.cli.stage_on_aws import StageOnAws, stage_option

if TYPE_CHECKING:
    from pricing_lake.aws.progress_history import Entry, Summary

USUAL = 10
COLUMNS = (
    "day", "source", "tenant", "status", "read", "good", "quarantined", "attempts", "finished (UTC)", "last error",
)  # fmt: skip


@click.command("progress")
@stage_option
@click.option("--day", type=DAY, help="Every export of one day.")
@click.option("--last", type=click.IntRange(1, 1_000), help=f"The newest exports. Default: {USUAL} of them.")
@click.option("--summary", type=click.IntRange(1, 90), metavar="DAYS", help="Sums over so many days, to yesterday.")
@click.option("--json", "as_json", is_flag=True, help="Print the entries, or the summary, as JSON.")
def progress_command(
    stage_name: str | None, day: date | None, last: int | None, summary: int | None, as_json: bool
) -> None:
    r"""Show how a stage's exports go: status, counts and the last errors per source, tenant and day.

    Entries are kept for 90 days. They are written beside the lake and may lack some when DynamoDB was out of reach;
    `pricing-lake tables` tells what the lake itself holds.

    \b
    Examples:
      pricing-lake progress --stage dev
      pricing-lake progress --stage dev --day 2026-11-19
      pricing-lake progress --stage prod --summary 30
    """
    from pricing_lake.aws.progress_history import ProgressHistory

    if sum(each is not None for each in (day, last, summary)) > 1:
        raise click.UsageError("give one of --day, --last and --summary")
    place = StageOnAws.named(stage_name)
    history = ProgressHistory(place.account, place.names.progress_table)
    if summary is not None:
        _show_summary(history.summary(summary, datetime.now(UTC).date() - timedelta(days=1)), as_json=as_json)
        return
    _show_entries(history.of_day(day) if day else history.last(last or USUAL), as_json=as_json)


def _show_entries(entries: "Sequence[Entry]", *, as_json: bool) -> None:
    if as_json:
        print_json([asdict(entry) for entry in entries])
        return
    if not entries:
        say("no export is recorded")
        return
    print_table(
        (
            "day",
            "source",
            "tenant",
            "status",
            "read",
            "good",
            "quarantined",
            "attempts",
            "finished (UTC)",
            "last error",
        ),
        [
            (
                entry.day,
                entry.source,
                entry.tenant,
                entry.status,
                entry.counters["rows_read"],
                entry.counters["rows_good"],
                entry.counters["rows_quarantined"],
                entry.attempts,
                entry.finished_at[:19] or None,
                entry.errors[-1]["text"] if entry.errors else None,
            )
            for entry in entries
        ],
    )


def _show_summary(summary: "Summary", *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(summary))
        return
    counted = {**summary.by_status, **summary.counters, "days without an export": len(summary.missing)}
    print_table((f"{summary.first} to {summary.last}", "count"), list(counted.items()))
