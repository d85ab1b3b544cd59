"""bronze/raw_redshift_behavior: one day of what visitors did, unloaded from Redshift or read over the wire."""

from pricing_lake.contracts.bronze_customers import RAW_REDSHIFT_BEHAVIOR
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.resources.redshift import RedshiftResource
from pricing_lake.sources.window import Window, read_whole
from pricing_lake.table_asset import table_asset


@table_asset(RAW_REDSHIFT_BEHAVIOR, pool="redshift")
def raw_redshift_behavior(window: PartitionWindow, redshift: RedshiftResource) -> Candidate:
    """Events of the UTC day as the warehouse has them now, against its own count.

    An event that comes in late shows when its day runs again.
    """
    source = redshift.source()
    rows, control = read_whole(source, Window(window.start, window.end))
    return Candidate(rows, source_system=source.name, expected_rows=control.rows)
