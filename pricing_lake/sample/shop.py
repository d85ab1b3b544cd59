"""The whole synthetic SmartGo shop: a SQLite database of sales and a folder of pictures. How each is made lives beside.

Nothing here was sold by anybody: brands, people, prices and pictures are made up, and about 14 % of the rows are
spoiled on purpose. Use it to see the lake work, never to judge a price model.
"""

import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType

from pricing_lake.errors import ConfigurationError
from pricing_lake.sample.catalogue import Product, stock
from pricing_lake.sample.chance import stream
from pricing_lake.sample.database import insert, refuse_foreign, replacement
from pricing_lake.sample.dirt import ADDRESS_DIRT, FILE_DIRT, SALE_DIRT, plant, spoil_pictures
from pricing_lake.sample.listings import put_on_sale
from pricing_lake.sample.sales import CURRENCIES, Listing, Stall, sales_of_day

TENANT_ID = re.compile(r"[a-z][a-z0-9-]{1,62}")
# 14 kinds of sale dirt at 5 % each leave a third of the rows sound.
MAX_DIRT_SHARE = 0.05
EARLIEST_DAY = date(1970, 1, 1)
# Ten years before the date that planted future sales carry.
LATEST_DAY = date(2088, 12, 31)

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True)
class SampleShape:
    """How large the shop is, and how dirty.

    `sales_per_day` and `products_per_tenant` count per tenant. Each of the 14 kinds of sale dirt spoils `dirt_share`
    of all rows: at the default 1 %, 13 % of a day's rows are for quarantine and 1 % are duplicates, well below the
    fifth at which the contract refuses a day; above 1.5 % days are refused. Each of the 5 kinds of picture
    dirt spoils `dirt_share` of the products, at least one. One kind adds 100 kB a row: a million sales at 1 % are
    about 1.4 GB of database.
    """

    last_day: date
    days: int = 30
    sales_per_day: int = 150
    tenants: tuple[str, ...] = ("atelier-nord", "second-spin", "vintage-lane")
    products_per_tenant: int = 120
    seed: int = 20240101
    dirt_share: float = 0.01

    @property
    def first_day(self) -> date:
        """The first of the `days` days that end with `last_day`."""
        return self.last_day - timedelta(days=self.days - 1)


@dataclass(frozen=True)
class SampleSummary:
    """What was made. `sales` are all rows of the table.

    `planted` counts by reason: spoiled rows for sale dirt; for picture dirt, spoiled products that at least one sale
    points to.
    """

    database: Path
    picture_root: Path
    first_day: date
    last_day: date
    sales: int
    products: int
    pictures: int
    planted: Mapping[str, int]


def make_sample(
    database: Path, picture_root: Path, shape: SampleShape, on_progress: Progress | None = None
) -> SampleSummary:
    """Make the shop: draw the pictures, then put a new database in the place of an older sample, if there is one.

    The same shape and picture root give the same rows and the same pictures; a day's rows do not depend on how many
    days there are. `on_progress` is told `("pictures" | "sales", done, total)`. Memory holds one day of one tenant.
    Raises ConfigurationError for a shape that makes no sense, or a `database` that is not a sample of this package.
    """
    refuse_nonsense(shape)
    database, picture_root = database.resolve(), picture_root.resolve()
    refuse_foreign(database)
    if picture_root.exists() and not picture_root.is_dir():
        raise ConfigurationError(f"{picture_root} is not a folder: name another one for the pictures")
    report = on_progress or _silence
    shop = _open_shop(picture_root, shape, report)
    with replacement(database) as connection:
        counts = _sell(connection, shop, shape, report)
    return SampleSummary(
        database=database,
        picture_root=picture_root,
        first_day=shape.first_day,
        last_day=shape.last_day,
        sales=shape.days * shape.sales_per_day * len(shape.tenants),
        products=shape.products_per_tenant * len(shape.tenants),
        pictures=shop.pictures,
        planted=MappingProxyType({reason: counts[reason] for reason in (*SALE_DIRT, *ADDRESS_DIRT, *FILE_DIRT)}),
    )


def refuse_nonsense(shape: SampleShape) -> None:
    """Raise ConfigurationError for a shape that no shop can have; the text says which setting to change."""
    bad_tenants = [tenant for tenant in shape.tenants if not TENANT_ID.fullmatch(tenant)]
    counts = {
        "days": shape.days,
        "sales_per_day": shape.sales_per_day,
        "products_per_tenant": shape.products_per_tenant,
    }
    complaints = [f"{name} is {count}: give at least 1" for name, count in counts.items() if count < 1]
    if bad_tenants:
        complaints.append(f"tenant {bad_tenants[0]!r}: give 2 to 63 of a-z, 0-9 and dash, a letter first")
    if len(set(shape.tenants)) != len(shape.tenants) or not shape.tenants:
        complaints.append("give at least one tenant, and each tenant once")
    if not 0 <= shape.dirt_share <= MAX_DIRT_SHARE:
        complaints.append(f"dirt_share is {shape.dirt_share}: give 0 to {MAX_DIRT_SHARE} for each of the kinds")
    if shape.last_day > LATEST_DAY or shape.days > (shape.last_day - EARLIEST_DAY).days:
        complaints.append(f"give days between {EARLIEST_DAY} and {LATEST_DAY}")
    if complaints:
        raise ConfigurationError(f"no sample of this shape: {'; '.join(complaints)}")


@dataclass(frozen=True)
class _Shop:
    stalls: tuple[Stall, ...]
    spoiled: Mapping[Product, str]
    pictures: int


def _open_shop(root: Path, shape: SampleShape, report: Progress) -> _Shop:
    stocks = [stock(tenant, shape.products_per_tenant, shape.seed) for tenant in shape.tenants]
    products = [product for stocked in stocks for product in stocked]
    spoiled = spoil_pictures(products, shape.dirt_share, stream(shape.seed, "pictures"))
    listings: dict[Product, Listing] = {}
    pictures = 0
    for product in products:
        listings[product], written = put_on_sale(root, product, spoiled.get(product))
        pictures += written
        report("pictures", len(listings), len(products))
    stalls = tuple(
        Stall(tuple(listings[product] for product in stocked), CURRENCIES[place % len(CURRENCIES)])
        for place, stocked in enumerate(stocks)
    )
    return _Shop(stalls, spoiled, pictures)


def _sell(connection: sqlite3.Connection, shop: _Shop, shape: SampleShape, report: Progress) -> Counter[str]:
    """Insert every day of every tenant; what was planted, by reason."""
    counts: Counter[str] = Counter()
    offered = {(product.tenant_id, product.product_id): reason for product, reason in shop.spoiled.items()}
    for number in range(shape.days):
        day = shape.first_day + timedelta(days=number)
        for place, stall in enumerate(shop.stalls):
            chance = stream(shape.seed, shape.tenants[place], day)
            rows = sales_of_day(stall, day, shape.sales_per_day, chance)
            sold = {(row.tenant_id, str(row.product_id)) for row in rows if row.image_url}
            counts.update(offered.pop(key) for key in sold & offered.keys())
            rows_before = (day.toordinal() * len(shop.stalls) + place) * shape.sales_per_day
            planted = plant(rows, rows_before, shape.dirt_share, chance)
            counts.update(planted.counts)
            insert(connection, planted.rows)
        report("sales", number + 1, shape.days)
    return counts


def _silence(what: str, done: int, total: int) -> None:
    """Nobody asked to be told."""
