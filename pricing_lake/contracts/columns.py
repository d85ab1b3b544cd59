"""Columns and rules that several tables share, declared once. A column of one table alone lives with its table."""

from collections.abc import Sequence

import polars as pl

from pricing_lake.contracts.model import Column, Pii, Rule, Severity, Table
from pricing_lake.contracts.types import DATE, INSTANT, MONEY, TEXT, VECTOR, VECTOR_DIMENSIONS

CONDITIONS = ("new", "like_new", "good", "fair", "poor")
SOURCES = ("smartgo", "carousel")
SEASONS = ("Q1", "Q2", "Q3", "Q4")
TENANT_ID_PATTERN = r"^[a-z][a-z0-9-]{1,62}\z"
MAX_DESCRIPTION_CHARACTERS = 10_000
MAX_ID_CHARACTERS = 200
# C0 controls but tab, line feed and carriage return; DEL and C1: they break terminals, CSV and XML readers alike.
CONTROL_CHARACTERS = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x{9f}]"


def matches(name: str, pattern: str, reason: str, doc: str, severity: Severity = Severity.CRITICAL) -> Rule:
    """The whole of column `name` matches `pattern`."""
    return Rule(reason, pl.col(name).str.contains(pattern), doc, severity)


def one_of(name: str, words: Sequence[str], reason: str) -> Rule:
    """Column `name` holds one of `words`."""
    return Rule(reason, pl.col(name).is_in(list(words)), f"`{name}` is one of {', '.join(words)}.")


def at_least(name: str, low: int, reason: str, severity: Severity = Severity.CRITICAL) -> Rule:
    """Column `name` is at least `low`."""
    return Rule(reason, pl.col(name) >= low, f"`{name}` is at least {low}.", severity)


def not_blank(name: str, severity: Severity = Severity.CRITICAL) -> Rule:
    """Column `name` holds more than white space."""
    doc = f"`{name}` holds more than white space."
    return Rule(f"{name}_blank", pl.col(name).str.strip_chars() != "", doc, severity)


def no_longer_than(name: str, characters: int, reason: str, severity: Severity = Severity.CRITICAL) -> Rule:
    """Column `name` has at most so many characters."""
    doc = f"`{name}` has at most {characters:,} characters."
    return Rule(reason, pl.col(name).str.len_chars() <= characters, doc, severity)


def like_an_id(name: str) -> tuple[Rule, ...]:
    """Column `name`, which may be null, looks like an id where it is told. It only warns: the row is of use without."""
    return (
        not_blank(name, Severity.WARN),
        no_longer_than(name, MAX_ID_CHARACTERS, f"{name}_too_long", Severity.WARN),
    )


def not_before(name: str, earlier: str, reason: str, doc: str) -> Rule:
    """The moment `name` does not lie before the moment `earlier`. It only warns: sources have clocks of their own."""
    return Rule(reason, pl.col(name) >= pl.col(earlier), doc, Severity.WARN)


def told_in_time(name: str, told: str) -> Rule:
    """The moment `name` is not told, at `told`, more than a day before it comes. It only warns."""
    doc = f"`{name}` is not told, at `{told}`, more than a day before it happens."
    return Rule(f"{name}_in_future", pl.col(name) <= pl.col(told).dt.offset_by("1d"), doc, Severity.WARN)


def no_control_characters(name: str, reason: str) -> Rule:
    """Column `name` holds no control characters but tab and line ends."""
    return Rule(reason, ~pl.col(name).str.contains(CONTROL_CHARACTERS), f"`{name}` holds no control characters.")


