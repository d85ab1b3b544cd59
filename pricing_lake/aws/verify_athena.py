"""Asks Athena one question over the catalog that the lake writes."""

from collections.abc import Iterator

from pricing_lake.aws.athena import Athena
from pricing_lake.aws.findings import Finding, fail, ok
from pricing_lake.contracts.model import Table
from pricing_lake.errors import PricingLakeError

KIND = "athena"


def verify_athena(athena: Athena, table: Table) -> Iterator[Finding]:
    """Count a table's rows: catalog, files, workgroup, result location and rights must all be right for that."""
    try:
        answer = athena.ask(f"SELECT count(*) AS sales FROM {table.name}", {})  # noqa: S608 - a contract's name
    except PricingLakeError as error:
        yield fail(KIND, f"COUNT of {table.id}", str(error), "mend what it says, then verify again")
        return
    if answer.rows.shape != (1, 1):
        rows = f"{answer.rows.num_rows} rows of {answer.rows.num_columns} columns"
        yield fail(KIND, f"COUNT of {table.id}", f"it answered {rows}", "that is no Athena (an emulator?)")
        return
    (count,) = answer.rows.column(0).to_pylist()
    yield ok(KIND, f"COUNT of {table.id}", f"{count:,} rows in {answer.milliseconds / 1_000:.1f} s")
