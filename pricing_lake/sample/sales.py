"""The synthetic sales of one tenant on one UTC day, all of them sound. Dirt is planted by `dirt`, files by `shop`."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from random import Random
from typing import NamedTuple

from pricing_lake.sample.catalogue import Category, Product

RETURN_SHARE = 0.01
CANCELLED_SHARE = 0.005
NO_PICTURE_SHARE = 0.02
SEVERAL_SHARE = 0.03
UNICODE_SHARE = 0.08
PRICE_NOISE = 0.09
# Leaves the day's last second to a corrected copy of a row.
LAST_SECOND = 58
LONGEST_CHANGE = 1_200
BUYERS = 5_000
SECOND = timedelta(seconds=1)

# condition: (share of sales, price relative to new)
CONDITIONS = {
    "new": (0.12, 1.00),
    "like_new": (0.27, 0.84),
    "good": (0.38, 0.68),
    "fair": (0.17, 0.50),
    "poor": (0.06, 0.32),
}
# Relative number of sales in each UTC hour: working days peak at lunch and in the evening, weekends in the afternoon.
WORKDAY_HOURS = (2, 1, 1, 1, 1, 2, 4, 7, 9, 9, 9, 11, 15, 13, 9, 9, 11, 15, 22, 29, 31, 26, 15, 6)
WEEKEND_HOURS = (4, 3, 2, 1, 1, 1, 2, 4, 8, 13, 18, 20, 20, 21, 23, 24, 23, 21, 20, 21, 21, 17, 12, 7)

CARE = (
    "No visible flaws.",
    "Light wear at the edges.",
    "Small mark on the inside, see picture.",
    "From a smoke-free home.",
    "Worn twice.",
    "Fits true to size.",
    "Comes with its dust bag.",
    "Colour slightly faded.",
    "One owner, receipt available.",
    "Runs a little small.",
)
FLOURISHES = (
    "Größe 38 ✨",
    "très bon état",
    "portée une fois, état impeccable",
    "尺码 M",
    "élégant ☆",
    "Maße auf Anfrage",
)


class SaleRow(NamedTuple):
    """One row of SmartGo's table `sales`, columns in the table's order. Timestamps are ISO-8601 UTC text."""

    sale_id: str | None
    tenant_id: str
    product_id: str | None
    category: str
    brand: str
    condition: str
    sold_price: str | float
    currency: str
    sold_at: str
    image_url: str | None
    description: str
    customer_id: str
    quantity: int
    updated_at: str
    deleted_at: str | None


@dataclass(frozen=True)
class Currency:
    """A currency, its units per euro, and how its shops store a price: as text or as a number."""

    code: str
    per_euro: float
    store: Callable[[float], str | float]


CURRENCIES = (
    Currency("EUR", 1.0, "{:.2f}".format),
    Currency("GBP", 0.86, "{:.2f}".format),
    Currency("USD", 1.08, float),
)


@dataclass(frozen=True)
class Listing:
    """A product as offered: its pictures' addresses are what sales point to."""

    product: Product
    image_urls: tuple[str, ...]


@dataclass(frozen=True)
class Stall:
    """What one tenant offers, most popular first, and the currency it is paid in."""

    listings: tuple[Listing, ...]
    currency: Currency


def sales_of_day(stall: Stall, day: date, count: int, chance: Random) -> list[SaleRow]:
    """`count` sales of one tenant in order of time; sold_at, updated_at and deleted_at all lie on `day`.

    A few are returns (quantity below 1) or cancelled (deleted_at set), and some have no picture: sound rows all.
    Sale ids count from 1 in each tenant and day, so two tenants share ids, as separate shops do.
    """
    hours = WORKDAY_HOURS if day.weekday() < 5 else WEEKEND_HOURS
    seconds = sorted(hour * 3600 + chance.randrange(3600) for hour in chance.choices(range(24), hours, k=count))
    listings = chance.choices(stall.listings, cum_weights=_popularity(len(stall.listings)), k=count)
    conditions = chance.choices(list(CONDITIONS), [share for share, _ in CONDITIONS.values()], k=count)
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return [
        _sale(f"{day:%Y%m%d}-{number:05d}", listing, condition, stall.currency, midnight + second * SECOND, chance)
        for number, (listing, condition, second) in enumerate(zip(listings, conditions, seconds, strict=True), start=1)
    ]


def price(product: Product, condition: str, currency: Currency, day: date, noise: float) -> float:
    """What the item sold for: base x brand x condition x season x exp(noise), in the shop's currency, cents."""
    euros = product.base_price * product.brand.price_factor * CONDITIONS[condition][1]
    euros *= season_factor(product.category, day) * math.exp(noise)
    return round(euros * currency.per_euro, 2)


def season_factor(category: Category, day: date) -> float:
    """1 + swing at mid peak month, 1 - swing half a year away, a cosine between."""
    peak = (category.peak_month - 0.5) / 12
    return 1.0 + category.swing * math.cos(2 * math.pi * (day.timetuple().tm_yday / 365.25 - peak))


def _sale(
    sale_id: str, listing: Listing, condition: str, currency: Currency, drawn: datetime, chance: Random
) -> SaleRow:
    product = listing.product
    last = drawn.replace(hour=23, minute=59, second=LAST_SECOND)
    sold = min(drawn, last)
    fate = chance.random()
    cancelled = fate < CANCELLED_SHARE
    returned = CANCELLED_SHARE <= fate < CANCELLED_SHARE + RETURN_SHARE
    touched = min(sold + chance.randrange(LONGEST_CHANGE) * SECOND, last)
    return SaleRow(
        sale_id=sale_id,
        tenant_id=product.tenant_id,
        product_id=product.product_id,
        category=product.category.name,
        brand=product.brand.name,
        condition=condition,
        sold_price=currency.store(price(product, condition, currency, sold, chance.gauss(0.0, PRICE_NOISE))),
        currency=currency.code,
        sold_at=_instant(sold),
        image_url=None if chance.random() < NO_PICTURE_SHARE else chance.choice(listing.image_urls),
        description=_description(product, condition, chance),
        customer_id=f"c-{int(BUYERS * chance.random() ** 2):05d}",
        quantity=_quantity(returned, chance),
        updated_at=_instant(touched),
        deleted_at=_instant(touched) if cancelled else None,
    )


def _quantity(returned: bool, chance: Random) -> int:
    if returned:
        return chance.choice((-1, -1, -1, 0))
    return chance.randint(2, 3) if chance.random() < SEVERAL_SHARE else 1


def _description(product: Product, condition: str, chance: Random) -> str:
    state = condition.replace("_", " ")
    text = f"{product.brand.name} {product.noun} in {product.colour.name}, {state}. {chance.choice(CARE)}"
    return f"{text} {chance.choice(FLOURISHES)}" if chance.random() < UNICODE_SHARE else text


def _instant(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _popularity(count: int) -> list[float]:
    """Running total of how often each listing sells: a few sell much, none never."""
    return list(accumulate((rank + 20) ** -0.7 for rank in range(count)))
