"""A day of orders with the dimensions they refer to: the input of `fact_join`. Measures nothing."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.sales_day import new_lake
from pricing_lake.contracts.as_arrow import own_arrow_schema
from pricing_lake.contracts.gold_dimensions import DIM_CUSTOMER, DIM_DATE, DIM_FX, DIM_PRODUCT
from pricing_lake.contracts.model import Grain, Table
from pricing_lake.contracts.silver_orders import ORDERS
from pricing_lake.contracts.surrogate_key import surrogate_keys
from pricing_lake.lake.catalog import Lake
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.publish import publish
from pricing_lake.lake.window import PartitionWindow

DAY = dt.date(2026, 3, 15)
WINDOW = PartitionWindow.of_day(DAY)
TABLES = (ORDERS, DIM_CUSTOMER, DIM_PRODUCT, DIM_DATE, DIM_FX)
CURRENCIES = ("EUR", "GBP", "SEK", "USD", "XTS")
_DAY_START = np.datetime64(DAY, "us")
_HOUR = np.timedelta64(3_600_000_000, "us")


def star(count: int) -> dict[str, pa.Table]:
    """`count` order events by half as many customers, of two versions each, and a tenth as many products."""
    random = np.random.default_rng(0)
    customers, products = max(2, count // 2), max(2, count // 10)
    return {
        ORDERS.name: _orders(count, customers, products, random),
        DIM_CUSTOMER.name: _customers(customers),
        DIM_PRODUCT.name: _products(products),
        DIM_DATE.name: _dates(),
        DIM_FX.name: _rates(),
    }


def lake_of(folder: Path, tables: Mapping[str, pa.Table]) -> Lake:
    """A lake in which these tables are published."""
    lake = new_lake(folder)
    for contract in TABLES:
        window = PartitionWindow.whole() if contract.every is Grain.WHOLE else WINDOW
        result = publish(lake, contract, [window], lambda _, c=contract: Candidate(tables[c.name]), "benchmark")
        assert not result.refused, result.refused[0].explain()
        assert not result.verdicts[0].quarantined_rows, result.verdicts[0].reasons
    return lake


def _orders(count: int, customers: int, products: int, random: np.random.Generator) -> pa.Table:
    """A tenth has a customer nobody knows; customers of an odd number changed at noon."""
    buyers = random.integers(0, customers + customers // 9, count)
    return _table(
        ORDERS,
        count,
        order_id=_named("order-", np.arange(count)),
        event_ts=_DAY_START + random.integers(0, 86_400_000_000, count),
        tenant_id=_tenants(buyers),
        customer_id=_named("customer-", buyers),
        product_id=_named("product-", random.integers(0, products // 3, count) * 3 + buyers % 3),
        category=random.choice(["shoes", "bags", "hats"], count),
        amount=pa.array(random.integers(0, 100_000, count).astype(str)).cast(pa.decimal128(18, 2)),
        currency=random.choice(CURRENCIES, count),
        status=["PLACED"] * count,
        source=["kafka"] * count,
    )


def _customers(count: int) -> pa.Table:
    numbers = np.repeat(np.arange(count), 2)
    is_second = np.arange(2 * count) % 2 == 1
    noon = _DAY_START + 12 * _HOUR
    rows = _table(
        DIM_CUSTOMER,
        2 * count,
        customer_sk=np.zeros(2 * count, np.int64),
        customer_id=_named("customer-", numbers),
        tenant_id=_tenants(numbers),
        country=np.where(is_second, "SE", "FI"),
        segment=["new"] * (2 * count),
        valid_from=np.where(is_second, noon, _DAY_START - 24 * _HOUR),
        valid_to=pa.array(np.full(2 * count, noon), mask=is_second),
        is_current=is_second,
    )
    return rows.set_column(0, rows.schema.field(0), surrogate_keys(rows, ("customer_id", "valid_from")))


def _products(count: int) -> pa.Table:
    numbers = np.arange(count)
    rows = _table(
        DIM_PRODUCT,
        count,
        product_sk=np.zeros(count, np.int64),
        tenant_id=_tenants(numbers),
        product_id=_named("product-", numbers),
        category=["shoes"] * count,
        first_sold_on=[DAY] * count,
        last_sold_on=[DAY] * count,
    )
    return rows.set_column(0, rows.schema.field(0), surrogate_keys(rows, ("tenant_id", "product_id")))


def _dates() -> pa.Table:
    numbers = {column.name: [1] for column in DIM_DATE.columns if column.name not in ("date_sk", "date", "is_weekend")}
    return _table(DIM_DATE, 1, date_sk=[20_260_315], date=[DAY], is_weekend=[True], **numbers)


def _rates() -> pa.Table:
    """Thirty days of four currencies; XTS has no rate."""
    known = CURRENCIES[:-1]
    days = [DAY - dt.timedelta(days=back) for back in range(30)]
    rates = pa.array([f"{1 + place / 7:.18f}" for place in range(len(known))]).cast(pa.decimal128(38, 18))
    return _table(
        DIM_FX,
        len(days) * len(known),
        as_of_date=[day for day in days for _ in known],
        ccy=list(known) * len(days),
        rate_date=[day for day in days for _ in known],
        staleness_days=[0] * (len(days) * len(known)),
        rate_per_eur=pa.array(["1.1"] * (len(days) * len(known))).cast(pa.decimal128(18, 8)),
        rate_to_usd=pa.concat_arrays([rates] * len(days)),
    )


def _table(contract: Table, count: int, **columns: object) -> pa.Table:
    """Rows of a contract; a column that is not given is null."""
    schema = own_arrow_schema(contract)
    return pa.table(
        [
            pa.array(columns[item.name]).cast(item.type) if item.name in columns else pa.nulls(count, item.type)
            for item in schema
        ],
        schema=schema,
    )


def _tenants(numbers: np.ndarray) -> np.ndarray:
    return np.array(["acme", "bolt", "crow"])[numbers % 3]


def _named(prefix: str, numbers: np.ndarray) -> np.ndarray:
    return np.char.add(prefix, numbers.astype(str))
