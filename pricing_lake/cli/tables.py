"""`pricing-lake tables`: what the lake holds, table by table. Reads metadata and verdicts, never rows."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from pricing_lake.cli.output import as_bytes, print_json, print_table
from pricing_lake.stage import load_stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pricing_lake.contracts.model import Table
    from pricing_lake.lake.catalog import Lake

NOT_THERE = "not created yet"


@dataclass(frozen=True)
class TableFacts:
    """One table as it is now. Counts are None for a table that does not exist; partitions are those of the calendar."""

    table: str
    layer: str
    rows: int | None
    files: int | None
    bytes: int | None
    partitions_published: int
    partitions: int
    last_snapshot: datetime | None
    last_verdict: str | None


@click.command("tables")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON, sizes in bytes.")
def tables_command(as_json: bool) -> None:
    r"""List every table of the lake: rows, files, size, published partitions, last snapshot and last verdict.

    A table that no command has filled yet is shown as `not created yet`. Only metadata is read, so it is quick at any
    size.

    \b
    Examples:
      pricing-lake tables
      pricing-lake tables --json | jq '.[] | select(.rows == null) | .table'
    """
    facts = table_facts()
    if as_json:
        print_json([asdict(each) for each in facts])
        return
    print_table(
        ("table", "rows", "files", "size", "partitions", "last snapshot (UTC)", "last verdict"),
        [
            (
                each.table,
                each.rows,
                each.files,
                None if each.bytes is None else as_bytes(each.bytes),
                f"{each.partitions_published} of {each.partitions}",
                f"{each.last_snapshot:%Y-%m-%d %H:%M:%S}" if each.last_snapshot else None,
                each.last_verdict or NOT_THERE,
            )
            for each in facts
        ],
    )


def table_facts() -> list[TableFacts]:
    """Facts of every table, in flow order."""
    from pricing_lake.cli.clients import lake_of
    from pricing_lake.contracts.all import TABLES
    from pricing_lake.contracts.model import Grain
    from pricing_lake.lake.window import WHOLE_KEY
    from pricing_lake.partitions import Calendar

    stage = load_stage()
    lake = lake_of(stage)
    calendar = Calendar(stage.start_date, stage.end_date)
    keys = {
        Grain.DAY: calendar.days.get_partition_keys(),
        Grain.MONTH: calendar.months.get_partition_keys(),
        Grain.WHOLE: [WHOLE_KEY],
    }
    return [_facts(lake, table, keys[table.every]) for table in TABLES]


def _facts(lake: "Lake", table: "Table", keys: "Sequence[str]") -> TableFacts:
    from pricing_lake.lake.verdicts import VerdictStore

    verdicts = VerdictStore(lake.proofs).latest(table.id, keys).values()
    last = max(verdicts, key=lambda verdict: verdict.evaluated_at, default=None)
    exists = lake.exists(table)
    snapshot = lake.table(table).current_snapshot() if exists else None
    totals = snapshot.summary.additional_properties if snapshot and snapshot.summary else {}
    rows, files, size = (
        int(totals.get(name, 0)) if exists else None
        for name in ("total-records", "total-data-files", "total-files-size")
    )
    return TableFacts(
        table=table.id,
        layer=str(table.layer),
        rows=rows,
        files=files,
        bytes=size,
        partitions_published=sum(verdict.passed for verdict in verdicts),
        partitions=len(keys),
        last_snapshot=datetime.fromtimestamp(snapshot.timestamp_ms / 1_000, UTC) if snapshot else None,
        last_verdict=f"{last.partition} {'passed' if last.passed else 'REFUSED'}" if last else None,
    )
