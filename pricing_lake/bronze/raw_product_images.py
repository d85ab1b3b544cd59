"""bronze/raw_product_images: the pictures that a day's sales point to, fetched, checked and kept by content."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pyarrow as pa

from pricing_lake.contracts.bronze import RAW_PRODUCT_IMAGES, RAW_SMARTGO_SALES
from pricing_lake.contracts.bronze_carousel import RAW_CAROUSEL_SALES
from pricing_lake.contracts.cast import REASON_COLUMN
from pricing_lake.errors import ImageError
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.resources.pictures import PictureResource
from pricing_lake.table_asset import table_asset

if TYPE_CHECKING:
    from pricing_lake.images.intake import KeptImage

_POINTER = ["tenant_id", "product_id", "image_url"]
_FOUND = ("image_sha256", "image_s3_key", "media_type", "byte_size", "width", "height")


@table_asset(RAW_PRODUCT_IMAGES, reads=(RAW_SMARTGO_SALES, RAW_CAROUSEL_SALES), pool="images")
def raw_product_images(
    raw_smartgo_sales: pa.Table, raw_carousel_sales: pa.Table, window: PartitionWindow, pictures: PictureResource
) -> Candidate:
    """Fetch, check and keep each distinct picture by its content.

    A picture that cannot be used is set aside with its reason; it costs itself and never the day, and its sales keep
    their rows without one.
    """
    sales = pa.concat_tables([raw_smartgo_sales.select(_POINTER), raw_carousel_sales.select(_POINTER)])
    pointers = sales.filter(sales.column("image_url").is_valid()).group_by(_POINTER).aggregate([])
    outcomes = pictures.take_in(pointers.column("image_url").to_pylist())
    described = {url: _described(outcome) for url, outcome in outcomes.items()}
    found = [described[url] for url in pointers.column("image_url").to_pylist()]
    rows = pointers.append_column("day", pa.array([window.first_day] * len(found), pa.date32()))
    for name in _FOUND:
        kind = RAW_PRODUCT_IMAGES.column(name).type.arrow
        rows = rows.append_column(name, pa.array([row.get(name) for row in found], kind))
    reasons = pa.array([row.get(REASON_COLUMN) for row in found], pa.string())
    return Candidate(rows.append_column(REASON_COLUMN, reasons))


def _described(outcome: "KeptImage | ImageError") -> Mapping[str, object]:
    """The contract's columns of a kept picture, or the reason why there is none."""
    if isinstance(outcome, ImageError):
        return {REASON_COLUMN: str(outcome.reason)}
    facts = outcome.facts
    return dict(
        zip(
            _FOUND,
            (facts.sha256, outcome.key, facts.media_type, facts.byte_size, facts.width, facts.height),
            strict=True,
        )
    )
