"""Carousel beside a test's SmartGo: its sales lie in an export on disk, so that no server is needed."""

from pricing_lake.resources.carousel import CarouselResource
from pricing_lake_tests.shop import Shop
from pricing_lake_tests.sources.carousel_shop import ExportFolder, Typed


def carousel_selling(shop: Shop, *items: Typed) -> CarouselResource:
    """The resource of a Carousel that holds these items."""
    folder = ExportFolder(shop.home / "bucket")
    folder.full(f"{shop.last_day.isoformat()}T23:59:59Z", items)
    return CarouselResource(export_uri=f"file://{folder.root}")
