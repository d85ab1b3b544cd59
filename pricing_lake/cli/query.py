"""`pricing-lake query` and `pricing-lake queries`: saved queries, asked from the shell. Their SQL is not here."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import click

from pricing_lake.cli.as_of import AS_OF, SAVE_HELP, where
from pricing_lake.cli.clients import engine_of, lake_of
from pricing_lake.cli.output import as_bytes, excerpt, note, print_csv, print_json, print_table
from pricing_lake.cli.period import DAY, MONTH, month_after
from pricing_lake.cli.query_athena import ask_athena
from pricing_lake.cli.save import SAVED_FORMATS, save
from pricing_lake.cli.selection import did_you_mean
from pricing_lake.cli.stage_on_aws import stage_named, stage_option
from pricing_lake.errors import QueryError
from pricing_lake.stage import Stage

if TYPE_CHECKING:
    import pyarrow as pa

    from pricing_lake.engines import ScanStats
    from pricing_lake.lake.as_of import AsOf
    from pricing_lake.queries.saved import SavedQuery

FORMATS = ("table", "csv", "json")
ROWS_OF_A_TABLE = 50
FORMAT_HELP = "A table to read, CSV with a header, or one JSON array of objects."
AS_OF_HELP = """Read the tables as they were: a time in UTC (2026-11-20T12:00Z), or TABLE=SNAPSHOT for one of them.
Repeatable."""
LIMIT_HELP = f"Rows to print, 0 for all. Default: {ROWS_OF_A_TABLE} for a table, all for csv and json."


@click.command("queries")
@click.option("--json", "as_json", is_flag=True, help="Print name, question, tables and parameters as JSON.")
def queries_command(as_json: bool) -> None:
    r"""List the saved queries: the question each answers, and its parameters with their defaults.

    \b
    Examples:
      pricing-lake queries
      pricing-lake queries --json
    """
    from pricing_lake.queries.saved import saved_queries

    saved = saved_queries().values()
    if as_json:
        print_json([_described(query) for query in saved])
        return
    print_table(
        ("query", "question", "parameters"),
        [(q.name, q.question, ", ".join(f"{n}={_shown(d)}" for n, d in q.parameters.items())) for q in saved],
    )


@click.command("query")
@click.argument("name")
@stage_option
@click.option("--param", "pairs", multiple=True, metavar="NAME=VALUE", help="A parameter of the query. Repeatable.")
@click.option("--tenant", metavar="T", help="One tenant only; the same as --param tenant_id=T.")
@click.option("--month", type=MONTH, help="One month.")
@click.option("--from", "first", type=DAY, help="First day of the period.")
@click.option("--to", "last", type=DAY, help="Last day of the period, included.")
@click.option(AS_OF, "as_of", multiple=True, metavar="WHEN", help=AS_OF_HELP)
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True, help=FORMAT_HELP)
@click.option("--limit", type=click.IntRange(min=0), help=LIMIT_HELP)
@click.option("--save", "saved_as", type=click.Choice(SAVED_FORMATS), help=SAVE_HELP)
@click.pass_context
def query_command(
    ctx: click.Context,
    name: str,
    stage_name: str | None,
    pairs: tuple[str, ...],
    tenant: str | None,
    month: date | None,
    first: date | None,
    last: date | None,
    as_of: tuple[str, ...],
    form: str,
    limit: int | None,
    saved_as: str | None,
) -> None:
    r"""Run the saved query NAME and print its rows; `pricing-lake queries` lists the names.

    Without a period it asks for the last month of the lake's calendar, or its last day where the query is about days.
    What the query had to read is told on stderr, and what it cost where Athena ran it: on every stage but local.

    \b
    Examples:
      pricing-lake query brand_performance --month 2026-11
      pricing-lake query price_distribution --tenant atelier-nord --format csv > prices.csv
      pricing-lake query brand_performance --stage dev --month 2026-11
      pricing-lake query brand_performance --as-of 2026-11-20T12:00Z
      pricing-lake query brand_performance --as-of 2026-11-20T12:00Z --save parquet
      pricing-lake query comparables --from 2026-11-19 --to 2026-11-19 --param top_n=3 --limit 9
    """
    stage = stage_named(stage_name)
    query = _saved(name)
    given = _parameters(query, pairs, tenant) | _period(query, month, first, last)
    if saved_as:
        save(ctx, stage, {"query": name, "when": list(as_of), "parameters": given, "format": saved_as})
        return
    values = query.bind_after(given, _last_day(stage))
    place = where(as_of)
    if stage.name == "local":
        asked, told = _ask_here(stage, query, values, place)
    elif as_of:
        raise QueryError(f"--as-of is not asked of Athena yet (stage {stage.name}); `pricing-lake rows` takes it")
    else:
        asked, told = ask_athena(stage_name, query, values)
    rows = _ordered(query, asked)
    _print(rows, form, ROWS_OF_A_TABLE if limit is None and form == "table" else limit or None)
    if not rows.num_rows:
        note(_nothing(values, as_of))
    note(told, style=None)


def _ask_here(stage: Stage, query: "SavedQuery", values: Mapping[str, object], place: "AsOf") -> "tuple[pa.Table, str]":
    """Run the query in this process; the rows, and in a line what was read."""
    from pricing_lake.cli.query_inputs import query_inputs
    from pricing_lake.contracts.all import table_called

    reads = [table_called(read) for read in query.reads]
    tables = query_inputs(stage, lake_of(stage), reads, query.name)
    engine, inputs = engine_of(stage), place.of_all(tables, query.name)
    scan = engine.explain(query.sql, inputs, values)
    return engine.run(query.sql, inputs, values).read_all(), _scanned(scan)


def _saved(name: str) -> "SavedQuery":
    from pricing_lake.queries.saved import saved_queries

    queries = saved_queries()
    if name not in queries:
        raise QueryError(f"no saved query {name!r}{did_you_mean(name, queries)}; there are {', '.join(queries)}")
    return queries[name]


def _parameters(query: "SavedQuery", pairs: Sequence[str], tenant: str | None) -> dict[str, str]:
    given = {} if tenant is None else {"tenant_id": tenant}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise click.BadParameter(f"{pair!r} has no value; write NAME=VALUE", param_hint="--param")
        given[name] = value
    for name in given.keys() - query.parameters.keys():
        known = ", ".join(query.parameters) or "none"
        meant = did_you_mean(name, query.parameters)
        raise QueryError(f"{query.name} has no parameter {name!r}{meant}; it has {known}")
    return given


def _period(query: "SavedQuery", month: date | None, first: date | None, last: date | None) -> dict[str, str]:
    """The half-open period that was asked for. Raises UsageError when it is named twice, by half, or backwards."""
    if (month or first or last) and "period_start" not in query.parameters:
        raise click.UsageError(f"{query.name} is not about a period; leave --month, --from and --to out")
    if month is not None and (first or last):
        raise click.UsageError("give --month, or --from and --to, not both")
    if (first is None) != (last is None):
        raise click.UsageError("give --from and --to together")
    if month is not None:
        return {"period_start": month.isoformat(), "period_end": month_after(month).isoformat()}
    if first is None or last is None:
        return {}
    if first > last:
        raise click.UsageError(f"--from {first} is after --to {last}; swap them")
    return {"period_start": first.isoformat(), "period_end": (last + timedelta(days=1)).isoformat()}


def _last_day(stage: Stage) -> date:
    """The last complete day of the lake's calendar; its first one before any is complete."""
    from pricing_lake.partitions import Calendar

    last = Calendar(stage.start_date, stage.end_date).days.get_last_partition_key()
    return date.fromisoformat(last) if last else stage.start_date


