"""Dirt planted into the synthetic sales and pictures, one function per kind, each named by the reason a contract gives.

A kind of sale dirt takes a sound row and returns the spoiled one; the two kinds about twins take another row of the
same day and return what replaces the spoiled one. Every row is spoiled in one way only, so reasons can be counted.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import NamedTuple

from pricing_lake.sample.catalogue import Product
from pricing_lake.sample.sales import SaleRow

TOO_LONG = 100_000
TEN_YEARS = timedelta(days=3_653)


def sale_id_missing(row: SaleRow, chance: Random) -> SaleRow:
    """A sale nobody can name."""
    return row._replace(sale_id=None)


def product_id_missing(row: SaleRow, chance: Random) -> SaleRow:
    """A sale of nothing in particular."""
    return row._replace(product_id=None)


def tenant_id_malformed(row: SaleRow, chance: Random) -> SaleRow:
    """A tenant id that would climb out of its folder; the tenant stays in it, so that keys do not collide."""
    shape = chance.choice(("../{}", "{}/..", "{}/admin", "/{}", "{}/../../etc"))
    return row._replace(tenant_id=shape.format(row.tenant_id))


def sold_price_unparseable(row: SaleRow, chance: Random) -> SaleRow:
    """Words, not-a-number, or a decimal comma."""
    return row._replace(sold_price=chance.choice(("abc", "NaN", "12,50", "on request", "12.50 EUR")))


def sold_price_not_positive(row: SaleRow, chance: Random) -> SaleRow:
    """Free of charge, or money handed over with the item."""
    return row._replace(sold_price=chance.choice(("0", "0.00", "-12.50", -1, 0)))


def sold_price_out_of_range(row: SaleRow, chance: Random) -> SaleRow:
    """A number, but more digits before or after the point than money has."""
    return row._replace(sold_price=chance.choice((1e9, "1000000000", "12.345", 12.345, "99999999999.99")))


def sold_at_unparseable(row: SaleRow, chance: Random) -> SaleRow:
    """No instant; updated_at still says which day the row belongs to."""
    return row._replace(sold_at=chance.choice(("yesterday", "n/a", "last friday")))


def sold_at_in_future(row: SaleRow, chance: Random) -> SaleRow:
    """A mistyped decade or century; never a day that the sample also holds, so the row belongs to updated_at's day."""
    later = date.fromisoformat(row.updated_at[:10]) + TEN_YEARS
    return row._replace(sold_at=chance.choice((f"2099-12-31{row.sold_at[10:]}", f"{later}{row.sold_at[10:]}")))


def condition_unknown(row: SaleRow, chance: Random) -> SaleRow:
    """A condition outside the vocabulary."""
    return row._replace(condition=chance.choice(("mint-ish", "seen better days", "so-so")))


def currency_malformed(row: SaleRow, chance: Random) -> SaleRow:
    """Not three capital letters."""
    return row._replace(currency=chance.choice(("EURO", "€", "US$")))


