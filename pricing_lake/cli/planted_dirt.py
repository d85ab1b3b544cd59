"""Dirt that the sample planted against dirt that the lake found, reason by reason. Prints nothing."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pricing_lake.cli.sample_record import SampleRecord
from pricing_lake.contracts.bronze import RAW_PRODUCT_IMAGES, RAW_SMARTGO_SALES
from pricing_lake.contracts.model import Table
from pricing_lake.contracts.quality import QUALITY_RESULTS, QUARANTINED_ROWS
from pricing_lake.lake.catalog import Lake
from pricing_lake.sample.catalogue import stock
from pricing_lake.sample.chance import stream
from pricing_lake.sample.dirt import SALE_DIRT, spoil_pictures
from pricing_lake.sample.shop import SampleShape

# A sale dated decades ahead also lies outside its day: one planted fault, two broken rules.
FUTURE, CONSEQUENCE = "sold_at_in_future", "sold_at_outside_partition"
DUPLICATE = "duplicate"
Picture = tuple[str, str]
"""Tenant and product: a spoiled product has one picture."""


@dataclass(frozen=True)
class DirtCount:
    """One reason: sales, or products with a spoiled picture; of these `agrees` compares which, not how many."""

    reason: str
    of: str
    planted: int
    found: int
    agrees: bool


def count_dirt(lake: Lake, record: SampleRecord) -> list[DirtCount]:
    """Every reason that was planted or found in the sample's days, sales first.

    Of the spoiled pictures those count that a usable sale points to: no other is ever fetched.
    """
    return [*_sales(lake, record), *_pictures(lake, record.shape)]


def _sales(lake: Lake, record: SampleRecord) -> list[DirtCount]:
    found: Counter[str] = Counter()
    for row in _quarantined(lake, RAW_SMARTGO_SALES, record.shape):
        reasons = set(row["reasons"])
        found.update(reasons - {CONSEQUENCE} if FUTURE in reasons else reasons)
    found[DUPLICATE] = _duplicates(lake, record.shape)
    planted = {reason: count for reason, count in record.planted.items() if reason in SALE_DIRT}
    return [
        DirtCount(reason, "sales", planted.get(reason, 0), found[reason], planted.get(reason, 0) == found[reason])
        for reason in dict.fromkeys((*planted, *sorted(found)))
    ]


def _pictures(lake: Lake, shape: SampleShape) -> list[DirtCount]:
    found: dict[str, set[Picture]] = {}
    for row in _quarantined(lake, RAW_PRODUCT_IMAGES, shape):
        tenant, product, _ = row["row_key"].split("|", 2)
        for reason in row["reasons"]:
            found.setdefault(reason, set()).add((tenant, product))
    planted: dict[str, set[Picture]] = {}
    offered = _offered(lake, shape)
    for picture, reason in _spoiled(shape).items():
        planted.setdefault(reason, set()).update({picture} & offered)
    both = [
        (reason, planted.get(reason, set()), found.get(reason, set()))
        for reason in dict.fromkeys((*planted, *sorted(found)))
    ]
    return [DirtCount(reason, "pictures", len(put), len(seen), put == seen) for reason, put, seen in both]


def _spoiled(shape: SampleShape) -> Mapping[Picture, str]:
    """Which products the sample spoiled: the same draw as when it was made."""
    products = [product for tenant in shape.tenants for product in stock(tenant, shape.products_per_tenant, shape.seed)]
    spoiled = spoil_pictures(products, shape.dirt_share, stream(shape.seed, "pictures"))
    return {(product.tenant_id, product.product_id): reason for product, reason in spoiled.items()}


def _offered(lake: Lake, shape: SampleShape) -> set[Picture]:
    """Products whose picture a published sale points to."""
    low, high = f"{shape.first_day}T00:00:00+00:00", f"{shape.last_day}T23:59:59.999999+00:00"
    wanted = f"sold_at >= '{low}' and sold_at <= '{high}' and image_url is not null"
    rows = _rows(lake, RAW_SMARTGO_SALES, wanted, "tenant_id", "product_id")
    return {(row["tenant_id"], row["product_id"]) for row in rows}


def _duplicates(lake: Lake, shape: SampleShape) -> int:
    wanted = f"{_days(shape)} and table_id = '{RAW_SMARTGO_SALES.id}' and rule = 'duplicate_rows'"
    return int(sum(row["value"] for row in _rows(lake, QUALITY_RESULTS, wanted, "value")))


def _quarantined(lake: Lake, table: Table, shape: SampleShape) -> list[dict[str, Any]]:
    return _rows(lake, QUARANTINED_ROWS, f"{_days(shape)} and table_id = '{table.id}'", "row_key", "reasons")


def _days(shape: SampleShape) -> str:
    return f"day >= '{shape.first_day}' and day <= '{shape.last_day}'"


def _rows(lake: Lake, table: Table, wanted: str, *columns: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = lake.table(table).scan(wanted, selected_fields=columns).to_arrow().to_pylist()
    return rows
