"""Renders a prepared Athena query as DuckDB SQL. sqlglot does the syntax, the table below what sqlglot gets wrong.

Types decide many rewrites; an expression whose type cannot be inferred is refused there, never guessed at.

| Athena | DuckDB | why |
| --- | --- | --- |
| timestamp(0), (3), (6) | TIMESTAMP | DuckDB keeps microseconds always: a cast to fewer digits does not round |
| 0.5 | CAST('0.5' AS DECIMAL(1, 1)) | Athena's type of the literal |
| DECIMAL without precision | refused | engines disagree: (38, 0), (18, 3), (10, 0) |
| int / int | int // int | integer division truncates |
| decimal / number, AVG(decimal) | refused | Athena rounds to the operand's scale: write CAST(x AS double) |
| CAST(double AS bigint) | CAST(ROUND(x) AS BIGINT) | halves go away from zero, not to even |
| CAST(text AS bigint), TRY_CAST | digits only | '2.5' and ' 7' are no integers in Athena |
| CAST(double or timestamp AS varchar) | refused | spelled differently: write date_format |
| SUM(int) | CAST(SUM(x) AS BIGINT) | DuckDB answers a 128-bit integer |
| COUNT_IF(c) | COUNT(CASE WHEN c THEN 1 END) | same |
| width_bucket(x, low, high, n) | CASE | missing |
| log10, log2 | LOG10, LOG2 | LOG(10, 1000) is not 3 |
| date_trunc, date_add, date ± interval on a DATE | CAST(… AS DATE) | DuckDB answers a timestamp |
| date_diff(unit, a, b) | DATE_SUB(unit, a, b) | complete units, not boundaries crossed |
| date_format, date_parse | STRFTIME, STRPTIME | only %Y %y %m %d %H %i %s %j %b %M %a %W |
| concat and pipes | pipes | NULL if any part is NULL; text only |
| trim, ltrim, rtrim | with the white space spelled out | DuckDB trims blanks only |
| approx_percentile(x, p or ARRAY) | QUANTILE_DISC | exact, so that a re-materialisation is the same |
| approx_distinct(x) | COUNT(DISTINCT x) | exact, likewise |
| max_by, min_by | ARG_MAX_NULL, ARG_MIN_NULL | the value may be NULL |
| array_agg without ORDER BY | refused | its order would differ from run to run |
| map_agg(k, v) | MAP_FROM_ENTRIES(LIST(ROW(k, v) ORDER BY k)) | missing; duplicate keys raise |
| reduce(zip_with(a, b, x*y), 0, s+x, s) | LIST_DOT_PRODUCT(a, b) | the way to write a dot product, at full speed |
| reduce, zip_with, transform, filter | LIST_REDUCE, LIST_TRANSFORM, LIST_FILTER | syntax; output lambda applied |
| cardinality(map) | CARDINALITY | sqlglot takes every argument for an array |
| sequence(a, b) | GENERATE_SERIES(a, b, ±1) | counts down when b < a; dates stay dates |
| array[i] with a computed i | refused | sqlglot shifts it by one |

Ordering needs no rewrite: both put NULLs last, ascending and descending. Where Athena raises (a missing map
key, a subscript out of range), DuckDB may answer NULL.
"""

from collections.abc import Callable
from typing import Any

from sqlglot import ErrorLevel, exp
from sqlglot.errors import UnsupportedError
from sqlglot.generators.duckdb import DuckDBGenerator

from pricing_lake.engines.rewrites import aggregates, arrays, numbers, text, times
from pricing_lake.errors import QueryError

_REWRITES: dict[type[exp.Expr], Callable[[Any, Any], str]] = {
    **numbers.REWRITES,
    **times.REWRITES,
    **text.REWRITES,
    **aggregates.REWRITES,
    **arrays.REWRITES,
}


class _DuckDbGenerator(DuckDBGenerator):
    TRANSFORMS = {**DuckDBGenerator.TRANSFORMS, **_REWRITES}  # noqa: RUF012


def to_duckdb(tree: exp.Expr) -> str:
    """Render a prepared query, or an expression of one, as DuckDB SQL with the meaning it has on Athena.

    Raises QueryError where DuckDB cannot be made to agree.
    """
    rendered = aggregates.with_bigint_sums(tree)
    try:
        return _DuckDbGenerator(dialect="duckdb", comments=False, unsupported_level=ErrorLevel.RAISE).generate(
            rendered, copy=False
        )
    except UnsupportedError as error:
        raise QueryError(f"DuckDB cannot run this query: {str(error).splitlines()[0]}") from None
