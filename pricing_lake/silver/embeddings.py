"""silver/embeddings: the vectors of the pictures that a day's sales use, each computed once ever."""

from functools import partial

import numpy as np
import pyarrow as pa

from pricing_lake.contracts.bronze import RAW_PRODUCT_IMAGES
from pricing_lake.contracts.cast import REASON_COLUMN
from pricing_lake.contracts.silver import EMBEDDINGS
from pricing_lake.errors import ImageError
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.resources.embedder import EmbedderResource
from pricing_lake.resources.pictures import PictureResource
from pricing_lake.table_asset import table_asset


@table_asset(EMBEDDINGS, reads=(RAW_PRODUCT_IMAGES,), pool="embedder")
def embeddings(
    raw_product_images: pa.Table, window: PartitionWindow, pictures: PictureResource, embedder: EmbedderResource
) -> Candidate:
    """Take each vector from a content-addressed store; it is computed only when no run ever did.

    So the content of a day never depends on which day ran first.
    """
    distinct = raw_product_images.group_by("image_sha256").aggregate([("image_s3_key", "min")])
    keys = dict(zip(*(distinct.column(name).to_pylist() for name in ("image_sha256", "image_s3_key_min")), strict=True))
    store, model = pictures.store(), embedder.embedder()
    wanted = {sha256: partial(store.read, key) for sha256, key in sorted(keys.items())}
    outcomes = embedder.embed_once(wanted)
    reasons = [str(found.reason) if isinstance(found, ImageError) else None for found in outcomes.values()]
    count = len(outcomes)
    rows = {
        "day": pa.array([window.first_day] * count, pa.date32()),
        "image_sha256": pa.array(list(outcomes), pa.string()),
        "model_id": pa.array([model.model_id] * count, pa.string()),
        "embedding": _vectors(list(outcomes.values()), model.dimensions),
        REASON_COLUMN: pa.array(reasons, pa.string()),
    }
    return Candidate(pa.table(rows), source_system=model.model_id, costs=embedder.figures())


def _vectors(found: list[np.ndarray | ImageError], dimensions: int) -> pa.Array:
    """Vectors as a list column of doubles; a failed picture is null."""
    good = [vector for vector in found if not isinstance(vector, ImageError)]
    lengths = [0 if isinstance(vector, ImageError) else dimensions for vector in found]
    flat = np.concatenate(good).astype(np.float64) if good else np.empty(0)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    null = pa.array([length == 0 for length in lengths])
    return pa.ListArray.from_arrays(
        pa.array(offsets), pa.array(flat), type=EMBEDDINGS.column("embedding").type.arrow, mask=null if good else None
    )
