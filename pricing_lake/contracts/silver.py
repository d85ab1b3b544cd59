"""Silver tables: one meaning per column across sources, ready to join. No business figures."""

from dataclasses import replace

from pricing_lake.contracts import columns as c
from pricing_lake.contracts.model import Column, Layer, Owner, Partition, Table
from pricing_lake.contracts.types import TEXT, TIMESTAMP

EMBEDDINGS = Table(
    layer=Layer.SILVER,
    name="embeddings",
    grain="One row per picture that a day's sales use, whichever day first computed its vector.",
    owner=Owner.PRICING,
    key=("day", "image_sha256", "model_id"),
    window="day",
    partition_by=(Partition("day", "month"),),
    allow_empty=True,
    max_bad_share=1.0,
    columns=(
        c.DAY,
        c.IMAGE_SHA256,
        Column("model_id", TEXT, "The embedder; vectors of two models are never compared.", required=True),
        replace(c.EMBEDDING, required=True),
    ),
)

SALES_HISTORY = Table(
    layer=Layer.SILVER,
    name="sales_history",
    grain="One row per item sold, all sources; returns and cancellations never enter.",
    owner=Owner.PRICING,
    key=("tenant_id", "source", "sale_id"),
    window="sold_date",
    partition_by=(Partition("tenant_id"), Partition("sold_date", "month")),
    correctable=True,
    columns=(
        c.PRODUCT_ID,
        c.TENANT_ID,
        c.CATEGORY,
        c.BRAND,
        c.CONDITION,
        c.SOLD_PRICE,
        Column("sold_date", TIMESTAMP, "When the item was sold, UTC without a zone.", required=True),
        Column(
            "season",
            TEXT,
            "Quarter of `sold_date`: Q1 to Q4.",
            required=True,
            rules=(c.one_of("season", c.SEASONS, "season_unknown"),),
        ),
        c.IMAGE_S3_KEY,
        c.EMBEDDING,
        c.DESCRIPTION,
        Column(
            "source",
            TEXT,
            "The source system the sale came from: smartgo or carousel.",
            required=True,
            rules=(c.one_of("source", c.SOURCES, "source_unknown"),),
        ),
        c.SALE_ID,
        c.CURRENCY,
    ),
)

SILVER = (EMBEDDINGS, SALES_HISTORY)
