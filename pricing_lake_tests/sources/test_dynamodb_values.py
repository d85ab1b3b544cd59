"""DynamoDB's typed values as text: digits kept, types told apart, nothing raised."""

from typing import Any

import pytest
from boto3.dynamodb.types import TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from pricing_lake.sources.dynamodb_values import read_value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"S": "shoes"}, "shoes"),
        ({"S": ""}, ""),
        ({"S": "12.50"}, "12.50"),
        ({"N": "12.5"}, "12.5"),
        ({"N": "12.50"}, "12.50"),
        ({"N": "1E+3"}, "1000"),
        ({"N": "-1.5e-7"}, "-0.00000015"),
        ({"N": "12345678901234567890123456789012345678"}, "12345678901234567890123456789012345678"),
        ({"NULL": True}, None),
        ({"S": "\ud800 half a pair"}, "? half a pair"),
    ],
)
def test_plain_values_are_exact_text(value: dict[str, Any], text: str | None) -> None:
    assert read_value(value) == (text, True)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"BOOL": True}, "true"),
        ({"B": b"\x00\xff"}, "AP8="),
        ({"L": [{"N": "1.10"}, {"S": "a"}, {"B": b"x"}]}, '["1.10", "a", "eA=="]'),
        ({"M": {"b": {"N": "2"}, "a": {"BOOL": False}}}, None),
        ({"SS": ["b", "a"]}, None),
        ({"NS": ["2", "10"]}, None),
        ({"N": "abc"}, '{"N": "abc"}'),
        ({"N": "NaN"}, '{"N": "NaN"}'),
        ({"N": "Infinity"}, '{"N": "Infinity"}'),
        ({"N": "1" * 39}, None),
        ({"N": "1E+999999999"}, None),
        ({"N": 5}, None),
        ({"S": 5}, None),
        ({"S": "a", "N": "1"}, None),
        ({"NULL": False}, None),
        ({"B": "eA=="}, '{"B": "eA=="}'),
        ({"XY": 1}, '{"XY": 1}'),
        ({}, "{}"),
        ("text", '"text"'),
        (None, "null"),
        (7, "7"),
    ],
)
def test_what_is_not_plain_is_told_and_shown(value: Any, text: str | None) -> None:
    found = read_value(value)
    assert not found.is_plain
    assert found.text
    assert text is None or found.text == text


@given(st.decimals(allow_nan=False, allow_infinity=False, places=8, min_value=-(10**20), max_value=10**20))
def test_a_number_survives_the_way_through_dynamodb(number: Any) -> None:
    found = read_value(TypeSerializer().serialize(number))
    assert found.is_plain
    assert type(number)(found.text) == number


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=3), children, max_size=3),
    max_leaves=6,
)
typed_like = st.dictionaries(
    st.sampled_from(["S", "N", "B", "SS", "NS", "BS", "M", "L", "NULL", "BOOL", "Z"]), json_like, max_size=2
)


@given(typed_like | json_like)
def test_nothing_raises_and_everything_can_be_stored(value: Any) -> None:
    text = read_value(value).text
    assert text is None or text.encode()
