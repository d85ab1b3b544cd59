"""Contracts as docs/tables.md, the data dictionary. `python -m pricing_lake.contracts.as_markdown` prints it."""

from collections.abc import Iterable

from pricing_lake.contracts.all import TABLES
from pricing_lake.contracts.columns import stored_columns
from pricing_lake.contracts.model import Grain, Pii, Severity, Table

_HEADER = """# Tables

Generated from `pricing_lake/contracts`; do not edit. `make docs` writes it, a test compares it.
"""


def tables_markdown(tables: Iterable[Table]) -> str:
    """The whole data dictionary, one section per table in the order given."""
    return "\n".join([_HEADER, *(_section(table) for table in tables)])


def _section(table: Table) -> str:
    partition = ", ".join(
        part.column if part.transform == "identity" else f"{part.transform}({part.column})"
        for part in table.partition_by
    )
    facts = [
        ("key", ", ".join(f"`{name}`" for name in table.key)),
        (
            "one partition",
            "holds the whole table" if table.every is Grain.WHOLE else f"per {table.every} of `{table.window}`",
        ),
        ("Iceberg spec", partition or "none"),
        ("owner", f"`{table.owner}`"),
        (
            "refused when",
            f"more than {table.max_bad_share:.0%} of the rows are bad (and more than {table.few_bad_rows})",
        ),
        ("a column it does not know", f"{table.mode}"),
        ("kept", "for good" if table.retention.days is None else f"{table.retention.days:,} days"),
        ("an empty partition", "is normal" if table.allow_empty else "is refused"),
    ]
    lines = [f"## {table.id}", "", table.grain, ""]
    lines += [f"* {name}: {value}" for name, value in facts]
    lines += ["", "| column | type | required | meaning |", "| --- | --- | --- | --- |"]
    for column in stored_columns(table):
        mark = "" if column.pii is Pii.NONE else f" (PII: {column.pii})"
        lines.append(
            f"| {column.name} | {column.type.athena} | {'yes' if column.required else ''} | {column.doc}{mark} |"
        )
    if table.all_rules or table.references:
        lines += ["", "| broken rule | what holds | severity |", "| --- | --- | --- |"]
        for rule in table.all_rules:
            severity = "row is quarantined" if rule.severity is Severity.CRITICAL else "counted"
            lines.append(f"| {rule.name} | {rule.doc} | {severity if rule.scope == 'row' else rule.severity} |")
        for name, (column, reference) in table.references.items():
            lines.append(f"| {name} | `{column.name}`: {reference.doc} | {Severity.CRITICAL} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    print(tables_markdown(TABLES))  # noqa: T201  # this module's command is to print
