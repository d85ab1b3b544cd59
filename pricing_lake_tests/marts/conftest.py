"""One small lake for all tests of the marts: built once, only read."""

import pytest

from pricing_lake_tests.marts import small_lake_rows as rows
from pricing_lake_tests.marts.small_lake import SmallLake, make_lake


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory) -> SmallLake:
    # The last sale of November comes in an append of its own: that month of acme has two files.
    sales = rows.sales()
    late = [sale for sale in sales if sale["sale_id"] == "a14"]
    return make_lake(
        tmp_path_factory.mktemp("marts"),
        {
            "silver/sales_history": [[sale for sale in sales if sale not in late], late],
            "quality/quarantined_rows": [rows.quarantined()],
            "quality/quality_results": [rows.results()],
        },
    )
