"""Saved queries as docs/queries.md. `python -m pricing_lake.queries.as_markdown` prints it."""

from collections.abc import Iterable

from pricing_lake.queries.saved import MARTS_FOLDER, Moment, SavedQuery, saved_queries

_HEADER = """# Saved queries

Generated from the headers of `pricing_lake/queries/*.sql` and `pricing_lake/marts/*.sql`; do not edit. `make docs`
writes it, a test compares it.

`pricing-lake query NAME` asks one, `--param name=value` changes a parameter, `--tenant`, `--month`, `--from` and `--to`
are short for the usual ones. All are Athena SQL as it stands: paste the text, put the values in. Periods are half-open
and in UTC. The command sees defaults from the end of the lake's calendar: "last month" is the month of its last
complete day, though it may still run, and "today" the day after that. A table that no source feeds counts as empty.
Each example is what the small lake of the tests answers, whose figures the tests work out by hand; sizes and days of
files differ from lake to lake.
"""
_MOMENTS = {
    Moment.YEAR_AGO: "this month, a year ago",
    Moment.LAST_MONTH: "last month",
    Moment.THIS_MONTH: "this month",
    Moment.YESTERDAY: "yesterday",
    Moment.TODAY: "today",
}


def queries_markdown(queries: Iterable[SavedQuery]) -> str:
    """The whole page: the analytical queries, then the marts, whose columns are in docs/tables.md."""
    marts = {path.stem for path in MARTS_FOLDER.glob("*.sql")}
    listed = sorted(queries, key=lambda query: query.name)
    parts = [_HEADER, *(_section(query) for query in listed if query.name not in marts)]
    parts += ["# Marts\n\nThe queries behind the tables of the same name; [tables.md](tables.md) has their columns.\n"]
    return "\n".join([*parts, *(_section(query) for query in listed if query.name in marts)])


def _section(query: SavedQuery) -> str:
    lines = [f"## {query.name}", "", query.question, "", f"Reads {', '.join(f'`{name}`' for name in query.reads)}.", ""]
    lines += ["| parameter | default | meaning |", "| --- | --- | --- |"]
    for name, default in query.parameters.items():
        shown = _MOMENTS[default] if isinstance(default, Moment) else "null" if default is None else str(default)
        lines.append(f"| {name} | {shown} | {query.meanings[name]} |")
    if query.answer:
        heading, *rows = (line.split(" | ") for line in query.answer)
        asked = ", ".join(f"{name}={value}" for name, value in query.asked.items())
        lines += ["", f"Asked with {asked}:" if asked else "For example:", ""]
        lines += [_row(heading), _row(["---"] * len(heading)), *(_row(row) for row in rows)]
    return "\n".join([*lines, ""])


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    print(queries_markdown(saved_queries().values()))  # noqa: T201  # this module's command is to print
