"""One test per rewrite of numbers, text and conditions: the answer Athena documents, asked of DuckDB."""

from decimal import Decimal

import pytest

from pricing_lake.errors import QueryError
from pricing_lake_tests.engines.athena import InMemory
from pricing_lake_tests.engines.typed_rows import column, total, types


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


def test_a_column_goes_before_an_alias_in_where_and_group_by(athena: InMemory) -> None:
    assert athena.answer("SELECT upper(name) AS name FROM t WHERE name = 'a'") == [("A",)]
    assert athena.answer("SELECT name, count(*) AS n FROM t GROUP BY 1 ORDER BY 1 DESC LIMIT 1") == [("b", 1)]


def test_a_common_table_expression_may_carry_the_name_of_its_table(athena: InMemory) -> None:
    sql = "WITH t AS (SELECT name, quantity + 1 AS quantity FROM t) SELECT sum(quantity) AS n FROM t WHERE name = 'a'"
    assert athena.answer(sql) == [(8,)]
