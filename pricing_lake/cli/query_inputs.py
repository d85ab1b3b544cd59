"""The tables that a saved query reads on this stage; what no source feeds is empty. Runs no query."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pricing_lake.cli.output import note
from pricing_lake.cli.selection import fed_tables, settings_that_feed
from pricing_lake.errors import QueryError
from pricing_lake.stage import Stage

if TYPE_CHECKING:
    from pyiceberg.table import Table as IcebergTable

    from pricing_lake.contracts.model import Table
    from pricing_lake.lake.catalog import Lake


def query_inputs(stage: Stage, lake: "Lake", reads: Sequence["Table"], who: str) -> "dict[str, IcebergTable]":
    """The tables by bare name. One that no source in use feeds is empty, which is told on stderr.

    Raises QueryError for one that is fed and was never published: asking must not create it.
    """
    absent = {table.id for table in reads if not lake.exists(table)}
    due = sorted(absent & {table.id for table in fed_tables(stage)}) if absent else []
    if due:
        raise QueryError(f"{who} reads {', '.join(due)}, not published yet; run `pricing-lake materialize`")
    for table in reads:
        if table.id in absent:
            note(f"{_not_fed(table)}; it counts as empty")
    return {table.name: _empty(lake, table) if table.id in absent else lake.table(table) for table in reads}


def why_absent(stage: Stage, table: "Table") -> str:
    """Why a table was never published, and what to do."""
    if table.id in {fed.id for fed in fed_tables(stage)}:
        return f"{table.id} is not published yet; run `pricing-lake materialize`"
    return f"{_not_fed(table)}; see README.md, Your own shop"


def _not_fed(table: "Table") -> str:
    return f"no source of {table.id} is set up ({', '.join(settings_that_feed(table))})"


def _empty(lake: "Lake", contract: "Table") -> "IcebergTable":
    """The table as it would be before its first commit; the catalog never hears of it."""
    from pyiceberg.catalog.noop import NoopCatalog
    from pyiceberg.io import load_file_io
    from pyiceberg.table import StaticTable
    from pyiceberg.table.metadata import new_table_metadata
    from pyiceberg.table.sorting import UNSORTED_SORT_ORDER

    from pricing_lake.contracts.as_iceberg import iceberg_partition_spec, iceberg_schema

    location = f"{lake.proofs_uri}/{contract.name}"
    spec = iceberg_partition_spec(contract)
    metadata = new_table_metadata(iceberg_schema(contract), spec, UNSORTED_SORT_ORDER, location)
    name = (lake.namespace, contract.name)
    return StaticTable(name, metadata, location, load_file_io(location=location), NoopCatalog(lake.catalog.name))