def _ordered(query: "SavedQuery", rows: "pa.Table") -> "pa.Table":
    """Rows of a mart by its key, so that the same question prints the same text; others as the query orders them."""
    from pricing_lake.contracts.marts import MARTS

    keys = [mart.key for mart in MARTS if mart.name == query.name]
    return rows.sort_by([(column, "ascending") for column in keys[0]]) if keys else rows


def _print(rows: "pa.Table", form: str, limit: int | None) -> None:
    """Print at most `limit` rows, and say on stderr when there are more."""
    shown = rows.slice(0, limit).to_pylist()
    if form == "csv":
        print_csv(rows.column_names, shown)
    elif form == "json":
        print_json(shown)
    else:
        print_table(rows.column_names, [[excerpt(value) for value in row.values()] for row in shown])
    if rows.num_rows > len(shown):
        note(f"{rows.num_rows - len(shown):,} more rows; --limit 0 shows all")


def _nothing(values: Mapping[str, object], as_of: Sequence[str]) -> str:
    """That there are no rows, of what, and what to look at."""
    tenant = f" of tenant {values['tenant_id']}" if values.get("tenant_id") else ""
    period = f" from {values['period_start']} to {values['period_end']} UTC" if "period_start" in values else ""
    then = f" as of {', '.join(as_of)}" if as_of else ""
    return f"no rows{tenant}{period}{then}; `pricing-lake tables` tells what is published"


def _scanned(scan: "ScanStats") -> str:
    files = sum(each.files_scanned for each in scan.inputs)
    total = sum(each.files_total for each in scan.inputs)
    return f"scanned {files:,} of {total:,} files, {as_bytes(sum(each.bytes_scanned for each in scan.inputs))}"


def _described(query: "SavedQuery") -> dict[str, Any]:
    return {
        "name": query.name,
        "question": query.question,
        "reads": query.reads,
        "parameters": [
            {"name": name, "default": default, "meaning": query.meanings.get(name, "")}
            for name, default in query.parameters.items()
        ],
    }


def _shown(default: object) -> str:
    return "null" if default is None else str(default)
