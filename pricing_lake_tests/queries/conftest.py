"""One small star for all tests of the saved queries: built once, only read."""

import pytest

from pricing_lake_tests.marts.small_lake import make_lake
from pricing_lake_tests.queries import small_operations_rows as operations
from pricing_lake_tests.queries import small_star_rows as rows
from pricing_lake_tests.queries.small_star import SmallStar


@pytest.fixture(scope="session")
def star(tmp_path_factory: pytest.TempPathFactory) -> SmallStar:
    # The last two months of sales come in an append of their own: March of acme has two files.
    sales = rows.sales()
    tables = {
        "silver/orders": [rows.orders()],
        "silver/salesforce_leads": [rows.leads()],
        "gold/dim_customer": [rows.customers()],
        "gold/dim_product": [rows.products()],
        "gold/dim_date": [rows.dates()],
        "gold/dim_fx": [rows.rates()],
        "gold/fact_orders": [rows.fact_orders()],
        "gold/fact_sales": [sales[:1], sales[1:]],
        "gold/fact_behavior": [rows.behavior()],
        **operations.tables(),
    }
    return SmallStar(make_lake(tmp_path_factory.mktemp("star"), tables).tables)
