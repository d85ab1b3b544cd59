"""Every mart's contract, in the order of the catalogue. The declarations live in the `marts_*` modules beside it."""

from pricing_lake.contracts.marts_by_sale import COMPARABLES, HIGH_VALUE_PRODUCTS
from pricing_lake.contracts.marts_comparison import (
    BRAND_PERFORMANCE,
    CATEGORY_BRAND_MATRIX,
    CONDITION_IMPACT,
    SEASON_PERFORMANCE,
    SOURCE_COMPARISON,
)
from pricing_lake.contracts.marts_operations import DATA_QUALITY_DAILY, TENANT_MONTH_SALES
from pricing_lake.contracts.marts_sales import MONTHLY_SALES_TREND, PRICE_DISTRIBUTION, SALES_BY_CATEGORY_MONTH
from pricing_lake.contracts.model import Table

MARTS: tuple[Table, ...] = (
    SALES_BY_CATEGORY_MONTH,
    BRAND_PERFORMANCE,
    CONDITION_IMPACT,
    CATEGORY_BRAND_MATRIX,
    SOURCE_COMPARISON,
    MONTHLY_SALES_TREND,
    HIGH_VALUE_PRODUCTS,
    COMPARABLES,
    TENANT_MONTH_SALES,
    DATA_QUALITY_DAILY,
    PRICE_DISTRIBUTION,
    SEASON_PERFORMANCE,
)
