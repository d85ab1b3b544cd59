"""The silver table of exchange rates, one meaning for every provider. Rates against the dollar are gold's."""

from dataclasses import replace

from pricing_lake.contracts.bronze_fx import RAW_FX_RATES
from pricing_lake.contracts.model import Layer, Owner

FX_RATES = replace(
    RAW_FX_RATES,
    layer=Layer.SILVER,
    name="fx_rates",
    grain="One row per day and currency with a reference rate; days without a fixing have none.",
    owner=Owner.PRICING,
)