def description_too_long(row: SaleRow, chance: Random) -> SaleRow:
    """A description of 100,000 characters."""
    return row._replace(description=(f"{row.description} " * (TOO_LONG // len(row.description) + 1))[:TOO_LONG])


def description_control_characters(row: SaleRow, chance: Random) -> SaleRow:
    """A bell, a backspace or a terminal's escape inside the text; never a zero byte, which SQLite would cut at."""
    return row._replace(description=row.description.replace(" ", chance.choice(("\x07", "\x08", " \x1b[31m")), 1))


def sale_id_repeated(row: SaleRow, chance: Random) -> SaleRow:
    """A second version of another row: its ids, other words, changed at the day's last second."""
    return row._replace(
        description=f"{row.description} Corrected listing.", updated_at=f"{row.updated_at[:10]}T23:59:59Z"
    )


def duplicate(row: SaleRow, chance: Random) -> SaleRow:
    """The same row delivered twice: dropped, not quarantined."""
    return row


SaleDirt = Callable[[SaleRow, Random], SaleRow]
SALE_DIRT: Mapping[str, SaleDirt] = MappingProxyType(
    {
        kind.__name__: kind
        for kind in (
            sale_id_missing,
            product_id_missing,
            tenant_id_malformed,
            sold_price_unparseable,
            sold_price_not_positive,
            sold_price_out_of_range,
            sold_at_unparseable,
            sold_at_in_future,
            condition_unknown,
            currency_malformed,
            description_too_long,
            description_control_characters,
            sale_id_repeated,
            duplicate,
        )
    }
)
TWINS = frozenset({"sale_id_repeated", "duplicate"})


class Planted(NamedTuple):
    """A day's rows after planting, as many as before, and how many rows each kind spoiled."""

    rows: list[SaleRow]
    counts: Counter[str]


def plant(rows: Sequence[SaleRow], rows_before: int, share: float, chance: Random) -> Planted:
    """Spoil `share` of the rows with each kind of sale dirt; returns and cancelled sales are left alone.

    `rows_before` is how many rows the shop had before these: the kinds take turns over the whole shop, so that a
    share of less than one row a day still comes out right in the end. A batch keeps at least one sound row.
    """
    spoiled = list(rows)
    counts: Counter[str] = Counter()
    sound = [place for place, row in enumerate(rows) if row.quantity > 0 and row.deleted_at is None]
    chance.shuffle(sound)
    for name in kinds_due(rows_before, len(rows), share):
        if len(sound) <= 1 + (name in TWINS):
            continue
        place = sound.pop()
        model = rows[sound.pop()] if name in TWINS else rows[place]
        spoiled[place] = SALE_DIRT[name](model, chance)
        counts[name] += 1
    return Planted(spoiled, counts)


def kinds_due(rows_before: int, rows: int, share: float) -> Iterable[str]:
    """The kinds whose turn falls into these rows: one turn per 1 / (share x kinds) rows, exactly."""
    names = tuple(SALE_DIRT)
    turns_per_row = Fraction(str(share)) * len(names)
    first, end = int(turns_per_row * rows_before), int(turns_per_row * (rows_before + rows))
    return (names[turn % len(names)] for turn in range(first, end))


def image_not_found(picture: Path) -> str:
    """A file that is not there."""
    return picture.with_name(f"missing-{picture.name}").as_uri()


def image_outside_root(picture: Path) -> str:
    """A file of the machine, reached by climbing out of the picture root."""
    return f"{picture.parent.as_uri()}/{'../' * len(picture.parents)}etc/hostname"


def image_scheme_refused(picture: Path) -> str:
    """A protocol that no picture is fetched by."""
    return f"ftp://pictures.example/{picture.parent.name}/{picture.name}"


def image_not_an_image(jpeg: bytes) -> bytes:
    """A web page that says it is a picture."""
    return b"<!DOCTYPE html><html><head><title>404</title></head><body>Not here any more.</body></html>\n"


def image_truncated(jpeg: bytes) -> bytes:
    """Half a JPEG."""
    return jpeg[: len(jpeg) // 2]


ADDRESS_DIRT: Mapping[str, Callable[[Path], str]] = MappingProxyType(
    {kind.__name__: kind for kind in (image_not_found, image_outside_root, image_scheme_refused)}
)
FILE_DIRT: Mapping[str, Callable[[bytes], bytes]] = MappingProxyType(
    {kind.__name__: kind for kind in (image_not_an_image, image_truncated)}
)


def spoil_pictures(products: Sequence[Product], share: float, chance: Random) -> dict[Product, str]:
    """Which products get a spoiled picture, and how: `share` of them for each kind, at least one unless share is 0.

    At most half of the products are spoiled, however few there are.
    """
    kinds = (*ADDRESS_DIRT, *FILE_DIRT)
    each = max(1, int(share * len(products))) if share > 0 else 0
    victims = chance.sample(products, min(each * len(kinds), len(products) // 2))
    return {product: kinds[place % len(kinds)] for place, product in enumerate(victims)}
