"""silver/sales_history: every item sold, with the picture of what was sold. The table the lake exists for."""

import polars as pl
import pyarrow as pa

from pricing_lake.contracts.bronze import RAW_PRODUCT_IMAGES, RAW_SMARTGO_SALES
from pricing_lake.contracts.bronze_carousel import RAW_CAROUSEL_SALES
from pricing_lake.contracts.silver import EMBEDDINGS, SALES_HISTORY
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.table_asset import table_asset

_PICTURE = ["tenant_id", "product_id", "image_url"]


@table_asset(SALES_HISTORY, reads=(RAW_SMARTGO_SALES, RAW_CAROUSEL_SALES, RAW_PRODUCT_IMAGES, EMBEDDINGS))
def sales_history(
    raw_smartgo_sales: pa.Table,
    raw_carousel_sales: pa.Table,
    raw_product_images: pa.Table,
    embeddings: pa.Table,
    window: PartitionWindow,
) -> Candidate:
    """Sales of both shops that stand, with their pictures' vectors.

    Returns (quantity below 1) and cancellations (deleted before the day's end) are excluded and counted. A sale
    without a usable picture keeps its row with a null embedding.
    """
    sales = pl.concat([_sales_of("smartgo", raw_smartgo_sales), _sales_of("carousel", raw_carousel_sales)])
    returned = pl.col("quantity").fill_null(1) < 1
    cancelled = (pl.col("deleted_at") < window.end).fill_null(value=False)
    standing = sales.filter(~returned & ~cancelled)
    excluded = {
        "returned": sales.filter(returned).height,
        "cancelled": sales.filter(~returned & cancelled).height,
    }
    pictured = standing.join(
        pl.DataFrame(pl.from_arrow(raw_product_images)).select(*_PICTURE, "image_s3_key", "image_sha256"),
        on=_PICTURE,
        how="left",
        maintain_order="left",
    )
    rows = pictured.select(
        "product_id",
        "tenant_id",
        "category",
        "brand",
        "condition",
        "sold_price",
        sold_date=pl.col("sold_at").dt.replace_time_zone(None),
        season=pl.format("Q{}", pl.col("sold_at").dt.quarter()),
        image_s3_key="image_s3_key",
        description="description",
        source="source",
        sale_id="sale_id",
        currency="currency",
    )
    table = rows.to_arrow().append_column("embedding", _embedding_of(pictured["image_sha256"], embeddings))
    return Candidate(
        table.select(list(SALES_HISTORY.names)),
        excluded={k: n for k, n in excluded.items() if n},
        empty_because="" if sales.height else "no shop sold anything; bronze has judged why",
    )


def _sales_of(source: str, sales: pa.Table) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(sales)).with_columns(source=pl.lit(source))


def _embedding_of(pictures: pl.Series, embeddings: pa.Table) -> pa.ChunkedArray:
    """The vector of each picture in order; null where there is none. Polars never copies the vectors."""
    known = pl.DataFrame({"image_sha256": pl.Series(pl.from_arrow(embeddings.column("image_sha256")))}).with_row_index()
    positions = pictures.to_frame().join(known, on="image_sha256", how="left", maintain_order="left")["index"]
    return embeddings.column("embedding").take(positions.to_arrow())
