"""Every contract of the lake in flow order, and the look-up by id. Declares nothing itself."""

from pricing_lake.contracts.bronze import RAW_PRODUCT_IMAGES, RAW_SMARTGO_SALES
from pricing_lake.contracts.bronze_carousel import RAW_CAROUSEL_SALES
from pricing_lake.contracts.bronze_customers import (
    RAW_REDSHIFT_BEHAVIOR,
    RAW_SALESFORCE_ACCOUNTS,
    RAW_SALESFORCE_LEADS,
    RAW_SNOWFLAKE_CUSTOMERS,
)
from pricing_lake.contracts.bronze_fx import RAW_FX_RATES
from pricing_lake.contracts.bronze_orders import RAW_ORDERS_DLQ, RAW_ORDERS_STREAM, RAW_SNOWFLAKE_ORDERS
from pricing_lake.contracts.gold_dimensions import DIMENSIONS
from pricing_lake.contracts.gold_facts import FACTS
from pricing_lake.contracts.marts import MARTS
from pricing_lake.contracts.model import Grain, Layer, Table, by_id
from pricing_lake.contracts.quality import QUALITY
from pricing_lake.contracts.silver import SILVER
from pricing_lake.contracts.silver_fx import FX_RATES
from pricing_lake.contracts.silver_orders import ORDERS
from pricing_lake.contracts.silver_people import PEOPLE
from pricing_lake.errors import ContractError

BRONZE = (
    RAW_SMARTGO_SALES,
    RAW_CAROUSEL_SALES,
    RAW_PRODUCT_IMAGES,
    RAW_FX_RATES,
    RAW_ORDERS_STREAM,
    RAW_ORDERS_DLQ,
    RAW_SNOWFLAKE_ORDERS,
    RAW_SNOWFLAKE_CUSTOMERS,
    RAW_REDSHIFT_BEHAVIOR,
    RAW_SALESFORCE_ACCOUNTS,
    RAW_SALESFORCE_LEADS,
)
TABLES: tuple[Table, ...] = (
    *BRONZE,
    *SILVER,
    FX_RATES,
    ORDERS,
    *PEOPLE,
    *DIMENSIONS,
    *FACTS,
    *QUALITY,
    *MARTS,
)
JUDGED_TABLES: tuple[Table, ...] = tuple(
    table for table in TABLES if table.layer in (Layer.BRONZE, Layer.SILVER, Layer.GOLD) and table.every is Grain.DAY
)
"""Tables whose verdicts the quality tables collect: everything that a day brings in before the marts."""
_BY_ID = by_id(TABLES)


def table_called(name: str) -> Table:
    """The contract with this `layer/name` or bare name. Raises ContractError naming the ones that exist."""
    for identity, table in _BY_ID.items():
        if name in (identity, table.name):
            return table
    raise ContractError(f"no table {name!r}; there are {', '.join(_BY_ID)}")
