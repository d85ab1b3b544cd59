"""bronze/raw_carousel_sales: one day of Carousel's sales, by queries on its table or out of the table's exports."""

from pricing_lake.contracts.bronze_carousel import RAW_CAROUSEL_SALES
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.resources.carousel import CarouselResource
from pricing_lake.sources.window import Window, read_whole
from pricing_lake.table_asset import table_asset


@table_asset(RAW_CAROUSEL_SALES, pool="carousel", progress="carousel")
def raw_carousel_sales(window: PartitionWindow, carousel: CarouselResource) -> Candidate:
    """Sales of the UTC day as they are now, returns and cancellations included, against the source's own count.

    A late edit shows when its day runs again; a sale that was deleted is gone then.
    """
    source = carousel.source()
    rows, control = read_whole(source, Window(window.start, window.end))
    return Candidate(rows, source_system=source.name, expected_rows=control.rows, control=control.figures)
