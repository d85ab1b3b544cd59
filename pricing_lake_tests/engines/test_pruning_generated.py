"""Pruning loses no row of queries nobody thought of: generated conditions in WHERE and ON of every kind of join."""

from string import Formatter

from hypothesis import given, settings
from hypothesis import strategies as st

from pricing_lake_tests.engines.kept_rows import KeptRows

moments = st.sampled_from(
    [f"TIMESTAMP '2024-{m:02}-{d:02} {h:02}:00:00'" for m in (1, 2, 3) for d in (1, 15) for h in (0, 12)]
)
prices = st.sampled_from(["0", "1.25", "7.5", "20", "30.001", "NULL"])
constants = {
    "sold_date": moments | st.just("NULL"),
    "sold_price": prices,
    "quantity": st.sampled_from(["0", "1", "1 + 1", "3", "NULL"]),
    "tenant_id": st.sampled_from(["'acme'", "'zoo'", "concat('a', 'cme')", "'none'"]),
}


@st.composite
def comparisons(draw: st.DrawFn, aliases: str) -> str:
    column = draw(st.sampled_from(sorted(constants)))
    name = f"{draw(st.sampled_from(aliases))}.{column}"
    first, second = draw(constants[column]), draw(constants[column])
    operator = draw(st.sampled_from(["=", "<", "<=", ">", ">=", "<>", "IS DISTINCT FROM"]))
    understood = [
        f"{name} {operator} {first}",
        f"{first} {operator} {name}",
        f"{name} BETWEEN {first} AND {second}",
        f"{name} IN ({first}, {second})",
        f"{name} IS NULL",
    ]
    opaque = [f"{name} NOT IN ({first}, {second})", f"{name} IS NOT NULL", f"coalesce({name}, {second}) = {second}"]
    return draw(st.sampled_from([*understood, *understood, *opaque, f"NOT ({name} = {first})", "1 = 0"]))


@st.composite
def conditions(draw: st.DrawFn, aliases: str) -> str:
    condition = draw(comparisons(aliases))
    for _ in range(draw(st.integers(0, 2))):
        condition = f"({condition} {draw(st.sampled_from(['AND', 'OR']))} {draw(comparisons(aliases))})"
    return condition


@st.composite
def queries(draw: st.DrawFn) -> str:
    shape = draw(st.sampled_from(SHAPES))
    places = [place for _, place, _, _ in Formatter().parse(shape) if place]
    return shape.format(**{place: draw(conditions(place.rstrip("2"))) for place in places})


KINDS = ("INNER", "LEFT", "RIGHT", "FULL")
TWO = "SELECT a.sale_id, b.sale_id AS other FROM sales a {kind} JOIN {table} b ON a.quantity = b.quantity"
THREE = (
    "SELECT a.sale_id, count(*) AS n FROM sales a {first} JOIN others b ON a.quantity = b.quantity AND {{ab}} "
    "{second} JOIN others c ON b.sale_id = c.sale_id"
)
SHAPES = [
    "SELECT a.sale_id FROM sales a WHERE {a} AND {a2}",
    "SELECT a.sale_id FROM sales a WHERE {a} UNION ALL SELECT a.sale_id FROM sales a WHERE {a2}",
    "WITH s AS (SELECT * FROM sales a WHERE {a}) SELECT count(*) AS n FROM s x, s y WHERE x.quantity = y.quantity",
    "SELECT sale_id FROM sales a WHERE {a} AND EXISTS (SELECT 1 FROM others b WHERE a.quantity = b.quantity AND {ab})",
    "SELECT sale_id FROM sales a WHERE NOT EXISTS (SELECT 1 FROM sales b WHERE a.quantity = b.quantity AND {ab})",
    *(
        TWO.format(kind=kind, table=table) + condition
        for kind in KINDS
        for table in ("sales", "others")
        for condition in (" AND {ab}", " WHERE {ab}", " AND {ab} WHERE {ab2}")
    ),
    *(
        THREE.format(first=first, second=second) + condition + " GROUP BY 1"
        for first in KINDS
        for second in KINDS
        for condition in (" AND {abc}", " WHERE {abc}")
    ),
]


@given(queries())
@settings(max_examples=60, deadline=None, database=None)
def test_generated_conditions_lose_no_row(kept_rows: KeptRows, sql: str) -> None:
    kept_rows.check(sql)
