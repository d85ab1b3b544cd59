"""One test per rewrite: Athena's answer, worked out from its documentation, against DuckDB's for the translation."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.schema import Schema
from pyiceberg.types import (
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    IntegerType,
    ListType,
    MapType,
    NestedField,
    StringType,
    TimestampType,
    TimestamptzType,
)

from pricing_lake.engines.dialect import to_duckdb
from pricing_lake.engines.query import prepare
from pricing_lake.errors import QueryError
from pricing_lake_tests.engines.athena import InMemory

SCHEMA = Schema(
    NestedField(1, "name", StringType(), required=False),
    NestedField(2, "price", DecimalType(10, 2), required=False),
    NestedField(3, "amount", DoubleType(), required=False),
    NestedField(4, "quantity", IntegerType(), required=False),
    NestedField(5, "day", DateType(), required=False),
    NestedField(6, "moment", TimestampType(), required=False),
    NestedField(7, "ingested", TimestamptzType(), required=False),
    NestedField(8, "good", BooleanType(), required=False),
    NestedField(9, "vector", ListType(10, DoubleType(), element_required=False), required=False),
    NestedField(11, "counts", MapType(12, StringType(), 13, IntegerType(), value_required=False), required=False),
)
ROWS: list[dict[str, Any]] = [
    {
        "name": "a", "price": Decimal("1.50"), "amount": 2.5, "quantity": 7, "day": date(2024, 1, 31),
        "moment": datetime(2024, 1, 31, 23), "ingested": datetime(2024, 1, 31, 23, tzinfo=UTC), "good": True,
        "vector": [1.0, 2.0], "counts": {"x": 1},
    },
    {
        "name": "b", "price": Decimal("2.25"), "amount": -2.5, "quantity": -7, "day": date(2024, 2, 29),
        "moment": datetime(2024, 2, 29, 1), "ingested": datetime(2024, 2, 29, 1, tzinfo=UTC), "good": False,
        "vector": [3.0, 4.0], "counts": {"x": 2, "y": 3},
    },
    dict.fromkeys(["name", "price", "amount", "quantity", "day", "moment", "ingested", "good", "vector", "counts"]),
]  # fmt: skip


@pytest.fixture(scope="module")
def athena() -> Iterator[InMemory]:
    memory = InMemory({"t": SCHEMA}, {"t": pa.Table.from_pylist(ROWS, schema=schema_to_pyarrow(SCHEMA))})
    yield memory
    memory.connection.close()


def column(athena: InMemory, expression: str, **params: object) -> list[Any]:
    """Values of an expression for row a, row b and the row of NULLs."""
    return [value for (value,) in athena.answer(f"SELECT {expression} AS value FROM t ORDER BY name", **params)]


def total(athena: InMemory, expression: str) -> Any:
    """Value of an aggregate over the three rows."""
    ((value,),) = athena.answer(f"SELECT {expression} AS value FROM t")
    return value


# --- numbers ---------------------------------------------------------------------------------------------------------


def test_integer_division_truncates_towards_zero(athena: InMemory) -> None:
    assert column(athena, "quantity / 2") == [3, -3, None]
    assert athena.value("9007199254740993 / 1") == 9007199254740993  # a detour over doubles would lose the 3


def test_division_with_a_double_stays_a_double(athena: InMemory) -> None:
    assert column(athena, "quantity / 2e0") == [3.5, -3.5, None]
    assert column(athena, "price / CAST(quantity AS double)") == [1.5 / 7, 2.25 / -7, None]


@pytest.mark.parametrize(
    "expression", ["price / 2", "price / price", "sum(price) / count(*)", "quantity / 2.0", "1 - sum(price) / 3"]
)
def test_decimal_division_is_refused(athena: InMemory, expression: str) -> None:
    with pytest.raises(QueryError, match=r"divides .*: write CAST\(… AS double\)"):
        athena.answer(f"SELECT {expression} FROM t GROUP BY price, quantity")


def test_average_of_a_decimal_is_refused(athena: InMemory) -> None:
    for average in ("avg(price)", "avg(price * 0.5)", "avg(DISTINCT price)", "avg(price) OVER ()"):
        with pytest.raises(QueryError, match=r"averages a decimal: write AVG\(CAST"):
            athena.answer(f"SELECT {average} FROM t")
    assert total(athena, "avg(CAST(price AS double))") == 1.875
    assert total(athena, "avg(quantity)") == 0.0


def test_decimal_literals_are_decimals(athena: InMemory) -> None:
    assert athena.value("0.1 + 0.2 = 0.3") is True
    assert athena.value("1.50 * 3") == Decimal("4.50")
    assert column(athena, "price * 0.5") == [Decimal("0.750"), Decimal("1.125"), None]


def test_decimal_without_precision_is_refused(athena: InMemory) -> None:
    for bare in ("CAST(price AS decimal)", "DECIMAL '19.99'", "TRY_CAST(name AS decimal(10))"):
        with pytest.raises(QueryError, match="write DECIMAL"):
            athena.answer(f"SELECT {bare} FROM t")
    assert column(athena, "CAST(amount AS decimal(10, 1))") == [Decimal("2.5"), Decimal("-2.5"), None]


def test_cast_of_a_double_to_an_integer_rounds_halves_away_from_zero(athena: InMemory) -> None:
    assert column(athena, "CAST(amount AS bigint)") == [3, -3, None]
    assert column(athena, "CAST(CAST(amount AS decimal(4, 1)) AS integer)") == [3, -3, None]


def test_cast_of_text_to_an_integer_takes_digits_only(athena: InMemory) -> None:
    assert athena.value("CAST('-12' AS bigint)") == -12
    for text in ("2.5", " 7", "", "x"):
        assert athena.value("TRY_CAST(:text AS bigint)", text=text) is None
    assert column(athena, "TRY_CAST(name AS bigint)") == [None, None, None]


def test_try_cast_answers_null_where_cast_raises(athena: InMemory) -> None:
    assert athena.value("TRY_CAST('x' AS double)") is None
    assert athena.value("TRY_CAST('2024-02-30' AS date)") is None
    assert athena.value("TRY_CAST('1.255' AS decimal(10, 2))") == Decimal("1.26")


def test_cast_to_text_prints_what_engines_print_alike(athena: InMemory) -> None:
    assert column(athena, "CAST(price AS varchar)") == ["1.50", "2.25", None]
    assert column(athena, "CAST(day AS varchar)") == ["2024-01-31", "2024-02-29", None]
    for other in ("amount", "moment", "ingested"):
        with pytest.raises(QueryError, match="engines spell differently"):
            column(athena, f"CAST({other} AS varchar)")
    with pytest.raises(QueryError, match="write substr"):
        column(athena, "CAST(name AS varchar(3))")


def types(athena: InMemory, expressions: str) -> list[str]:
    relation = athena.connection.sql(to_duckdb(prepare(f"SELECT {expressions} FROM t", {"t": SCHEMA}, {})))
    assert relation is not None
    return [str(kind) for kind in relation.types]


def test_sum_of_integers_is_a_bigint(athena: InMemory) -> None:
    assert types(athena, "sum(quantity), sum(quantity) FILTER (WHERE quantity > 0)") == ["BIGINT"] * 2
    assert types(athena, "sum(quantity) OVER (ORDER BY quantity)") == ["BIGINT"]
    assert total(athena, "sum(DISTINCT quantity) + sum(quantity) / 2") == 0


def test_logarithms_of_named_bases_are_exact(athena: InMemory) -> None:
    assert athena.value("log10(1000)") == 3.0
    assert athena.value("log2(8)") == 3.0
    with pytest.raises(QueryError, match="use ln, log2 or log10"):
        athena.value("log(3, 9)")


@pytest.mark.parametrize(
    ("value", "bucket"), [("-1", 0), ("0", 1), ("1.99", 1), ("2", 2), ("9.99", 5), ("10", 6), ("11", 6), ("NULL", None)]
)
def test_width_bucket(athena: InMemory, value: str, bucket: int | None) -> None:
    assert athena.value(f"width_bucket(CAST({value} AS double), 0, 10, 5)") == bucket


# --- dates and timestamps --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["timestamp", "timestamp(0)", "timestamp(3)", "timestamp(6)"])
def test_timestamps_of_every_precision_are_timestamps(athena: InMemory, kind: str) -> None:
    assert column(athena, f"CAST(day AS {kind})") == [datetime(2024, 1, 31), datetime(2024, 2, 29), None]
    assert athena.value("TIMESTAMP '2024-01-01 00:00:00.123'") == datetime(2024, 1, 1, 0, 0, 0, 123000)


def test_timestamp_literal_with_a_zone_keeps_its_instant(athena: InMemory) -> None:
    assert athena.value("TIMESTAMP '2024-01-01 02:00:00 Europe/Paris' = TIMESTAMP '2024-01-01 01:00:00 UTC'") is True


def test_date_trunc_keeps_the_type(athena: InMemory) -> None:
    assert column(athena, "date_trunc('month', day)") == [date(2024, 1, 1), date(2024, 2, 1), None]
    assert column(athena, "date_trunc('day', moment)") == [datetime(2024, 1, 31), datetime(2024, 2, 29), None]
    assert athena.value("date_trunc('week', DATE '2024-03-03')") == date(2024, 2, 26)  # weeks begin on Monday
    with pytest.raises(QueryError, match="has the unit century: use day, hour"):
        column(athena, "date_trunc('century', moment)")


def test_date_add_keeps_the_type_and_clamps_to_the_month(athena: InMemory) -> None:
    assert column(athena, "date_add('month', 1, day)") == [date(2024, 2, 29), date(2024, 3, 29), None]
    assert column(athena, "date_add('hour', quantity, moment)") == [
        datetime(2024, 2, 1, 6),
        datetime(2024, 2, 28, 18),
        None,
    ]


def test_interval_arithmetic_keeps_the_type(athena: InMemory) -> None:
    assert column(athena, "day + INTERVAL '1' MONTH") == [date(2024, 2, 29), date(2024, 3, 29), None]
    assert column(athena, "INTERVAL '1' DAY + day") == [date(2024, 2, 1), date(2024, 3, 1), None]
    assert column(athena, "moment - INTERVAL '1' DAY") == [datetime(2024, 1, 30, 23), datetime(2024, 2, 28, 1), None]
    with pytest.raises(QueryError, match="use date_diff or date_add"):
        column(athena, "moment - moment")
    with pytest.raises(QueryError, match="is not INTERVAL 'whole number' UNIT"):
        column(athena, "moment - INTERVAL '1.5' DAY")


@pytest.mark.parametrize(
    ("unit", "start", "end", "difference"),
    [
        ("day", "2024-01-01 23:00:00", "2024-01-02 01:00:00", 0),
        ("day", "2024-01-02 01:00:00", "2024-01-01 00:00:00", -1),
        ("hour", "2024-01-01 00:59:00", "2024-01-01 02:00:00", 1),
        ("week", "2024-01-05 00:00:00", "2024-01-12 00:00:00", 1),
        ("month", "2024-01-31 10:00:00", "2024-02-29 10:00:00", 1),
        ("month", "2024-01-31 10:00:00", "2024-02-29 09:00:00", 0),
        ("year", "2024-02-29 00:00:00", "2025-02-28 00:00:00", 1),
    ],
)
def test_date_diff_counts_complete_units(athena: InMemory, unit: str, start: str, end: str, difference: int) -> None:
    assert athena.value(f"date_diff('{unit}', TIMESTAMP '{start}', TIMESTAMP '{end}')") == difference


def test_date_format_and_date_parse(athena: InMemory) -> None:
    assert column(athena, "date_format(moment, '%Y-%m-%d %H:%i:%s')")[0] == "2024-01-31 23:00:00"
    assert column(athena, "date_format(day, '%b %M %a %W %j %y')")[0] == "Jan January Wed Wednesday 031 24"
    assert athena.value("date_parse('04/03/2024 05:06', '%d/%m/%Y %H:%i')") == datetime(2024, 3, 4, 5, 6)
    for specifier in ("%f", "%v", "%e"):
        with pytest.raises(QueryError, match="has a format outside"):
            column(athena, f"date_format(day, '{specifier}')")
        with pytest.raises(QueryError, match="has a format outside"):
            column(athena, f"date_parse(name, '{specifier}')")


def test_parts_of_a_date(athena: InMemory) -> None:
    parts = "year(day), quarter(day), month(day), week(day), day_of_month(day), day_of_week(day), day_of_year(day)"
    assert athena.answer(
        f"SELECT {parts}, extract(month FROM day), last_day_of_month(day) FROM t WHERE name = 'a'"
    ) == [(2024, 1, 1, 5, 31, 3, 31, 1, date(2024, 1, 31))]
    assert athena.value("day_of_week(DATE '2024-03-03')") == 7  # Sunday is the seventh day
    with pytest.raises(QueryError, match="use a function such as day_of_week"):
        athena.value("extract(dow FROM DATE '2024-03-03')")


# --- text ------------------------------------------------------------------------------------------------------------


def test_concatenation_with_null_is_null(athena: InMemory) -> None:
    assert column(athena, "concat('x', name)") == ["xa", "xb", None]
    assert column(athena, "'x' || name") == ["xa", "xb", None]
    assert column(athena, "concat_ws('-', name, 'x', NULL)") == ["a-x", "b-x", "x"]
    for mixed in ("name || quantity", "concat(name, quantity)", "concat_ws('-', name, quantity)"):
        with pytest.raises(QueryError, match="joins an integer to text"):
            column(athena, mixed)


def test_trim_removes_all_white_space(athena: InMemory) -> None:
    assert athena.value("trim(:text) || '|' || ltrim(:text) || '|' || rtrim(:text)", text="\t a \n") == "a|a \n|\t a"


def test_positions_in_text_count_from_one(athena: InMemory) -> None:
    assert athena.value("substr('abcd', 2, 2) || substr('abcd', -2) || CAST(strpos('abcd', 'c') AS varchar)") == "bccd3"
    with pytest.raises(QueryError, match="positions count from 1"):
        athena.value("substr('abcd', 0, 2)")


# --- conditions ------------------------------------------------------------------------------------------------------


def test_if_and_case(athena: InMemory) -> None:
    assert column(athena, "IF(quantity > 0, 'up', 'down')") == ["up", "down", "down"]
    assert column(athena, "IF(quantity > 0, 'up')") == ["up", None, None]
    assert column(athena, "CASE name WHEN 'a' THEN 1 ELSE 2 END") == [1, 2, 2]


def test_greatest_and_least_are_null_if_any_is(athena: InMemory) -> None:
    assert column(athena, "greatest(quantity, 0)") == [7, 0, None]
    assert column(athena, "least(quantity, 0)") == [0, -7, None]


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
def test_nulls_come_last_in_both_directions(athena: InMemory, direction: str) -> None:
    ordered = [name for (name,) in athena.answer(f"SELECT name FROM t ORDER BY name {direction}")]
    assert ordered[-1] is None
    assert ordered[:2] == sorted(ordered[:2], reverse=direction == "DESC")
    ranks = dict(athena.answer(f"SELECT name, row_number() OVER (ORDER BY name {direction}) AS place FROM t"))
    assert ranks[None] == 3
    first = [name for (name,) in athena.answer(f"SELECT name FROM t ORDER BY name {direction} NULLS FIRST")]
    assert first[0] is None


def test_text_compared_with_a_number_or_a_time_is_refused(athena: InMemory) -> None:
    for condition in ("moment >= '2024-01-01'", "quantity = '7'", "day BETWEEN '2024-01-01' AND day", "price IN ('1')"):
        with pytest.raises(QueryError, match="with text: write TIMESTAMP"):
            athena.answer(f"SELECT name FROM t WHERE {condition}")


# --- aggregates ------------------------------------------------------------------------------------------------------


def test_approx_percentile_is_the_exact_discrete_quantile(athena: InMemory) -> None:
    values = "(VALUES (1), (2), (3), (4)) AS v(x)"
    assert athena.answer(
        f"SELECT approx_percentile(x, 0.5), approx_percentile(x, ARRAY[0.25, 0.75]) FROM {values}"
    ) == [(2, [1, 3])]
    assert total(athena, "approx_percentile(price, 0.5)") == 1.5  # a double, as Athena has it
    with pytest.raises(QueryError, match=r"approx_percentile\(\) with weight"):
        total(athena, "approx_percentile(price, quantity, 0.5)")


def test_approx_distinct_is_exact(athena: InMemory) -> None:
    ((count,),) = athena.answer("SELECT approx_distinct(x) AS n FROM UNNEST(sequence(1, 5000)) AS v(x)")
    assert count == 5000


def test_count_if(athena: InMemory) -> None:
    assert total(athena, "count_if(good)") == 1
    assert total(athena, "count_if(quantity > 100)") == 0
    assert total(athena, "count_if(good) FILTER (WHERE quantity < 0)") == 0
    assert types(athena, "count_if(good)") == ["BIGINT"]


def test_max_by_and_min_by_keep_a_null_value(athena: InMemory) -> None:
    values = "(VALUES (CAST(NULL AS varchar), 1), ('middle', 2), (NULL, 3), ('without', NULL)) AS v(x, y)"
    assert athena.answer(f"SELECT max_by(x, y), min_by(x, y), min_by(y, x) FROM {values}") == [(None, None, 2)]


def test_array_agg_keeps_nulls_and_needs_an_order(athena: InMemory) -> None:
    assert total(athena, "array_agg(name ORDER BY name DESC)") == ["b", "a", None]
    with pytest.raises(QueryError, match=r"write array_agg\(x ORDER BY …\)"):
        total(athena, "array_agg(name)")


def test_map_agg_skips_null_keys(athena: InMemory) -> None:
    assert total(athena, "map_agg(name, quantity)") == {"a": 7, "b": -7}
    assert athena.answer("SELECT map_agg(name, quantity) FROM t WHERE name IS NULL") == [(None,)]


# --- arrays and maps -------------------------------------------------------------------------------------------------

DOT = "reduce(zip_with(vector, {other}, (x, y) -> x * y), 0e0, (s, x) -> s + x, s -> s)"


def test_dot_product_written_as_reduce_of_zip_with(athena: InMemory) -> None:
    assert column(athena, DOT.format(other="ARRAY[2e0, 10e0]")) == [22.0, 46.0, None]
    assert column(athena, DOT.format(other="ARRAY[2e0]")) == [None, None, None]  # padded with NULL, the sum is NULL
    text = to_duckdb(prepare(f"SELECT {DOT.format(other='vector')} FROM t", {"t": SCHEMA}, {}))
    assert "LIST_DOT_PRODUCT" in text
    assert "LIST_REDUCE" not in text


def test_cosine_written_with_norms(athena: InMemory) -> None:
    norm = "sqrt(reduce(transform({0}, x -> x * x), CAST(0 AS double), (s, x) -> s + x, s -> s))"
    other = "ARRAY[2e0, 4e0]"
    cosine = f"{DOT.format(other=other)} / ({norm.format('vector')} * {norm.format(other)})"
    assert column(athena, f"round({cosine}, 12)") == [1.0, round(22 / (5 * 20**0.5), 12), None]


def test_reduce_applies_its_output_function(athena: InMemory) -> None:
    assert column(athena, "reduce(vector, 1e0, (s, x) -> s * x, s -> s + 1)") == [3.0, 13.0, None]
    assert column(athena, "reduce(vector, 0e0, (s, x) -> x - s, s -> s)") == [1.0, 1.0, None]
    root = "reduce(zip_with(vector, vector, (x, y) -> x * y), 0e0, (s, x) -> s + x, s -> sqrt(s))"
    assert column(athena, root) == [5**0.5, 5.0, None]


def test_zip_with_pads_the_shorter_array(athena: InMemory) -> None:
    assert column(athena, "zip_with(vector, ARRAY[10e0], (x, y) -> coalesce(x, 0) + coalesce(y, 0))") == [
        [11.0, 2.0],
        [13.0, 4.0],
        None,
    ]


def test_transform_and_filter(athena: InMemory) -> None:
    assert column(athena, "transform(vector, v -> v * 2)") == [[2.0, 4.0], [6.0, 8.0], None]
    assert column(athena, "filter(vector, v -> v > 1)") == [[2.0], [3.0, 4.0], None]


def test_cardinality_of_arrays_and_maps(athena: InMemory) -> None:
    assert column(athena, "cardinality(vector)") == [2, 2, None]
    assert column(athena, "cardinality(counts)") == [1, 2, None]


def test_element_at_and_subscripts(athena: InMemory) -> None:
    assert column(athena, "element_at(vector, 1)") == [1.0, 3.0, None]
    assert column(athena, "element_at(vector, -1)") == [2.0, 4.0, None]
    assert column(athena, "vector[2]") == [2.0, 4.0, None]
    assert column(athena, "element_at(counts, 'y')") == [None, 3, None]
    assert column(athena, "counts['x'] / 2") == [0, 1, None]
    with pytest.raises(QueryError, match="computes a subscript"):
        column(athena, "vector[quantity]")


def test_sequence_counts_both_ways_and_over_dates(athena: InMemory) -> None:
    assert athena.value("sequence(1, 3)") == [1, 2, 3]
    assert athena.value("sequence(3, 1)") == [3, 2, 1]
    months = "sequence(DATE '2024-01-01', DATE '2024-03-01', INTERVAL '1' MONTH)"
    assert athena.value(months) == [date(2024, 1, 1), date(2024, 2, 1), date(2024, 3, 1)]


def test_unnest_drops_rows_without_an_array(athena: InMemory) -> None:
    sql = "SELECT name, place, v FROM t CROSS JOIN UNNEST(vector) WITH ORDINALITY AS u(v, place) ORDER BY name, place"
    assert athena.answer(sql) == [("a", 1, 1.0), ("a", 2, 2.0), ("b", 1, 3.0), ("b", 2, 4.0)]
    for source in ("counts", "vector, vector"):
        with pytest.raises(QueryError, match="unnest one array at a time"):
            athena.answer(f"SELECT v FROM t CROSS JOIN UNNEST({source}) AS u(v, w)")
    with pytest.raises(QueryError, match="use CROSS JOIN UNNEST"):
        athena.answer("SELECT v FROM t LEFT JOIN UNNEST(vector) AS u(v) ON true")


# --- names -----------------------------------------------------------------------------------------------------------


def test_a_column_goes_before_an_alias_in_where_and_group_by(athena: InMemory) -> None:
    assert athena.answer("SELECT upper(name) AS name FROM t WHERE name = 'a'") == [("A",)]
    assert athena.answer("SELECT name, count(*) AS n FROM t GROUP BY 1 ORDER BY 1 DESC LIMIT 1") == [("b", 1)]


def test_a_common_table_expression_may_carry_the_name_of_its_table(athena: InMemory) -> None:
    sql = "WITH t AS (SELECT name, quantity + 1 AS quantity FROM t) SELECT sum(quantity) AS n FROM t WHERE name = 'a'"
    assert athena.answer(sql) == [(8,)]
