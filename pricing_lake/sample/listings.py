"""From a product to what sales point to: its picture files under the picture root and their addresses."""

from pathlib import Path

from pricing_lake.sample.catalogue import Product
from pricing_lake.sample.dirt import ADDRESS_DIRT, FILE_DIRT
from pricing_lake.sample.pictures import draw_pictures, picture_path
from pricing_lake.sample.sales import Listing


def put_on_sale(root: Path, product: Product, reason: str | None) -> tuple[Listing, int]:
    """Write the product's pictures below `root` (absolute); its listing, and how many files were written.

    With a `reason` of picture dirt the product has one picture only, and that one is spoiled.
    """
    first = picture_path(root, product, 1)
    if reason is None:
        files = {picture_path(root, product, n): jpeg for n, jpeg in enumerate(draw_pictures(product), start=1)}
    elif reason in FILE_DIRT:
        files = {first: FILE_DIRT[reason](next(draw_pictures(product)))}
    else:
        return Listing(product, (ADDRESS_DIRT[reason](first),)), 0
    for path, content in files.items():
        _write(path, content)
    return Listing(product, tuple(path.as_uri() for path in files)), len(files)


def _write(path: Path, content: bytes) -> None:
    """Write in one step: a database that is already there never points to half a picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_bytes(content)
    part.replace(path)
