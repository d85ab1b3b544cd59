"""Tags and filters as they follow from contracts."""

import pytest

from pricing_lake.contracts.all import TABLES
from pricing_lake.contracts.columns import stored_columns
from pricing_lake.contracts.model import Layer, Pii, Table
from pricing_lake.contracts.silver import SALES_HISTORY
from pricing_lake.errors import ConfigurationError
from pricing_lake.governance.lake_formation import TAGS, cells_filter, table_tags


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.id)
def test_every_column_has_the_level_of_its_contract_and_every_value_is_declared(table: Table) -> None:
    tags = table_tags(table)
    for key, value in tags.table.items():
        assert value in TAGS[key]
    for column in stored_columns(table):
        own = [level for level, names in tags.columns.items() if column.name in names]
        assert [column.pii.value] == (own or [tags.table["pii"]])


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.id)
def test_no_filter_shows_a_column_that_names_a_person_or_a_row_without_a_tenant(table: Table) -> None:
    cells = cells_filter(table, "acme")
    if cells is None:
        assert "tenant_id" not in table.names or table.layer in (Layer.BRONZE, Layer.QUALITY)
        return
    shown = {column.pii for column in stored_columns(table) if column.name in cells.columns}
    assert shown <= {Pii.NONE, Pii.PSEUDONYM}
    assert cells.expression == "tenant_id = 'acme'"


def test_the_filter_of_sales_history_hides_the_seller_s_words_alone() -> None:
    cells = cells_filter(SALES_HISTORY, "acme")
    assert cells is not None
    assert {c.name for c in stored_columns(SALES_HISTORY)} - set(cells.columns) == {"description"}


@pytest.mark.parametrize("tenant", ["a", "Acme", "acme'--", "acme\n", "", "a" * 64])
def test_what_is_no_tenant_is_refused(tenant: str) -> None:
    with pytest.raises(ConfigurationError):
        cells_filter(SALES_HISTORY, tenant)
