"""Only plain names become SQL, and always in quotes."""

import pytest

from pricing_lake.errors import ConfigurationError
from pricing_lake.sources.identifiers import TableName, quoted


@pytest.mark.parametrize("name", ["sale id", 'x"; DROP TABLE sales --', "1st", "", "naïve", "x\n", "a.b"])
def test_only_plain_names_become_identifiers(name: str) -> None:
    with pytest.raises(ConfigurationError, match="not a plain name"):
        quoted(name)


def test_a_table_name_is_quoted_part_by_part() -> None:
    assert TableName("shop", "Sales").quoted == '"shop"."Sales"'
    assert TableName("", "order").quoted == '"order"'
    assert str(TableName("shop", "sales")) == "shop.sales"