TENANT_ID = Column(
    "tenant_id",
    TEXT,
    "The shop that sold the item.",
    required=True,
    rules=(
        matches(
            "tenant_id",
            TENANT_ID_PATTERN,
            "tenant_id_malformed",
            "`tenant_id` is 2 to 63 characters, a-z first, then a-z, 0-9 or a dash: it becomes part of object keys.",
        ),
    ),
)
SALE_ID = Column(
    "sale_id",
    TEXT,
    "The sale's id in its source system.",
    required=True,
    rules=(not_blank("sale_id"), no_longer_than("sale_id", 200, "sale_id_too_long")),
)
PRODUCT_ID = Column(
    "product_id",
    TEXT,
    "The product's id in its source system.",
    required=True,
    rules=(not_blank("product_id"), no_longer_than("product_id", 200, "product_id_too_long")),
)
CATEGORY = Column(
    "category",
    TEXT,
    "What kind of thing was sold, in the shop's words.",
    required=True,
    rules=(not_blank("category"), no_longer_than("category", 200, "category_too_long")),
)
BRAND = Column(
    "brand",
    TEXT,
    "The maker; null when the shop does not say.",
    rules=(no_longer_than("brand", 200, "brand_too_long"),),
)
CONDITION = Column(
    "condition",
    TEXT,
    "State of the item when sold: new, like_new, good, fair or poor.",
    required=True,
    rules=(one_of("condition", CONDITIONS, "condition_unknown"),),
)
SOLD_PRICE = Column(
    "sold_price",
    MONEY,
    "Price paid for one item, in `currency`.",
    required=True,
    rules=(Rule("sold_price_not_positive", pl.col("sold_price") > 0, "`sold_price` is above zero."),),
)
CURRENCY = Column(
    "currency",
    TEXT,
    "ISO 4217 code of the price.",
    required=True,
    rules=(matches("currency", r"^[A-Z]{3}\z", "currency_malformed", "`currency` is three capital letters."),),
)
DESCRIPTION = Column(
    "description",
    TEXT,
    "The seller's own words; may hold personal details.",
    pii=Pii.FREE_TEXT,
    rules=(
        no_longer_than("description", MAX_DESCRIPTION_CHARACTERS, "description_too_long"),
        no_control_characters("description", "description_control_characters"),
    ),
)
CUSTOMER_ID = Column(
    "customer_id",
    TEXT,
    "The buyer's id in the source system.",
    pii=Pii.PSEUDONYM,
    rules=like_an_id("customer_id"),
)
IMAGE_URL = Column(
    "image_url",
    TEXT,
    "Where the shop keeps the picture; null when there is none.",
    rules=(
        no_longer_than("image_url", 2_000, "image_url_too_long"),
        matches(
            "image_url",
            r"(?i)^(?:https?|file)://[^\s]+\z",
            "image_url_malformed",
            "`image_url` is an https, http or file URL without white space; of any other no picture is fetched.",
            Severity.WARN,
        ),
    ),
)
IMAGE_SHA256 = Column(
    "image_sha256",
    TEXT,
    "SHA-256 of the picture's bytes, 64 hexadecimal digits: the picture's identity everywhere in the lake.",
    required=True,
    rules=(matches("image_sha256", r"^[0-9a-f]{64}\z", "image_sha256_malformed", "64 hexadecimal digits."),),
)
IMAGE_S3_KEY = Column("image_s3_key", TEXT, "Key of the stored picture; null when the sale has no usable picture.")
EMBEDDING = Column(
    "embedding",
    VECTOR,
    f"Picture embedding, {VECTOR_DIMENSIONS} numbers of unit length; null without a usable picture.",
    rules=(
        Rule(
            "embedding_wrong_length",
            pl.col("embedding").list.len() == VECTOR_DIMENSIONS,
            f"`embedding` has {VECTOR_DIMENSIONS} numbers.",
        ),
        Rule(
            "embedding_not_finite",
            pl.col("embedding").list.sum().is_finite(),
            "No number of `embedding` is NaN or infinite.",
        ),
    ),
)
DAY = Column("day", DATE, "The UTC day this row belongs to: the partition.", required=True)
MONTH = Column("month", DATE, "First day of the month this row belongs to: the partition.", required=True)

INGEST_TS = Column("_ingest_ts", INSTANT, "When this row was published.", required=True)
BATCH_ID = Column("_batch_id", TEXT, "UUID of the publish that wrote this row.", required=True)
SOURCE_SYSTEM = Column(
    "_source_system", TEXT, "Where the row came from: a source, or `lake` when derived.", required=True
)
RUN_DATE = Column("_run_date", DATE, "First day of the partition the run was for.", required=True)
RECORD_HASH = Column("record_hash", TEXT, "Hash of the row's own columns: tells a corrected row from an equal one.")

METADATA = (INGEST_TS, BATCH_ID, SOURCE_SYSTEM, RUN_DATE)


def stored_columns(table: Table) -> tuple[Column, ...]:
    """Every column as stored: the table's own, then the run metadata, then the record hash where rows are corrected."""
    return (*table.columns, *METADATA, *((RECORD_HASH,) if table.correctable else ()))
