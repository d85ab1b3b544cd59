"""What may be asked at all: one SELECT of the subset, over known tables, with exactly its parameters."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from sqlglot import exp

from pricing_lake.engines.dialect import to_duckdb
from pricing_lake.engines.query import input_tables, prepare
from pricing_lake.errors import QueryError
from pricing_lake_tests.engines.athena import InMemory
from pricing_lake_tests.engines.small_sales import SCHEMA

INPUTS = {"silver.sales": SCHEMA, "gold.sales_facts": SCHEMA}


@pytest.fixture(scope="module")
def memory() -> Iterator[InMemory]:
    empty = InMemory({}, {})
    yield empty
    empty.connection.close()


def names_of(sql: str, **params: object) -> list[str]:
    return [table.name for table in input_tables(prepare(sql, INPUTS, params))]


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("", "0 statements found"),
        ("SELECT 1; SELECT 2", "2 statements found"),
        ("SELECT FROM WHERE", "not valid Athena SQL|could not be resolved|write"),
        ("INSERT INTO sales SELECT * FROM sales", "INSERT is not a query"),
        ("CREATE TABLE x AS SELECT 1 AS y", "CREATE is not a query"),
        ("DROP TABLE sales", "DROP is not a query"),
        ("COPY sales TO 'out.csv'", "COPY is not a query"),
        ("PRAGMA database_list", "PRAGMA is not a query"),
        ("ATTACH 'other.db'", "not valid"),
        ("SET memory_limit = '1GB'", "SET is not a query"),
        ("VALUES (1)", "VALUES is not a query"),
        ("SELECT * FROM read_parquet('sales.parquet')", "read_parquet"),
        ("SELECT * FROM read_csv('/etc/hosts')", "read_csv"),
        ("SELECT * FROM glob('/*')", "not valid|outside"),
        ("SELECT * FROM 'sales.parquet'", "table sales.parquet is not an input"),
        ('SELECT * FROM "/etc/hosts"', "table /etc/hosts is not an input"),
        ("SELECT read_text('/etc/hosts') AS t", "read_text"),
        ("SELECT getenv('HOME') AS t", "getenv"),
        ("SELECT * FROM duckdb_settings()", "duckdb_settings"),
        ("SELECT * FROM query('SELECT 1')", "query"),
        ("SELECT * FROM sales TABLESAMPLE BERNOULLI (10)", "TABLE with sample"),
        ("SELECT * FROM sales FOR VERSION AS OF 3", "TABLE with version"),
        ("WITH RECURSIVE r AS (SELECT 1 AS x) SELECT * FROM r", "WITH with recursive"),
        ("SELECT * FROM sales NATURAL JOIN sales_facts", "JOIN with method"),
        ("SELECT * FROM sales a JOIN (sales b JOIN sales c ON true) ON true", "TABLE with joins"),
        ("SELECT * FROM sales a, LATERAL (SELECT 1 AS x) b", "LATERAL"),
        ("SELECT DISTINCT ON (quantity) * FROM sales", "DISTINCT with on"),
        ("SELECT quantity FROM sales GROUP BY ALL", "GROUP with all"),
        ("SELECT quantity, count(*) AS n FROM sales GROUP BY ROLLUP (quantity)", "rollup|ROLLUP"),
        ("SELECT unnest(ARRAY[1]) AS x", "UNNEST is not a function"),
        ("SELECT current_date AS d", "current_date"),
        ("SELECT rand() AS r", "rand"),
        ("SELECT arbitrary(quantity) AS q FROM sales", "arbitrary"),
        ("SELECT lag(quantity) IGNORE NULLS OVER (ORDER BY sale_id) AS q FROM sales", "IGNORENULLS"),
        ("SELECT regexp_extract('a', 'b') AS x", "regexp_extract"),
        ("SELECT no_such_function(1) AS x", "no_such_function"),
        ("SELECT no_such_column FROM sales", "no_such_column"),
        ("SELECT quantity AS q FROM sales WHERE q = 1", "'q' could not be resolved"),
        ("SELECT * FROM sales a JOIN sales a ON true", "a"),
    ],
)
def test_everything_else_is_refused_in_one_line(sql: str, reason: str) -> None:
    with pytest.raises(QueryError, match=reason) as caught:
        prepare(sql, INPUTS, {})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "call",
    [
        "ceil()",
        "substr('a')",
        "date()",
        "element_at(ARRAY[1])",
        "reduce(ARRAY[1], 0, (s, x) -> s)",
        "reduce(ARRAY[1], 0, s -> s, s -> s)",
        "zip_with(ARRAY[1], ARRAY[1])",
        "zip_with(ARRAY[1], ARRAY[1], x -> x)",
        "zip_with(ARRAY[1], ARRAY[1], 1)",
        "map_agg(1)",
        "map_values()",
        "date_add('fortnight', 1, DATE '2024-01-01')",
        "date_trunc('century', DATE '2024-01-01')",
        "date_trunc('month', 'text')",
        "INTERVAL '1-2' YEAR TO MONTH",
    ],
)
def test_a_call_with_wrong_arguments_is_refused(call: str) -> None:
    with pytest.raises(QueryError) as caught:
        to_duckdb(prepare(f"SELECT {call} AS x", {}, {}))
    assert "\n" not in str(caught.value)


def test_a_refusal_shows_the_expression_in_one_bounded_line() -> None:
    with pytest.raises(QueryError, match=r"^'two lines x+… joins an integer to text"):
        to_duckdb(prepare("SELECT :text || 1 AS x", {}, {"text": "two\nlines " + "x" * 500}))


def test_tables_are_found_by_bare_and_by_two_part_names() -> None:
    assert names_of("SELECT 1 AS x FROM sales") == ["silver.sales"]
    assert names_of("SELECT 1 AS x FROM Silver.SALES") == ["silver.sales"]
    assert names_of("SELECT silver.sales.quantity FROM silver.sales") == ["silver.sales"]
    assert names_of("SELECT 1 AS x FROM sales_facts f JOIN silver.sales s ON true") == [
        "gold.sales_facts",
        "silver.sales",
    ]
    by_bare_name = prepare("SELECT 1 AS x FROM pricing_intelligence_prod.sales", {"sales": SCHEMA}, {})
    assert [table.name for table in input_tables(by_bare_name)] == ["sales"]


def test_an_unknown_or_ambiguous_table_is_named_with_those_that_exist() -> None:
    with pytest.raises(QueryError, match=r"table orders is not an input .* name one of gold.sales_facts, silver.sales"):
        names_of("SELECT * FROM orders")
    with pytest.raises(QueryError, match=r"table bronze\.sales is not an input"):
        names_of("SELECT * FROM bronze.sales")
    with pytest.raises(QueryError, match=r"table sales could be a.sales or b.sales"):
        prepare("SELECT * FROM sales", {"a.sales": SCHEMA, "b.sales": SCHEMA}, {})


def test_a_common_table_expression_is_no_input() -> None:
    nested = "WITH sales AS (SELECT * FROM sales), twice AS (SELECT * FROM sales) SELECT * FROM twice"
    assert names_of(nested) == ["silver.sales"]
    assert names_of("WITH s AS (SELECT 1 AS x) SELECT * FROM S") == []


def test_missing_and_unknown_parameters_are_named() -> None:
    sql = "SELECT * FROM sales WHERE tenant_id = :tenant AND quantity > :least"
    with pytest.raises(QueryError, match="parameter least is missing: the query asks for least, tenant"):
        prepare(sql, INPUTS, {"tenant": "acme"})
    with pytest.raises(QueryError, match="parameter most is unknown: the query asks for least, tenant"):
        prepare(sql, INPUTS, {"tenant": "acme", "least": 1, "most": 9})
    with pytest.raises(QueryError, match="name them"):
        prepare("SELECT * FROM sales WHERE quantity = ?", INPUTS, {})


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        False,
        7,
        -7,
        2**62,
        0.1,
        -1e300,
        Decimal("0.00"),
        Decimal("-12.340"),
        Decimal("1E+3"),
        Decimal("12345678901234567890.123456"),
        "it's \\ \" -- /* ' OR 1=1",
        "",
        date(2024, 2, 29),
        datetime(2024, 2, 29, 23, 59, 59, 123456),
    ],
)
def test_parameters_arrive_unchanged(memory: InMemory, value: object) -> None:
    assert memory.value(":it", it=value) == value


def test_an_aware_moment_arrives_as_the_same_instant(memory: InMemory) -> None:
    given = datetime(2024, 1, 1, 1, tzinfo=timezone(timedelta(hours=2)))
    assert memory.value(":it", it=given) == datetime(2023, 12, 31, 23, tzinfo=UTC)


@pytest.mark.parametrize("value", [b"bytes", ["list"], float("nan"), Decimal("Infinity"), Decimal(10) ** 40])
def test_parameters_that_sql_cannot_carry_are_refused(value: object) -> None:
    with pytest.raises(QueryError, match=r"parameter|DECIMAL holds 38"):
        prepare("SELECT :it AS x", {}, {"it": value})


def test_comments_of_the_query_do_not_reach_the_engine() -> None:
    assert "--" not in to_duckdb(prepare("SELECT 1 AS x -- why\n", {}, {}))
    assert "/*" not in to_duckdb(prepare("SELECT 1 /* why */ AS x", {}, {}))


def test_every_column_carries_its_table() -> None:
    tree = prepare("SELECT a.* FROM sales a JOIN sales b USING (sale_id) WHERE a.quantity > 1", INPUTS, {})
    assert {column.table for column in tree.find_all(exp.Column)} == {"a", "b"}
