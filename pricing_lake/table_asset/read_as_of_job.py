"""The job `read_as_of`: a table or a saved query as it was, kept in a file. Reading at a snapshot is `lake.as_of`.

The file has the rows as they are stored. Dagit, which more people see, is shown a few of them without personal data.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

import dagster as dg
from pydantic import Field

from pricing_lake.contracts.all import table_called
from pricing_lake.contracts.model import Pii, Table
from pricing_lake.contracts.types import VECTOR
from pricing_lake.errors import QueryError
from pricing_lake.partitions import Calendar
from pricing_lake.resources.files import files_at
from pricing_lake.stage import Stage
from pricing_lake.table_asset.policies import RETRY_TRANSIENT, for_good

if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.table import Table as IcebergTable

    from pricing_lake.lake.as_of import AsOf
    from pricing_lake.lake.catalog import Lake

READ_AS_OF_OP = "read_as_of_op"
FOLDER = "as_of"
PREVIEWED = 20


class ReadAsOfConfig(dg.Config):
    """A table or a saved query, and when."""

    table: str = Field(default="", description="The table, such as gold/fact_orders; or name a query.")
    query: str = Field(default="", description="The saved query, such as orders_by_day.")
    when: list[str] = Field(
        default_factory=list, description="A time in UTC or a snapshot id; TABLE=SNAPSHOT for queries; none means now."
    )
    columns: list[str] = Field(default_factory=list, description="Columns of the table; none means all but vectors.")
    parameters: dict[str, str] = Field(default_factory=dict, description="The query's parameters, as text.")
    format: Literal["parquet", "csv"] = Field(default="parquet", description="What kind of file is written.")


def read_as_of_job(stage: Stage) -> dg.JobDefinition:
    """The job on this stage. Its files lie below `as_of/`, in the home or, on AWS, in the stage's bucket."""
    root = stage.aws.root if stage.is_on_aws else f"file://{stage.home}"

    @dg.op(
        name=READ_AS_OF_OP,
        required_resource_keys={"lake", "engine"},
        retry_policy=RETRY_TRANSIENT,
        out=dg.Out(dg.Nothing),
        description="Read at a time or in a snapshot, and keep what was read in a file.",
    )
    def read_as_of_op(context: dg.OpExecutionContext, config: ReadAsOfConfig) -> None:
        from pricing_lake.lake.as_of import where  # here, so that loading the graph stays quick

        with for_good():
            if bool(config.table) == bool(config.query):
                raise QueryError("name a table or a query, one of them")
            name = table_called(config.table).name if config.table else ""
            place, lake = where(config.when, name), context.resources.lake.open()
            if config.table:
                rows, read, shown = _of_table(lake, table_called(config.table), place, config.columns)
            else:
                last = Calendar(stage.start_date, stage.end_date).days.get_last_partition_key()
                asked = date.fromisoformat(last) if last else stage.start_date
                rows, read, shown = _of_query(lake, context.resources.engine, config, place, asked)
        path = f"{FOLDER}/{config.query or name}/{context.run_id}.{config.format}"
        count, preview = _write(rows, root, path, config.format, stage)
        context.add_output_metadata(
            {
                "rows": dg.MetadataValue.int(count),
                "file": dg.MetadataValue.path(f"{root.removeprefix('file://')}/{path}"),
                "snapshots": dg.MetadataValue.json({name: _snapshot(table) for name, table in read.items()}),
                "preview": dg.MetadataValue.md(_as_markdown(preview, shown)),
            }
        )

    @dg.job(
        name="read_as_of",
        description="Keeps a table or a saved query as it was at a time, or in a snapshot, in a file.",
        executor_def=dg.in_process_executor,
    )
    def job() -> None:
        read_as_of_op()

    return job


def stored(lake: "Lake", reads: Sequence[Table], who: str) -> "dict[str, IcebergTable]":
    """The tables by bare name. Raises QueryError for one that was never published: asking must not create it."""
    absent = [table.id for table in reads if not lake.exists(table)]
    if absent:
        raise QueryError(f"{who} reads {', '.join(absent)}, not published yet; run `pricing-lake materialize`")
    return {table.name: lake.table(table) for table in reads}


Read = tuple["pa.RecordBatchReader", "dict[str, IcebergTable]", set[str]]
"""Rows, the tables they were read from, and the columns that Dagit may show."""


def _of_table(lake: "Lake", table: Table, place: "AsOf", columns: Sequence[str]) -> Read:
    tables = place.of_all(stored(lake, [table], table.id), table.id)
    then = tables[table.name]
    known = then.schema().column_names
    unknown = [column for column in columns if column not in known]
    if unknown:
        raise QueryError(f"{table.id} had no column {', '.join(unknown)}; it had {', '.join(known)}")
    wanted = columns or [c.name for c in table.columns if c.type is not VECTOR and c.name in known]
    rows = then.scan(selected_fields=tuple(wanted)).to_arrow_batch_reader()
    return rows, tables, {c.name for c in table.columns if c.pii is Pii.NONE}


def _of_query(lake: "Lake", engine: Any, config: ReadAsOfConfig, place: "AsOf", last: date) -> Read:
    from pricing_lake.queries.saved import saved_query

    query = saved_query(config.query)
    values = query.bind_after(config.parameters, last)
    reads = [table_called(name) for name in query.reads]
    tables = place.of_all(stored(lake, reads, query.name), query.name)
    rows = engine.sql().run(query.sql, tables, values)
    return rows, tables, _impersonal(rows.schema, reads)


def _impersonal(schema: "pa.Schema", reads: Sequence[Table]) -> set[str]:
    """Columns of an answer that hold no personal data, for sure: text under a new name may be anything."""
    import pyarrow as pa

    levels: dict[str, set[Pii]] = {}
    for table in reads:
        for column in table.columns:
            levels.setdefault(column.name, set()).add(column.pii)
    plain = {
        field.name for field in schema if not pa.types.is_string(field.type) and not pa.types.is_nested(field.type)
    }
    return {name for name in schema.names if levels.get(name, {Pii.NONE} if name in plain else set()) == {Pii.NONE}}


def _write(
    rows: "pa.RecordBatchReader", root: str, path: str, form: str, stage: Stage
) -> "tuple[int, list[dict[str, Any]]]":
    """Write the rows as they come, so that no table has to fit into memory; returns their number and the first ones."""
    import pyarrow.csv as pa_csv
    import pyarrow.parquet as pq

    files, folder = files_at(root, stage.aws.region, stage.aws.endpoint)
    whole = f"{folder}/{path}"
    files.create_dir(whole.rpartition("/")[0], recursive=True)
    count, preview = 0, []
    with files.open_output_stream(whole) as stream:
        writer = pq.ParquetWriter(stream, rows.schema) if form == "parquet" else pa_csv.CSVWriter(stream, rows.schema)
        with writer:
            for batch in rows:
                preview += batch.slice(0, max(0, PREVIEWED - count)).to_pylist()
                writer.write_batch(batch)
                count += batch.num_rows
    return count, preview


def _snapshot(table: "IcebergTable") -> str | None:
    """As text: browsers round numbers of that size."""
    snapshot = table.current_snapshot()
    return str(snapshot.snapshot_id) if snapshot else None


def _as_markdown(rows: Sequence[Mapping[str, Any]], shown: set[str]) -> str:
    names = [name for name in (rows[0] if rows else ()) if name in shown]
    if not names:
        return "no rows" if not rows else "no column without personal data"
    lines = [names, ["---"] * len(names), *([_cell(row[name]) for name in names] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: object) -> str:
    return "" if value is None else str(value).replace("|", "/").replace("\n", " ")
