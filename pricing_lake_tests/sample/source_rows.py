"""Stalls of the synthetic shop, and its rows as the SmartGo source shows them: text, or null."""

from collections.abc import Sequence

import pyarrow as pa

from pricing_lake.sample.catalogue import stock
from pricing_lake.sample.sales import CURRENCIES, Listing, SaleRow, Stall

SEED = 20240101


def stall(tenant_id: str, place: int, products: int = 40) -> Stall:
    listings = tuple(
        Listing(product, (f"https://shop.example/{product.product_id}.jpg",))
        for product in stock(tenant_id, products, SEED)
    )
    return Stall(listings, CURRENCIES[place])


def as_source(rows: Sequence[SaleRow]) -> pa.Table:
    columns = zip(*rows, strict=True)
    return pa.table(
        {
            name: pa.array([None if value is None else str(value) for value in values], pa.string())
            for name, values in zip(SaleRow._fields, columns, strict=True)
        }
    )
