"""The real shop's invoice lines as orders, its customers' countries and the bank's rates: into a lake, table by table.

Every line is an order of its own, paid at the invoice's moment; a line of an invoice C… is a cancellation. Who bought
without an account is the customer `guest`, whom no table of customers knows. Nothing else is made up.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from pricing_lake.contracts.as_arrow import own_arrow_schema
from pricing_lake.contracts.bronze_customers import (
    RAW_SALESFORCE_ACCOUNTS,
    RAW_SALESFORCE_LEADS,
    RAW_SNOWFLAKE_CUSTOMERS,
)
from pricing_lake.contracts.bronze_fx import RAW_FX_RATES
from pricing_lake.contracts.bronze_orders import RAW_ORDERS_STREAM, RAW_SNOWFLAKE_ORDERS
from pricing_lake.contracts.model import Table
from pricing_lake.gold.dim_customer import dim_customer
from pricing_lake.gold.dim_date import dim_date
from pricing_lake.gold.dim_fx import dim_fx
from pricing_lake.gold.dim_product import dim_product
from pricing_lake.gold.fact_orders import fact_orders
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.publish import publish
from pricing_lake.lake.verdicts import Verdict
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.resources.calendar import CalendarResource
from pricing_lake.resources.lake import LakeResource
from pricing_lake.resources.masking import MaskingResource
from pricing_lake.silver.customers import customers
from pricing_lake.silver.fx_rates import fx_rates
from pricing_lake.silver.orders import orders
from pricing_lake.table_asset import TableAsset
from pricing_lake_tests.services.online_retail import DATA, RETAIL

RATES = DATA / "ecb_fx" / "eurofxref_long_1999_2022.parquet"
TENANT = "online-retail"
DAYS_AT_ONCE = 31
"""Days of one commit."""
RATES_BEFORE = timedelta(days=7)
"""So many days of rates before the first order: the latest one may be that old."""

_LINES = """
SELECT
    *,
    dense_rank() OVER (
        PARTITION BY InvoiceNo
        ORDER BY StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country
    ) AS line
FROM read_parquet($retail)
WHERE list_contains($days, CAST(InvoiceDate AS DATE))
"""
_ORDERS = f"""
SELECT
    InvoiceNo || '-' || line AS order_id,
    InvoiceDate AT TIME ZONE 'UTC' AS event_ts,
    $tenant AS tenant_id,
    coalesce(CAST(CustomerID AS VARCHAR), 'guest') AS customer_id,
    StockCode AS product_id,
    CAST(NULL AS VARCHAR) AS category,
    CAST(
        CAST(UnitPrice AS DECIMAL(18, 6)) * CASE WHEN InvoiceNo LIKE 'C%' THEN -Quantity ELSE Quantity END AS VARCHAR
    ) AS amount,
    'GBP' AS currency,
    CASE WHEN InvoiceNo LIKE 'C%' THEN 'CANCELLED' ELSE 'PAID' END AS status,
    CAST(NULL AS TIMESTAMPTZ) AS updated_at
FROM ({_LINES})
"""
_CUSTOMERS = f"""
WITH told AS (
    SELECT DISTINCT CAST(CustomerID AS VARCHAR) AS customer_id, InvoiceDate AS moment, max(Country) AS country
    FROM ({_LINES})
    WHERE CustomerID IS NOT NULL
    GROUP BY CustomerID, InvoiceDate
),
changes AS (
    SELECT *, lag(country) OVER (PARTITION BY customer_id ORDER BY moment) AS before
    FROM told
)
SELECT
    customer_id,
    moment AT TIME ZONE 'UTC' AS updated_at,
    $tenant AS tenant_id,
    country,
    min(moment) OVER (PARTITION BY customer_id) AT TIME ZONE 'UTC' AS created_at,
    false AS is_deleted
