"""silver/fx_rates: the reference rates of a day, as every later table reads them."""

import pyarrow as pa

from pricing_lake.contracts.bronze_fx import RAW_FX_RATES
from pricing_lake.contracts.silver_fx import FX_RATES
from pricing_lake.lake.gate import Candidate
from pricing_lake.table_asset import table_asset


@table_asset(FX_RATES, reads=(RAW_FX_RATES,))
def fx_rates(raw_fx_rates: pa.Table) -> Candidate:
    """Rates as published, every one of them; a day without a fixing is empty, and nothing is carried into it."""
    return Candidate(raw_fx_rates, expected_rows=raw_fx_rates.num_rows)
