"""`pricing-lake rows`: rows of one table as they lie there, now or as they lay at a time. Asks no saved query."""

from typing import TYPE_CHECKING

import click

from pricing_lake.cli.as_of import AS_OF, SAVE_HELP, where
from pricing_lake.cli.output import excerpt, note, print_csv, print_json, print_table
from pricing_lake.cli.query import FORMAT_HELP, FORMATS, ROWS_OF_A_TABLE
from pricing_lake.cli.query_inputs import why_absent
from pricing_lake.cli.save import SAVED_FORMATS, save
from pricing_lake.cli.selection import one_table
from pricing_lake.errors import QueryError
from pricing_lake.stage import load_stage

if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.table import Table as IcebergTable

    from pricing_lake.contracts.model import Table

WHERE_HELP = """A condition on columns: `tenant_id = 'acme' and sold_price > 10`. Times are written as text:
'2026-11-20T00:00:00'."""
AS_OF_HELP = "Read it as it was: a time in UTC (2026-11-20T12:00Z) or a snapshot id."


@click.command("rows")
@click.argument("name", metavar="TABLE")
@click.option(AS_OF, "words", metavar="WHEN", help=AS_OF_HELP)
@click.option("--where", "condition", metavar="CONDITION", help=WHERE_HELP)
@click.option("--columns", metavar="A,B,C", help="Columns to show. Default: the table's own, but no vectors.")
@click.option("--limit", type=click.IntRange(min=1), default=ROWS_OF_A_TABLE, show_default=True, help="Rows at most.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True, help=FORMAT_HELP)
@click.option("--save", "saved_as", type=click.Choice(SAVED_FORMATS), help=f"{SAVE_HELP} Every row of the table.")
@click.pass_context
def rows_command(
    ctx: click.Context,
    name: str,
    words: str | None,
    condition: str | None,
    columns: str | None,
    limit: int,
    form: str,
    saved_as: str | None,
) -> None:
    r"""Print rows of TABLE as they are stored, in no particular order.

    With --as-of, as they were stored at a time or in a snapshot, as long as housekeeping keeps it.

    \b
    Examples:
      pricing-lake rows sales_history --limit 5
      pricing-lake rows sales_history --where "tenant_id = 'acme' and sold_price > 100" --columns sale_id,sold_price
      pricing-lake rows fact_sales --as-of 2026-11-20T12:00Z --format csv
      pricing-lake rows fact_sales --as-of 2026-11-20T12:00Z --save parquet
    """
    from pricing_lake.cli.clients import lake_of
    from pricing_lake.contracts.types import VECTOR

    table, stage = one_table(name), load_stage()
    named = [word.strip() for word in columns.split(",")] if columns else []
    if saved_as:
        if condition:
            raise click.UsageError("--save keeps every row; leave --where out, or ask a saved query")
        when = [words] if words else []
        save(ctx, stage, {"table": table.id, "when": when, "columns": named, "format": saved_as})
        return
    lake = lake_of(stage)
    if not lake.exists(table):
        raise QueryError(why_absent(stage, table))
    stored = where([words] if words else [], table.name).of(table.name, lake.table(table))
    wanted = named or [c.name for c in table.columns if c.type is not VECTOR]
    found = _read(table, stored, condition, wanted, limit)
    shown = found.to_pylist()
    if form == "csv":
        print_csv(found.column_names, shown)
    elif form == "json":
        print_json(shown)
    else:
        print_table(found.column_names, [[excerpt(value) for value in row.values()] for row in shown])
    snapshot = stored.current_snapshot()
    note(f"{len(shown):,} rows of {table.id}, snapshot {snapshot.snapshot_id if snapshot else 'none'}", style=None)


def _read(table: "Table", stored: "IcebergTable", condition: str | None, columns: list[str], limit: int) -> "pa.Table":
    """Raise QueryError, one line, for a column that is not there and a condition that cannot be read."""
    from pyiceberg.expressions import AlwaysTrue
    from pyiceberg.expressions.parser import parse
    from pyparsing import ParseException

    known = [column.name for column in stored.schema().fields]
    unknown = [column for column in columns if column not in known]
    if unknown:
        raise QueryError(f"{table.id} has no column {', '.join(unknown)}; it has {', '.join(known)}")
    try:
        kept = parse(condition) if condition else AlwaysTrue()
        rows: pa.Table = stored.scan(row_filter=kept, selected_fields=tuple(columns), limit=limit).to_arrow()
    except ParseException:
        raise QueryError(f"--where {condition!r} cannot be read; write it as: column = 'text' and other > 10") from None
    except (ValueError, TypeError) as error:
        why = str(error).partition("\n")[0]
        raise QueryError(f"--where {condition!r} cannot be applied to {table.id}: {why}") from None
    return rows.select(columns)
