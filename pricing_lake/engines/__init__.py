"""SQL over Iceberg tables: what every engine offers and what a scan cost. Each engine is a module of its own.

Athena text ──▶ query ──▶ checked, bound, qualified, typed tree ──▶ dialect ──▶ the engine's text
                (subset, parameters)          └──▶ pruning ──▶ iceberg_scan ──▶ the files to read
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa
from pyiceberg.table import Table


@dataclass(frozen=True)
class InputScan:
    """What one input table costs a query, known before a row is read.

    `bytes_scanned` counts the compressed column chunks of `columns` in the planned files, which is what
    Athena bills; `bytes_total` is the size of every file in the snapshot. `reader` says how rows are read:
    "planned files" (the engine's own Parquet reader), "streamed files" (the same off an object store), "iceberg reader"
    (delete files or an evolved schema) or "nothing" (no file can match).
    """

    name: str
    columns: tuple[str, ...]
    reader: str
    files_scanned: int
    files_total: int
    bytes_scanned: int
    bytes_total: int


@dataclass(frozen=True)
class ScanStats:
    """The scans of one query, in the order of the inputs' names; an input that the query ignores is absent."""

    inputs: tuple[InputScan, ...]


class SqlEngine(Protocol):
    """Runs the lake's Athena SQL subset (see `subset`) over Iceberg tables.

    `sql` is one SELECT with named parameters `:name`; `inputs` maps a table's name, bare or `layer.table`, to the
    table at the snapshot to read. A bare name answers to any schema in the text: on Athena that is the database.
    Rows come in no particular order unless the query says ORDER BY, and the last digits of floating-point sums may
    differ between runs: sort before comparing or hashing.
    """

    @property
    def dialect(self) -> str:
        """Name the SQL that the engine itself speaks, as sqlglot does."""
        ...

    def run(self, sql: str, inputs: Mapping[str, Table], params: Mapping[str, object]) -> pa.RecordBatchReader:
        """Stream the rows of the query; raise QueryError when it cannot be run."""
        ...

    def explain(self, sql: str, inputs: Mapping[str, Table], params: Mapping[str, object]) -> ScanStats:
        """Plan the query without reading a row; raise QueryError when it cannot be planned."""
        ...
