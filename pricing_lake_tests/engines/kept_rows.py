"""Asks a query of all rows and of exactly the rows and columns that pruning keeps, without a file in between."""

import duckdb
import pyarrow as pa
from pyiceberg.expressions import AlwaysFalse, AlwaysTrue
from pyiceberg.expressions.visitors import bind
from pyiceberg.io.pyarrow import expression_to_pyarrow
from sqlglot import exp

from pricing_lake.engines.dialect import to_duckdb
from pricing_lake.engines.pruning import Pruning, prune
from pricing_lake.engines.query import prepare
from pricing_lake_tests.engines.athena import InMemory
from pricing_lake_tests.engines.small_sales import SCHEMA, rows

SCHEMAS = {"sales": SCHEMA, "others": SCHEMA}


class KeptRows:
    """The small sales twice, as `sales` and `others`: once whole, once as pruned for the query asked last."""

    def __init__(self) -> None:
        self.rows = rows()
        self.whole = InMemory(SCHEMAS, dict.fromkeys(SCHEMAS, self.rows))
        self.pruned = InMemory(SCHEMAS, {})

    def close(self) -> None:
        """Close both databases."""
        self.whole.connection.close()
        self.pruned.connection.close()

    def check(self, sql: str, **params: object) -> dict[str, int]:
        """Compare both answers; tell how many of the 28 rows were kept of each table."""
        tree = prepare(sql, SCHEMAS, params)
        text, counts = to_duckdb(tree), {}
        for name, pruning in prune(tree, SCHEMAS, evaluate).items():
            kept = self._kept(pruning)
            self.pruned.offer(name, kept)
            counts[name] = kept.num_rows
        expected = self.whole.connection.execute(text).fetchall()
        found = self.pruned.connection.execute(text).fetchall()
        assert sorted(map(repr, found)) == sorted(map(repr, expected))
        return counts

    def _kept(self, pruning: Pruning) -> pa.Table:
        kept = self.rows
        if pruning.row_filter == AlwaysFalse():
            kept = kept.slice(0, 0)
        elif pruning.row_filter != AlwaysTrue():
            kept = kept.filter(expression_to_pyarrow(bind(SCHEMA, pruning.row_filter, case_sensitive=True)))
        return kept.select(list(pruning.columns))


def evaluate(constant: exp.Expr) -> object:
    """Compute an expression without columns; None when it cannot be computed."""
    try:
        ((value,),) = duckdb.execute(f"SELECT {to_duckdb(constant)}").fetchall()
    except duckdb.Error:
        return None
    return value