FROM changes
WHERE country IS DISTINCT FROM before
"""
_RATES = """
SELECT date AS as_of_date, currency AS ccy, CAST(CAST(rate AS DECIMAL(18, 8)) AS VARCHAR) AS rate, 'EUR' AS base_ccy
FROM read_parquet($rates)
WHERE date BETWEEN $first AND $last
"""


@dataclass(frozen=True)
class RetailOrders:
    """A lake in `home` that some days of the shop are brought into, from bronze to gold/fact_orders."""

    home: Path
    days: Sequence[date]

    @property
    def lake(self) -> Lake:
        """The lake."""
        place = {"catalog_uri": f"sqlite:///{self.home}/catalog.db", "warehouse": f"{self.home}/warehouse"}
        return LakeResource(**place, namespace="lake", embedding_encoding="PLAIN").open()

    def fill(self) -> dict[str, list[Verdict]]:
        """Bring everything in, table after table; the verdicts of every table by `layer/name`."""
        self.home.mkdir(parents=True, exist_ok=True)
        lake = self.lake
        days, rate_days = list(self.days), self.rate_days()
        verdicts = {
            RAW_SNOWFLAKE_ORDERS.id: self._load(lake, RAW_SNOWFLAKE_ORDERS, _asked(_ORDERS, days), days),
            RAW_SNOWFLAKE_CUSTOMERS.id: self._load(lake, RAW_SNOWFLAKE_CUSTOMERS, _asked(_CUSTOMERS, days), days),
            RAW_FX_RATES.id: self._load(lake, RAW_FX_RATES, rates(rate_days[0], rate_days[-1]), rate_days),
        }
        for contract in (RAW_ORDERS_STREAM, RAW_SALESFORCE_ACCOUNTS, RAW_SALESFORCE_LEADS):
            self._load(lake, contract, own_arrow_schema(contract).empty_table(), days)
        for asset in (orders, customers):
            verdicts[asset.contract.id] = self._make(lake, asset, _windows(days))
        verdicts[fx_rates.contract.id] = self._make(lake, fx_rates, _windows(rate_days))
        for asset in (dim_customer, dim_product, dim_date, dim_fx):
            verdicts[asset.contract.id] = self._make(lake, asset, [PartitionWindow.whole()])
        verdicts[fact_orders.contract.id] = self._make(lake, fact_orders, _windows(days))
        return verdicts

    def rate_days(self) -> list[date]:
        """Every day from a week before the first order to the last."""
        first = min(self.days) - RATES_BEFORE
        return [first + timedelta(days=place) for place in range((max(self.days) - first).days + 1)]

    def _load(self, lake: Lake, contract: Table, rows: pa.Table, days: Sequence[date]) -> list[Verdict]:
        """Publish these days of a bronze table out of `rows`."""
        moments = rows.column(contract.window)
        of_day = moments if pa.types.is_date(moments.type) else moments.cast(pa.date32())

        def produce(window: PartitionWindow) -> Candidate:
            return Candidate(rows.filter(pc.equal(of_day, pa.scalar(window.first_day))))

        return _publish(lake, contract, _windows(days), lambda _: produce)

    def _make(self, lake: Lake, asset: TableAsset, windows: Sequence[PartitionWindow]) -> list[Verdict]:
        """Publish partitions of a table by the asset's own transform."""
        calendar = CalendarResource.of(min(self.rate_days()), max(self.days))
        resources = SimpleNamespace(masking=MaskingResource(home=str(self.home)), calendar=calendar)
        return _publish(lake, asset.contract, windows, lambda some: asset.producer(lake, some, resources))


def missing_data() -> str | None:
    """Why the real data cannot be used here, or None when it can."""
    absent = [path.parent.name for path in (RETAIL, RATES) if not path.exists()]
    return f"the public data sets {', '.join(absent)} are not in ../shared/data beside the project" if absent else None


def rates(first: date, last: date) -> pa.Table:
    """The bank's rates of these days, each as the text that it was published as."""
    with duckdb.connect() as connection:
        values = {"rates": str(RATES), "first": first, "last": last}
        return connection.sql(_RATES, params=values).to_arrow_table()


def _asked(sql: str, days: Sequence[date]) -> pa.Table:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        values = {"retail": str(RETAIL), "days": list(days), "tenant": TENANT}
        return connection.sql(sql, params=values).to_arrow_table()


def _windows(days: Sequence[date]) -> list[PartitionWindow]:
    return [PartitionWindow.of_day(day) for day in days]


def _publish(
    lake: Lake,
    contract: Table,
    windows: Sequence[PartitionWindow],
    producer: Callable[[Sequence[PartitionWindow]], Callable[[PartitionWindow], Candidate]],
) -> list[Verdict]:
    """A month's days per commit, so that a table of nine months has nine snapshots."""
    verdicts: list[Verdict] = []
    for start in range(0, len(windows), DAYS_AT_ONCE):
        some = windows[start : start + DAYS_AT_ONCE]
        verdicts += publish(lake, contract, some, producer(some), "retail").verdicts
    return verdicts
