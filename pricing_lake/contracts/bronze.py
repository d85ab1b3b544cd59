"""Bronze tables: what the sources said, typed, with the rows that cannot be used set aside. No joins, no choices."""

import polars as pl

from pricing_lake.contracts import columns as c
from pricing_lake.contracts.model import Column, Layer, Mode, Owner, Partition, Retention, Rule, Table
from pricing_lake.contracts.types import INSTANT, INTEGER, LONG, TEXT, LogicalType

MEDIA_TYPES = ("image/jpeg", "image/png", "image/webp")


def _size(name: str, kind: LogicalType, doc: str) -> Column:
    return Column(name, kind, doc, required=True, rules=(c.at_least(name, 1, f"{name}_not_positive"),))


RAW_SMARTGO_SALES = Table(
    layer=Layer.BRONZE,
    name="raw_smartgo_sales",
    grain="One row per sale line of SmartGo, returns and cancellations included.",
    owner=Owner.INGESTION,
    key=("tenant_id", "sale_id"),
    window="sold_at",
    partition_by=(Partition("tenant_id"), Partition("sold_at", "month")),
    newest_first=("updated_at",),
    correctable=True,
    # Shops type their own listings: a fifth of a day may be unusable before the day itself is suspect.
    max_bad_share=0.20,
    mode=Mode.QUARANTINE,
    retention=Retention(days=1_100),
    columns=(
        c.SALE_ID,
        c.TENANT_ID,
        c.PRODUCT_ID,
        c.CATEGORY,
        c.BRAND,
        c.CONDITION,
        c.SOLD_PRICE,
        c.CURRENCY,
        Column(
            "sold_at",
            INSTANT,
            "When the item was sold, UTC.",
            required=True,
            rules=(
                Rule(
                    "sold_at_in_future",
                    pl.col("sold_at") <= pl.col("updated_at").dt.offset_by("1d"),
                    "A sale is not recorded more than a day before it happens.",
                ),
            ),
        ),
        c.IMAGE_URL,
        c.DESCRIPTION,
        c.CUSTOMER_ID,
        Column("quantity", INTEGER, "Items sold; below 1 it is a return. Null means one."),
        Column("updated_at", INSTANT, "When SmartGo last changed the row, UTC."),
        Column("deleted_at", INSTANT, "When SmartGo cancelled the sale, UTC; null while it stands."),
    ),
)

RAW_PRODUCT_IMAGES = Table(
    layer=Layer.BRONZE,
    name="raw_product_images",
    grain="One row per picture that a product's sales of the day point to.",
    owner=Owner.INGESTION,
    key=("tenant_id", "product_id", "image_url"),
    window="day",
    partition_by=(Partition("tenant_id"), Partition("day", "month")),
    allow_empty=True,
    # A shop whose image host is down must not stop its prices: sales keep their rows without a picture.
    max_bad_share=1.0,
    columns=(
        c.DAY,
        c.TENANT_ID,
        c.PRODUCT_ID,
        Column("image_url", TEXT, "Where the shop keeps the picture.", required=True, rules=c.IMAGE_URL.rules),
        c.IMAGE_SHA256,
        Column(
            "image_s3_key",
            TEXT,
            "Key of the stored picture, derived from its bytes.",
            required=True,
            rules=(
                Rule(
                    "image_s3_key_of_other_bytes",
                    pl.col("image_s3_key").str.contains(pl.col("image_sha256"), literal=True),
                    "`image_s3_key` names the picture's own digest.",
                ),
            ),
        ),
        Column(
            "media_type",
            TEXT,
            "Format found in the bytes, never the name's or the server's word.",
            required=True,
            rules=(c.one_of("media_type", MEDIA_TYPES, "media_type_unknown"),),
        ),
        _size("byte_size", LONG, "Size of the picture in bytes."),
        _size("width", INTEGER, "Width in pixels."),
        _size("height", INTEGER, "Height in pixels."),
    ),
)
