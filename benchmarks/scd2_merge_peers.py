"""What plain DuckDB takes for versions of customers, from Parquet to Parquet: by a merge, and by making them all anew.

Nothing is judged, hashed or committed. Whoever runs it by hand writes one of the two.
"""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.variants import Work
from pricing_lake.contracts.gold_dimensions import DIM_CUSTOMER
from pricing_lake.contracts.silver_people import CUSTOMERS

MEMORY_LIMIT_MB = 1_024
STATE = tuple(name for name in DIM_CUSTOMER.names if name in CUSTOMERS.names and name != "customer_id")

_KEY = "CAST(md5_number_lower(customer_id || '|' || epoch_us({moment})) >> 1 AS BIGINT)"
_MERGE = f"""
WITH changes AS (
    SELECT changed.*, current.customer_sk AS standing
    FROM read_parquet('{{changes}}') AS changed
    LEFT JOIN (SELECT * FROM read_parquet('{{dimension}}') WHERE is_current) AS current USING (customer_id)
    WHERE ({", ".join(f"changed.{name}" for name in STATE)})
        IS DISTINCT FROM ({", ".join(f"current.{name}" for name in STATE)})
),
closed AS (
    SELECT version.* REPLACE (
        coalesce(version.valid_to, changes.changed_at) AS valid_to,
        version.is_current AND changes.customer_id IS NULL AS is_current
    )
    FROM read_parquet('{{dimension}}') AS version
    LEFT JOIN changes ON version.customer_sk = changes.standing
),
opened AS (
    SELECT
        {_KEY.format(moment="changed_at")} AS customer_sk,
        customer_id,
        {", ".join(STATE)},
        changed_at AS valid_from,
        CAST(NULL AS TIMESTAMPTZ) AS valid_to,
        true AS is_current
    FROM changes
    WHERE NOT is_deleted
)
SELECT {", ".join(DIM_CUSTOMER.names)} FROM closed
UNION ALL BY NAME
SELECT * FROM opened
"""  # noqa: S608  # names of a contract
_REBUILD = f"""
WITH told AS (
    SELECT
        *,
        struct_pack({", ".join(STATE)}) AS state,
        lag(state) OVER versions AS state_before,
        lag(is_deleted) OVER versions AS deleted_before
    FROM read_parquet({{states}})
    WINDOW versions AS (PARTITION BY customer_id ORDER BY changed_at)
),
changes AS (
    SELECT
        *,
        CASE WHEN deleted_before IS NULL THEN least(created_at, changed_at) ELSE changed_at END AS valid_from,
        lead(changed_at) OVER (PARTITION BY customer_id ORDER BY changed_at) AS valid_to
    FROM told
    WHERE deleted_before IS NULL OR is_deleted <> deleted_before
        OR (NOT is_deleted AND state IS DISTINCT FROM state_before)
)
SELECT
    {_KEY.format(moment="valid_from")} AS customer_sk,
    customer_id,
    {", ".join(STATE)},
    valid_from,
    valid_to,
    valid_to IS NULL AS is_current
FROM changes
WHERE NOT is_deleted
"""  # noqa: S608  # names of a contract


def merged(folder: Path, out: Path) -> Work:
    """The changed customers' standing versions are closed and theirs opened. None is new, so none reaches back."""
    import duckdb  # noqa: F401  # loaded before the clock starts

    return lambda: merge(out / "dimension.parquet", folder / "dimension.parquet", folder / "changes.parquet")


def rebuilt(folder: Path, out: Path) -> Work:
    """Every version is made anew of all states, as ours are."""
    import duckdb  # noqa: F401  # loaded before the clock starts

    states = [folder / f"{name}.parquet" for name in ("first", "changes")]
    return lambda: rebuild(out / "dimension.parquet", states)


def merge(target: Path, dimension: Path, changes: Path) -> None:
    """Write the dimension with the changes merged into it."""
    _copy(_MERGE.format(changes=changes, dimension=dimension), target)


def rebuild(target: Path, states: Sequence[Path]) -> None:
    """Write the dimension of these states."""
    _copy(_REBUILD.format(states=[str(path) for path in states]), target)


def _copy(query: str, target: Path) -> None:
    import duckdb

    with duckdb.connect(config={"memory_limit": f"{MEMORY_LIMIT_MB}MB"}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"COPY ({query}) TO '{target}' (FORMAT parquet, COMPRESSION snappy)")
