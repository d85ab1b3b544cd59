"""bronze/raw_smartgo_sales: one day of SmartGo's sales, as sold and with the source's own control figures."""

from pricing_lake.contracts.bronze import RAW_SMARTGO_SALES
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.resources.smartgo import SmartGoResource
from pricing_lake.sources.window import Window, read_whole
from pricing_lake.table_asset import table_asset


@table_asset(RAW_SMARTGO_SALES, pool="smartgo", progress="smartgo")
def raw_smartgo_sales(window: PartitionWindow, smartgo: SmartGoResource) -> Candidate:
    """Sales of the UTC day, returns and cancellations included, and stray rows that no day would claim.

    Rows and the COUNT, SUM, MIN and MAX they are held against come from one read-only snapshot of the shop's database.
    A day without sales is refused, unless the shop's calendar says that it was closed.
    """
    rows, control = read_whole(smartgo.source(), Window(window.start, window.end))
    totals = {} if control.total is None else {"sold_price": control.total}
    return Candidate(
        rows,
        source_system="smartgo",
        expected_rows=control.rows,
        expected_totals=totals,
        expected_ranges=control.ranges,
        control=control.figures,
        source_columns=control.columns,
        unread=control.unread,
        empty_because=smartgo.closed_because(window.first_day),
    )
