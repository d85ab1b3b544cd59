"""bronze/raw_product_images: the pictures that a day's sales point to, fetched, checked and kept by content."""

from collections.abc import Mapping
from dataclasses import asdict

import pyarrow as pa

from pricing_lake.contracts.bronze import RAW_PRODUCT_IMAGES, RAW_SMARTGO_SALES
from pricing_lake.contracts.cast import REASON_COLUMN
from pricing_lake.errors import ImageError
from pricing_lake.images.fetch import fetch_images
from pricing_lake.images.inspect import inspect_image, verify_decodes
from pricing_lake.images.store import ImageStore, key_for
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.resources.pictures import PictureResource
from pricing_lake.table_asset import table_asset

_FACTS = {
    "image_sha256": pa.string(),
    "image_s3_key": pa.string(),
    "media_type": pa.string(),
    "byte_size": pa.int64(),
    "width": pa.int32(),
    "height": pa.int32(),
    REASON_COLUMN: pa.string(),
}


@table_asset(RAW_PRODUCT_IMAGES, reads=(RAW_SMARTGO_SALES,), pool="images")
def raw_product_images(raw_smartgo_sales: pa.Table, window: PartitionWindow, pictures: PictureResource) -> Candidate:
    """One row per picture that a product's sales of the day point to; a picture that cannot be used is set aside.

    A bad picture costs that picture and never the day: its sales keep their rows without one.
    """
    pointers = raw_smartgo_sales.filter(raw_smartgo_sales.column("image_url").is_valid())
    pointers = pointers.group_by(["tenant_id", "product_id", "image_url"]).aggregate([])
    store = pictures.store()
    urls = pointers.column("image_url").unique().to_pylist()
    found = {url: _kept(store, outcome) for url, outcome in fetch_images(urls, pictures.policy())}
    facts = [found[url] for url in pointers.column("image_url").to_pylist()]
    rows = pointers.append_column("day", pa.array([window.first_day] * pointers.num_rows, pa.date32()))
    for name, kind in _FACTS.items():
        rows = rows.append_column(name, pa.array([fact.get(name) for fact in facts], kind))
    return Candidate(rows, source_system="smartgo")


def _kept(store: ImageStore, outcome: bytes | ImageError) -> Mapping[str, object]:
    """Facts of a picture that is now in the store, or the reason why it cannot be."""
    if isinstance(outcome, ImageError):
        return {REASON_COLUMN: str(outcome.reason)}
    try:
        facts = inspect_image(outcome)
        key = key_for(facts.sha256, facts.media_type)
        if not store.contains(key):
            verify_decodes(outcome)
            store.put(outcome, facts)
    except ImageError as error:
        return {REASON_COLUMN: str(error.reason)}
    described = asdict(facts)
    return {"image_sha256": described.pop("sha256"), "image_s3_key": key, **described}
