"""What the synthetic shop could sell: invented brands, categories of resale and products with base prices. No sales."""

import math
from dataclasses import dataclass
from random import Random

from pricing_lake.sample.chance import stream

Rgb = tuple[int, int, int]

PRICE_SPREAD = 0.28
MAX_PICTURES = 3


@dataclass(frozen=True)
class Brand:
    """An invented maker; `price_factor` is its premium over a middling brand."""

    name: str
    price_factor: float


@dataclass(frozen=True)
class Category:
    """A kind of thing. `base_price` is EUR, new, middling brand; prices swing by `swing` and peak in `peak_month`."""

    name: str
    base_price: float
    peak_month: int
    swing: float
    nouns: tuple[str, ...]


@dataclass(frozen=True)
class Colour:
    """A colour as a seller names it and as a picture shows it."""

    name: str
    rgb: Rgb


@dataclass(frozen=True)
class Product:
    """One catalogue entry of one tenant. `base_price` is EUR, new, before the brand's premium."""

    tenant_id: str
    product_id: str
    category: Category
    brand: Brand
    noun: str
    colour: Colour
    accent: Colour
    base_price: float
    pictures: int

    @property
    def style(self) -> int:
        """Position of the noun in its category: what the picture is drawn by."""
        return self.category.nouns.index(self.noun)


BRANDS = (
    Brand("Aldermoor", 1.35),
    Brand("Brisanne", 0.80),
    Brand("Calvento", 2.10),
    Brand("Dorrigan Fell", 1.15),
    Brand("Elmswick", 0.70),
    Brand("Fjordane", 1.25),
    Brand("Galanthe", 2.60),
    Brand("Hartvale", 0.95),
    Brand("Iselin Row", 1.60),
    Brand("Juniper Lark", 0.65),
    Brand("Kestrelle", 1.05),
    Brand("Lumbrae", 0.85),
    Brand("Maravelle", 3.20),
    Brand("Nordhavn Loom", 1.10),
    Brand("Oddmere", 0.60),
    Brand("Pellarine", 1.80),
    Brand("Quillondale", 1.00),
    Brand("Rosengarde", 1.45),
    Brand("Sablewick", 0.90),
    Brand("Tamsin Grey", 1.20),
    Brand("Umberline", 0.75),
    Brand("Velorne", 2.30),
    Brand("Wrenfielde", 0.88),
    Brand("Yarrowby", 0.72),
    Brand("Zephyrane", 1.50),
)

CATEGORIES = (
    Category("shoes", 95.0, 5, 0.06, ("trainers", "pumps", "loafers")),
    Category("boots", 150.0, 11, 0.14, ("ankle boots", "knee boots")),
    Category("dresses", 85.0, 6, 0.10, ("midi dress", "slip dress", "shirt dress")),
    Category("handbags", 260.0, 12, 0.05, ("tote", "shoulder bag", "bucket bag")),
    Category("watches", 420.0, 12, 0.04, ("round watch", "square watch")),
    Category("coats", 190.0, 11, 0.18, ("wool coat", "trench coat", "parka")),
    Category("knitwear", 75.0, 11, 0.13, ("jumper", "cardigan")),
    Category("trousers", 70.0, 9, 0.03, ("wide jeans", "slim trousers")),
    Category("sunglasses", 120.0, 7, 0.16, ("round sunglasses", "square sunglasses")),
    Category("hats", 40.0, 12, 0.08, ("fedora", "beanie", "bucket hat")),
)

COLOURS = (
    Colour("black", (43, 42, 48)),
    Colour("charcoal", (82, 86, 94)),
    Colour("navy", (38, 54, 99)),
    Colour("sky blue", (112, 164, 210)),
    Colour("teal", (34, 122, 124)),
    Colour("forest green", (44, 92, 66)),
    Colour("sage", (148, 170, 138)),
    Colour("mustard", (214, 164, 48)),
    Colour("camel", (186, 142, 96)),
    Colour("chocolate", (96, 62, 46)),
    Colour("burgundy", (118, 32, 52)),
    Colour("tomato red", (204, 64, 52)),
    Colour("coral", (238, 132, 112)),
    Colour("blush pink", (232, 178, 184)),
    Colour("lilac", (172, 150, 204)),
    Colour("crème", (234, 222, 196)),
)


def stock(tenant_id: str, count: int, seed: int) -> tuple[Product, ...]:
    """The `count` products of a tenant, categories in turn; the same tenant, count and seed give the same products."""
    chance = stream(seed, tenant_id, "catalogue")
    return tuple(_product(tenant_id, CATEGORIES[n % len(CATEGORIES)], n + 1, chance) for n in range(count))


def _product(tenant_id: str, category: Category, number: int, chance: Random) -> Product:
    colour, accent = chance.sample(COLOURS, 2)
    return Product(
        tenant_id=tenant_id,
        product_id=f"{category.name}-{number:04d}",
        category=category,
        brand=chance.choice(BRANDS),
        noun=chance.choice(category.nouns),
        colour=colour,
        accent=accent,
        base_price=round(category.base_price * math.exp(chance.gauss(0.0, PRICE_SPREAD)), 2),
        pictures=chance.randint(1, MAX_PICTURES),
    )
