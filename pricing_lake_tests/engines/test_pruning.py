"""Pruning may leave rows in, never out: which rows and columns are kept, and that every answer stays the same."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from pyiceberg.expressions import AlwaysTrue, BooleanExpression, GreaterThanOrEqual
from pyiceberg.schema import Schema
from pyiceberg.types import DateType, DoubleType, IntegerType, NestedField, StringType, TimestamptzType

from pricing_lake.engines.pruning import Pruning, prune
from pricing_lake.engines.query import prepare
from pricing_lake_tests.engines.kept_rows import SCHEMAS, KeptRows, evaluate

FEBRUARY = "{0}.sold_date >= TIMESTAMP '2024-02-01 00:00:00' AND {0}.sold_date < TIMESTAMP '2024-03-01 00:00:00'"
FEB_A, FEB_B = FEBRUARY.format("a"), FEBRUARY.format("b")


@pytest.mark.parametrize(
    ("sql", "sales_rows"),
    [
        (f"SELECT sale_id FROM sales a WHERE {FEB_A}", 8),
        (f"SELECT sale_id FROM sales a WHERE tenant_id = 'acme' AND {FEB_A}", 4),
        (f"SELECT sale_id FROM sales a WHERE tenant_id = 'acme' OR ({FEB_A})", 19),
        ("SELECT sale_id FROM sales a WHERE tenant_id = 'acme' OR quantity % 2 = 0", 28),
        ("SELECT sale_id FROM sales WHERE NOT tenant_id = 'acme'", 28),
        ("SELECT sale_id FROM sales WHERE tenant_id IN ('acme', 'none')", 15),
        ("SELECT sale_id FROM sales WHERE tenant_id NOT IN ('acme')", 28),
        ("SELECT sale_id FROM sales WHERE sold_date IS NULL", 1),
        ("SELECT sale_id FROM sales WHERE sold_date IS NULL OR sold_date >= TIMESTAMP '2024-03-01 00:00:00'", 9),
        ("SELECT sale_id FROM sales WHERE sold_price BETWEEN 5 AND 10.00", 5),
        ("SELECT sale_id FROM sales WHERE TIMESTAMP '2024-03-01 00:00:00' <= sold_date", 8),
        ("SELECT sale_id FROM sales WHERE sold_date >= DATE '2024-03-01'", 8),
        ("SELECT sale_id FROM sales WHERE tenant_id = NULL", 28),
        ("SELECT sale_id FROM sales WHERE 1 = 0", 0),
        ("SELECT sale_id FROM sales WHERE 'acme' IS NULL OR tenant_id = 'acme'", 15),
        ("SELECT count(*) AS n FROM sales", 28),
        ("SELECT sum(quantity) AS n FROM sales WHERE tenant_id = 'acme' HAVING sum(quantity) > 0", 15),
        (f"SELECT sale_id, rank() OVER (ORDER BY sold_price) AS place FROM sales a WHERE {FEB_A}", 8),
        (f"SELECT sale_id FROM sales a WHERE {FEB_A} UNION ALL SELECT sale_id FROM sales WHERE quantity = 1", 15),
        (f"SELECT sale_id FROM sales a WHERE {FEB_A} UNION SELECT sale_id FROM sales", 28),
        (f"WITH s AS (SELECT * FROM sales a WHERE {FEB_A}) SELECT x.sale_id FROM s x JOIN s y USING (sale_id)", 8),
        (f"WITH s AS (SELECT * FROM sales) SELECT a.sale_id FROM s a WHERE {FEB_A}", 28),
        (f"WITH sales AS (SELECT * FROM sales a WHERE {FEB_A}) SELECT sale_id FROM sales WHERE quantity = 1", 8),
        (f"SELECT sale_id FROM (SELECT * FROM sales) a WHERE {FEB_A}", 28),
        ("SELECT sale_id FROM sales WHERE sale_id = (SELECT max(sale_id) FROM sales WHERE quantity = 3)", 28),
        ("SELECT (SELECT count(*) FROM sales WHERE quantity = 3) AS n", 6),
        (
            "SELECT a.sale_id, (SELECT count(*) FROM sales b WHERE b.quantity = 3 AND b.tenant_id = a.tenant_id) AS n "
            "FROM sales a WHERE a.quantity = 1",
            15,
        ),
    ],
)
def test_a_query_over_one_table(kept_rows: KeptRows, sql: str, sales_rows: int) -> None:
    assert kept_rows.check(sql) == {"sales": sales_rows}


ON = "a.sale_id % 7 = b.sale_id % 7"


@pytest.mark.parametrize(
    ("joined", "sales_rows", "others_rows"),
    [
        (f"JOIN others b ON {ON} WHERE {FEB_A} AND {FEB_B}", 8, 8),
        (f"JOIN others b ON {ON} AND {FEB_A} AND {FEB_B}", 8, 8),
        (f", others b WHERE {ON} AND {FEB_A}", 8, 28),
        (f"CROSS JOIN others b WHERE {FEB_B} AND a.quantity = 1", 9, 8),
        # What WHERE says of the preserved side filters it; what it says of the other side does if NULLs fail it.
        (f"LEFT JOIN others b ON {ON} WHERE {FEB_A}", 8, 28),
        (f"LEFT JOIN others b ON {ON} WHERE {FEB_B}", 28, 8),
        (f"LEFT JOIN others b ON {ON} WHERE b.sold_date IS NULL", 28, 28),
        (f"LEFT JOIN others b ON {ON} WHERE b.sale_id IS NULL OR b.quantity = 2", 28, 28),
        (f"LEFT JOIN others b ON {ON} WHERE a.quantity IS NULL", 1, 28),
        # ON of an outer join filters the side that may go unmatched, never the preserved one.
        (f"LEFT JOIN others b ON {ON} AND {FEB_A}", 28, 28),
        (f"LEFT JOIN others b ON {ON} AND {FEB_B}", 28, 8),
        (f"RIGHT JOIN others b ON {ON} AND {FEB_A}", 8, 28),
        (f"RIGHT JOIN others b ON {ON} AND {FEB_B}", 28, 28),
        (f"RIGHT JOIN others b ON {ON} WHERE a.sold_date IS NULL", 28, 28),
        (f"RIGHT JOIN others b ON {ON} WHERE {FEB_A}", 8, 28),
        (f"FULL JOIN others b ON {ON} AND {FEB_A} AND {FEB_B}", 28, 28),
        (f"FULL JOIN others b ON {ON} WHERE {FEB_A}", 8, 28),
        (f"FULL JOIN others b ON {ON} WHERE a.sold_date IS NULL AND {FEB_B}", 28, 8),
        # A later join can fill earlier tables with NULLs, and drop their unmatched rows.
        (f"LEFT JOIN others b ON {ON} JOIN others c ON c.quantity = b.quantity AND {FEB_B}", 28, 28),
        (f"JOIN others b ON {ON} AND {FEB_A} FULL JOIN others c ON c.sale_id = a.sale_id", 8, 28),
        ("JOIN others b USING (sale_id) WHERE a.quantity = 1", 9, 28),
        (f"WHERE EXISTS (SELECT 1 FROM others b WHERE {ON} AND {FEB_B})", 28, 8),
        (f"WHERE NOT EXISTS (SELECT 1 FROM others b WHERE {ON} AND {FEB_B} AND {FEB_A})", 28, 8),
        (f"WHERE a.sale_id NOT IN (SELECT b.sale_id FROM others b WHERE {FEB_B}) AND a.tenant_id = 'zoo'", 12, 8),
    ],
)
def test_a_query_over_two_tables(kept_rows: KeptRows, joined: str, sales_rows: int, others_rows: int) -> None:
    sql = f"SELECT a.sale_id AS left_id, count(*) AS n FROM sales a {joined} GROUP BY a.sale_id"
    assert kept_rows.check(sql) == {"sales": sales_rows, "others": others_rows}


def test_references_with_different_ranges_are_or_ed(kept_rows: KeptRows) -> None:
    sql = (
        "SELECT now.sale_id, before.sale_id AS earlier FROM sales now LEFT JOIN sales before "
        "ON before.quantity = now.quantity AND before.sold_date < TIMESTAMP '2024-02-01 00:00:00' "
        "WHERE now.sold_date >= TIMESTAMP '2024-03-01 00:00:00'"
    )
    assert kept_rows.check(sql) == {"sales": 19}  # January of both and their gaps, and March


def test_expressions_over_parameters_are_computed_first(kept_rows: KeptRows) -> None:
    sql = (
        "SELECT sale_id FROM sales WHERE sold_date >= date_add('month', -:months, :end) AND sold_date < :end "
        "AND (:tenant IS NULL OR tenant_id = :tenant) AND sold_price >= :low * 2"
    )
    period = {"end": datetime(2024, 3, 1), "months": 1, "low": Decimal("2.5")}
    assert kept_rows.check(sql, **period, tenant="acme") == {"sales": 4}
    assert kept_rows.check(sql, **period, tenant=None) == {"sales": 8}
    as_dates = "SELECT sale_id FROM sales WHERE sold_date >= date_trunc('month', :day) + INTERVAL '1' MONTH"
    assert kept_rows.check(as_dates, day=date(2024, 1, 31)) == {"sales": 16}


def prunings(sql: str) -> dict[str, Pruning]:
    return prune(prepare(sql, SCHEMAS, {}), SCHEMAS, evaluate)


def test_columns_are_those_named_anywhere_in_the_tables_order() -> None:
    sql = (
        "SELECT sum(a.quantity) AS n FROM sales a WHERE a.tenant_id = 'acme' GROUP BY a.sold_date ORDER BY max(sale_id)"
    )
    assert prunings(sql)["sales"].columns == ("sale_id", "tenant_id", "sold_date", "quantity")
    assert prunings("SELECT count(*) AS n FROM sales")["sales"].columns == ("sale_id",)
    assert len(prunings("SELECT * FROM sales")["sales"].columns) == 5
    two = prunings("SELECT a.quantity FROM sales a JOIN others b ON a.sale_id = b.sale_id AND b.sold_price > 1")
    assert two["sales"].columns == ("sale_id", "quantity")
    assert two["others"].columns == ("sale_id", "sold_price")


TYPED = Schema(
    NestedField(1, "day", DateType(), required=False),
    NestedField(2, "ingested", TimestamptzType(), required=False),
    NestedField(3, "amount", DoubleType(), required=False),
    NestedField(4, "small", IntegerType(), required=False),
    NestedField(5, "name", StringType(), required=False),
)


def filter_of(condition: str, **params: object) -> BooleanExpression:
    tree = prepare(f"SELECT 1 AS x FROM t WHERE {condition}", {"t": TYPED}, params)
    return prune(tree, {"t": TYPED}, evaluate)["t"].row_filter


@pytest.mark.parametrize(
    "condition",
    [
        "amount > 1e0",  # NaN sorts differently
        "small > 3000000000",  # beyond the column's type
        "small > 1.5",
        "day > TIMESTAMP '2024-01-01 12:00:00'",  # a date is never noon
        "name LIKE 'a%'",
        "upper(name) = 'A'",
        "CAST(day AS timestamp) > TIMESTAMP '2024-01-01 00:00:00'",
        "small > (SELECT 1)",
        "small = small",
        "name = CAST(TRY_CAST('x' AS integer) AS varchar)",
    ],
)
def test_what_is_not_understood_filters_nothing(condition: str) -> None:
    assert filter_of(condition) == AlwaysTrue()


def test_moments_are_compared_in_utc() -> None:
    midnight: Callable[..., BooleanExpression] = GreaterThanOrEqual
    expected = midnight("ingested", datetime(2024, 1, 1, tzinfo=UTC))
    assert filter_of("ingested >= TIMESTAMP '2024-01-01 02:00:00 Africa/Cairo'") == expected
    assert filter_of("ingested >= :m", m=datetime(2024, 1, 1)) == expected
    assert filter_of("ingested >= DATE '2024-01-01'") == expected
