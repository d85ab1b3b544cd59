"""bronze/raw_fx_rates: one day of reference rates, as published; a weekend or holiday is an empty day."""

from pricing_lake.contracts.bronze_fx import RAW_FX_RATES
from pricing_lake.lake.gate import Candidate
from pricing_lake.lake.window import PartitionWindow
from pricing_lake.resources.fx import FxResource
from pricing_lake.sources.window import Window, read_whole
from pricing_lake.table_asset import table_asset


@table_asset(RAW_FX_RATES, pool="fx")
def raw_fx_rates(window: PartitionWindow, fx: FxResource) -> Candidate:
    """Rates of the European Central Bank for one euro; nothing is carried forward over days without a fixing.

    A business day whose rates are not published yet fails the run and is tried again, instead of becoming empty.
    """
    source = fx.source()
    rows, control = read_whole(source, Window(window.start, window.end))
    return Candidate(rows, source_system=source.name, expected_rows=control.rows)
