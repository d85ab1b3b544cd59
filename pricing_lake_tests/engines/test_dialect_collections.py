"""One test per rewrite of aggregates, arrays and maps: the answer Athena documents, asked of DuckDB."""

from datetime import date

import pytest

from pricing_lake.engines.dialect import to_duckdb
from pricing_lake.engines.query import prepare
from pricing_lake.errors import QueryError
from pricing_lake_tests.engines.athena import InMemory
from pricing_lake_tests.engines.typed_rows import SCHEMA, column, total, types


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
